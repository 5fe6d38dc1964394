// What the listeners for callers have in common: how TLS is spoken, and how many may speak it.
import type { Server, Socket } from "node:net";
import type { TlsOptions } from "node:tls";
import { callerNetwork } from "./caller-network.ts";

/** The certificate chain and its key, in PEM. */
export interface ServerIdentity {
  readonly cert: string;
  readonly key: string;
}

export interface ConnectionLimits {
  readonly connections: number;
  /** Of one IPv4 address, or of one network of IPv6. */
  readonly connectionsPerAddress: number;
  /** Of those, how many may not have finished their handshake. */
  readonly handshakes: number;
  readonly handshakeMs: number;
}

export const defaultConnectionLimits: ConnectionLimits = {
  connections: 4_000,
  connectionsPerAddress: 200,
  handshakes: 500,
  handshakeMs: 5_000,
};

/** TLS 1.2 with forward secrecy, or 1.3. */
export function tlsOptions(
  { cert, key }: ServerIdentity,
  protocol: "http/1.1" | "h2",
  { handshakeMs }: ConnectionLimits,
): TlsOptions {
  return {
    key,
    cert,
    minVersion: "TLSv1.2",
    // Naming the suites of 1.2 alone would switch 1.3 off.
    ciphers:
      "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:" +
      "ECDHE+AESGCM:ECDHE+CHACHA20",
    ecdhCurve: "X25519:P-256",
    ALPNProtocols: [protocol],
    handshakeTimeout: handshakeMs,
  };
}

/**
 * Connections over a limit are closed at once; of those that shake hands, the one that has for the
 * longest: who means it has long finished. To be called before the server listens.
 */
export function limitConnections(server: Server, limits: ConnectionLimits): void {
  server.maxConnections = limits.connections;
  limitHandshakes(server, limits.handshakes);
  const open = new Map<string, number>();
  // Runs before the other. One address cannot take all the connections there are.
  server.prependListener("connection", (socket: Socket) => {
    const network = callerNetwork(socket.remoteAddress);
    const count = (open.get(network) ?? 0) + 1;
    open.set(network, count);
    socket.once("close", () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left === 0) open.delete(network);
      else open.set(network, left);
    });
    if (count > limits.connectionsPerAddress) socket.destroy();
  });
}

function limitHandshakes(server: Server, most: number): void {
  /** In the order they came, by the end of the connection that is not ours. */
  const underWay = new Map<string, Socket>();
  server.prependListener("connection", (socket: Socket) => {
    if (socket.destroyed) return;
    const end = farEnd(socket);
    underWay.set(end, socket);
    socket.once("close", () => {
      if (underWay.get(end) === socket) underWay.delete(end);
    });
    if (underWay.size <= most) return;
    const [oldest] = underWay.values();
    oldest?.destroy();
  });
  // Another socket over the same connection: it has the same ends.
  server.prependListener("secureConnection", (socket: Socket) => {
    underWay.delete(farEnd(socket));
  });
}

function farEnd({ remoteAddress = "", remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
