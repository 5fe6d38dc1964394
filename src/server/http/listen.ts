// The HTTPS server: its port, its TLS, its limits and its routes. What a route does is in its own
// file; what no route takes is answered 404.
import { createServer, type Server, type ServerOptions } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  defaultConnectionLimits,
  limitConnections,
  tlsOptions,
  type ConnectionLimits,
  type ServerIdentity,
} from "../tls-connections.ts";
import { isSpoken } from "./unrouted.ts";

/** A promise that rejects stops the process: a route answers its own failures. */
export type RouteHandler = (
  request: IncomingMessage,
  response: ServerResponse,
) => void | Promise<void>;

export interface HttpsSettings extends ServerIdentity {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** By method and path, such as `GET /healthz`: exactly, without a query. */
  readonly routes: ReadonlyMap<string, RouteHandler>;
  /** For what no route takes, and what waits for a go-ahead. */
  readonly otherwise: RouteHandler;
  readonly limits?: Partial<HttpsLimits>;
}

export interface HttpsLimits extends ConnectionLimits {
  readonly headerBytes: number;
  /** Until the last byte of the headers, and until the last byte of the request. */
  readonly headersMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
  readonly requestsPerConnection: number;
  /** How often the two above are looked at. */
  readonly timeoutCheckMs: number;
}

const defaultLimits: HttpsLimits = {
  ...defaultConnectionLimits,
  headerBytes: 16 * 1024,
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 60_000,
  requestsPerConnection: 1_000,
  timeoutCheckMs: 1_000,
};

export interface HttpsListener {
  readonly port: number;
  /** Stops taking requests, and resolves once those under way are answered or `graceMs` is over. */
  close(graceMs?: number): Promise<void>;
}

/** Resolves when the server listens; rejects when it cannot. */
export async function listenHttps(settings: HttpsSettings): Promise<HttpsListener> {
  const limits = { ...defaultLimits, ...settings.limits };
  const server = createServer(serverOptions(settings, limits));
  server.maxRequestsPerSocket = limits.requestsPerConnection;
  limitConnections(server, limits);

  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    void runRoute(settings, request, response);
  });
  const refuseExpectation = (request: IncomingMessage, response: ServerResponse): void => {
    void settings.otherwise(request, response);
  };
  // Nobody is given a go-ahead here: a request that waits for one is refused before its body.
  server.on("checkContinue", refuseExpectation);
  server.on("checkExpectation", refuseExpectation);

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: settings.host, port: settings.port }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return { port, close: (graceMs = 5_000) => (closed ??= closeServer(server, graceMs)) };
}

function serverOptions(identity: ServerIdentity, limits: HttpsLimits): ServerOptions {
  return {
    ...tlsOptions(identity, "http/1.1", limits),
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.timeoutCheckMs,
    insecureHTTPParser: false,
    noDelay: true,
  };
}

async function runRoute(
  { routes, otherwise }: Pick<HttpsSettings, "routes" | "otherwise">,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // The path as it came, neither decoded nor normalised, and with any query: it has one spelling.
  const route = routes.get(`${request.method ?? ""} ${request.url ?? ""}`);
  await (isSpoken(request) ? (route ?? otherwise) : otherwise)(request, response);
}

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      server.closeAllConnections();
    }, graceMs);
    server.close((error) => {
      clearTimeout(timer);
      if (error === undefined) resolve();
      else reject(error);
    });
    server.closeIdleConnections();
  });
}
