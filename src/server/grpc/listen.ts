// The gRPC listener for clients: TLS, limits, the public services, health, and reflection if asked.
import {
  Server,
  ServerCredentials,
  type ServerOptions,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { publicPackage, publicService, type PublicService } from "../../base/public-services.ts";
import {
  defaultConnectionLimits,
  type ConnectionLimits,
  type ServerIdentity,
} from "../tls-connections.ts";
import { guardedCalls } from "./guarded-calls.ts";
import { HealthService, healthService, type Health } from "./health.ts";
import { strict } from "./strict-decoding.ts";
import { listenTls, type TlsListener } from "./tls-listener.ts";
import type { UnaryParts } from "./unary.ts";
import { serializedOnce } from "./watch-handlers.ts";

export interface GrpcListenOptions {
  /** `host:port`; port 0 takes any that is free. */
  readonly address: string;
  readonly tls: ServerIdentity;
  readonly secrets: UntypedServiceImplementation;
  readonly cluster: UntypedServiceImplementation;
  readonly backup: UntypedServiceImplementation;
  readonly watch: UntypedServiceImplementation;
  /** Tells strangers what the services look like: for development. */
  readonly reflection: "on" | "off";
  /** Whom every call is checked against before its body is decoded. */
  readonly calls: UnaryParts;
  readonly connections?: Partial<ConnectionLimits>;
}

export interface GrpcListener extends AsyncDisposable {
  readonly port: number;
  /** What the health service answers of every service. It begins as `NOT_SERVING`. */
  setHealth(health: Health): void;
  /** Lets calls under way end for `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

const limits: ServerOptions = {
  // The largest request has a value of 64 KiB.
  "grpc.max_receive_message_length": 1024 * 1024,
  // What a client takes that was told nothing else: a page of a hundred secrets ends below it.
  "grpc.max_send_message_length": 4 * 1024 * 1024,
  "grpc.max_concurrent_streams": 128,
  // In megabytes.
  "grpc-node.max_session_memory": 10,
  "grpc.keepalive_time_ms": 60_000,
  "grpc.keepalive_timeout_ms": 20_000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.max_connection_age_ms": 30 * 60_000,
  "grpc.max_connection_age_grace_ms": 30_000,
};

/** Serves until closed. Rejects when the address cannot be had. */
export async function listenGrpc(options: GrpcListenOptions): Promise<GrpcListener> {
  const server = new Server({ ...limits, interceptors: [guardedCalls(options.calls)] });
  const { secrets, cluster, backup, watch } = options;
  const services = { SecretsManager: secrets, Cluster: cluster, Backup: backup, Watch: watch };
  for (const [name, implementation] of Object.entries(services)) {
    const definition = strict(publicService(name as PublicService));
    server.addService(name === "Watch" ? serializedOnce(definition) : definition, implementation);
  }
  const health = new HealthService(Object.keys(services).map((name) => `holdfast.v1.${name}`));
  server.addService(healthService, health.handlers());
  if (options.reflection === "on") new ReflectionService(publicPackage()).addToServer(server);

  const { address, tls } = options;
  const connections = { ...defaultConnectionLimits, ...options.connections };
  // To the server they are plain: TLS is the listener's.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = await listenTls({ address, tls, limits: connections }, injector);
  return {
    port: listener.port,
    setHealth: (serving) => {
      health.set(serving);
    },
    close: (graceMs) => {
      // Whoever chooses between nodes by it had better choose another.
      health.set("NOT_SERVING");
      return close(server, listener, graceMs);
    },
    [Symbol.asyncDispose]: () => close(server, listener, 0),
  };
}

async function close(server: Server, listener: TlsListener, graceMs: number): Promise<void> {
  const cut = setTimeout(() => {
    server.forceShutdown();
    listener.cut();
  }, graceMs);
  try {
    await Promise.all([listener.close(), shutdown(server)]);
  } finally {
    clearTimeout(cut);
  }
}

/** Resolves when the calls under way have ended. */
function shutdown(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.tryShutdown((error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}
