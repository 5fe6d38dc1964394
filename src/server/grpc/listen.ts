// The gRPC listener for clients: TLS, limits, the public services, health, and reflection if asked.
import {
  Server,
  ServerCredentials,
  type ServerOptions,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation } from "grpc-health-check";
import { publicPackage, publicService } from "../../base/public-services.ts";
import { strict } from "./strict-decoding.ts";

export interface GrpcListenOptions {
  /** `host:port`; port 0 takes any that is free. */
  readonly address: string;
  readonly tls: ServerIdentity;
  readonly secrets: UntypedServiceImplementation;
  readonly cluster: UntypedServiceImplementation;
  readonly backup: UntypedServiceImplementation;
  /** Tells strangers what the services look like: for development. */
  readonly reflection: "on" | "off";
}

/** The certificate chain and its key, in PEM. */
export interface ServerIdentity {
  readonly cert: string;
  readonly key: string;
}

export interface GrpcListener extends AsyncDisposable {
  readonly port: number;
  /** What the health service answers. It begins as `NOT_SERVING`. */
  setHealth(health: "SERVING" | "NOT_SERVING"): void;
  /** Lets calls under way end for `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

const limits: ServerOptions = {
  // The largest request has a value of 64 KiB; the largest answer has twenty of them.
  "grpc.max_receive_message_length": 1024 * 1024,
  "grpc.max_send_message_length": 2 * 1024 * 1024,
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
  const server = new Server(limits);
  server.addService(strict(publicService("SecretsManager")), options.secrets);
  server.addService(strict(publicService("Cluster")), options.cluster);
  server.addService(strict(publicService("Backup")), options.backup);
  const health = new HealthImplementation({ "": "NOT_SERVING" });
  health.addToServer(server);
  if (options.reflection === "on") new ReflectionService(publicPackage()).addToServer(server);

  const port = await bind(server, options);
  return {
    port,
    setHealth: (serving) => {
      health.setStatus("", serving);
    },
    close: (graceMs) => close(server, graceMs),
    [Symbol.asyncDispose]: () => close(server, 0),
  };
}

function bind(server: Server, { address, tls }: GrpcListenOptions): Promise<number> {
  const pair = { cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) };
  const credentials = ServerCredentials.createSsl(null, [pair]);
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const cut = setTimeout(() => {
      server.forceShutdown();
    }, graceMs);
    server.tryShutdown((error) => {
      clearTimeout(cut);
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}
