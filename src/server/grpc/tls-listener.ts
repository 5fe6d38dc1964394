// The port of the gRPC server. grpc-js would listen by itself, but with no limit on connections and
// two minutes for a handshake: it is given connections that have been counted and speak TLS.
import type { ConnectionInjector } from "@grpc/grpc-js";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import {
  limitConnections,
  tlsOptions,
  type ConnectionLimits,
  type ServerIdentity,
} from "../tls-connections.ts";

export interface TlsListener {
  readonly port: number;
  /** Takes no connection any more, and resolves once all there were have ended. */
  close(): Promise<void>;
  /** Ends those that have not, in the middle of a word. */
  cut(): void;
}

export interface TlsListenOptions {
  /** `host:port`; port 0 takes any that is free. */
  readonly address: string;
  readonly tls: ServerIdentity;
  readonly limits: ConnectionLimits;
}

/** Resolves when the port is open; rejects when it cannot be had. */
export async function listenTls(
  { address, tls, limits }: TlsListenOptions,
  injector: Pick<ConnectionInjector, "injectConnection">,
): Promise<TlsListener> {
  const server = createServer({ ...tlsOptions(tls, "h2", limits), noDelay: true });
  limitConnections(server, limits);
  const sockets = new Set<Socket>();
  let closed: Promise<void> | undefined;
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("secureConnection", (socket: TLSSocket) => {
    // A connection that breaks is its caller's to make again.
    socket.on("error", () => undefined);
    if (closed === undefined) injector.injectConnection(socket);
    else socket.destroy();
  });
  server.on("tlsClientError", (_error, socket) => {
    socket.destroy();
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(hostAndPort(address), () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => (closed ??= closeServer(server)),
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}

/** An IPv6 host is written in brackets. */
function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(address.slice(colon + 1)) };
}
