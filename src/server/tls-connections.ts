// What the listeners for callers have in common: how TLS is spoken, and how many may speak it.
import type { Server, Socket } from "node:net";
import type { TlsOptions } from "node:tls";

/** The certificate chain and its key, in PEM. */
export interface ServerIdentity {
  readonly cert: string;
  readonly key: string;
}

export interface ConnectionLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  readonly handshakeMs: number;
}

export const defaultConnectionLimits: ConnectionLimits = {
  connections: 4_000,
  connectionsPerAddress: 200,
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

/** Connections over a limit are closed at once. To be called before the server listens. */
export function limitConnections(
  server: Server,
  { connections, connectionsPerAddress }: ConnectionLimits,
): void {
  server.maxConnections = connections;
  const open = new Map<string, number>();
  // One address cannot take all the connections there are.
  server.prependListener("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    socket.once("close", () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
    if (count > connectionsPerAddress) socket.destroy();
  });
}
