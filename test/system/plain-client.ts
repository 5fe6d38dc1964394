// What anybody writes who has gRPC and the files in proto/: no code of holdfast is used.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

/** A message as proto-loader gives it. */
export type Reply = Readonly<Record<string, unknown>>;

export interface Access {
  /** PEM. */
  readonly ca: string;
  readonly token: string;
}

type UnaryMethod = (
  request: object,
  metadata: grpc.Metadata,
  options: grpc.CallOptions,
  callback: (error: grpc.ServiceError | null, reply: Reply) => void,
) => void;

type Stub = grpc.Client & Readonly<Record<string, UnaryMethod | undefined>>;

/** Nobody waits as long as grpc-js does by default before a node that was restarted is tried. */
const channelOptions = {
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 300,
};

export class PlainClient implements Disposable {
  readonly endpoint: string;
  readonly #secrets: Stub;
  readonly #cluster: Stub;
  readonly #token: string;

  constructor(endpoint: string, { ca, token }: Access) {
    const credentials = grpc.credentials.createSsl(Buffer.from(ca));
    this.endpoint = endpoint;
    this.#token = token;
    this.#secrets = new (serviceNamed("SecretsManager"))(
      endpoint,
      credentials,
      channelOptions,
    ) as Stub;
    this.#cluster = new (serviceNamed("Cluster"))(endpoint, credentials, channelOptions) as Stub;
  }

  /** Calls a method by its name in proto/, with members in lowerCamelCase. */
  call(method: string, request: object, timeoutMs = 10_000): Promise<Reply> {
    const stub = method in this.#secrets ? this.#secrets : this.#cluster;
    const metadata = new grpc.Metadata();
    metadata.set("authorization", `Bearer ${this.#token}`);
    return new Promise((resolve, reject) => {
      const unary = stub[method];
      if (unary === undefined) throw new TypeError(`proto/ has no ${method}`);
      const options = { deadline: Date.now() + timeoutMs };
      unary.call(stub, request, metadata, options, (error, reply) => {
        if (error === null) resolve(reply);
        else reject(error);
      });
    });
  }

  [Symbol.dispose](): void {
    this.#secrets.close();
    this.#cluster.close();
  }
}

/** The name of the AWS exception that a call was refused with. */
export function awsTypeOf(error: unknown): string {
  const metadata = (error as Partial<grpc.ServiceError>).metadata;
  return String(metadata?.get("holdfast-error")[0] ?? "");
}

let loaded: grpc.GrpcObject | undefined;

function serviceNamed(name: "SecretsManager" | "Cluster"): grpc.ServiceClientConstructor {
  loaded ??= grpc.loadPackageDefinition(
    loadSync(["holdfast/v1/secrets_manager.proto", "holdfast/v1/cluster.proto"], {
      includeDirs: [protoFolder()],
      longs: String,
      bytes: Buffer,
    }),
  );
  const version = (loaded["holdfast"] as grpc.GrpcObject)["v1"] as grpc.GrpcObject;
  return version[name] as grpc.ServiceClientConstructor;
}

/** Beside package.json, however deep the compiled file lies. */
export function projectFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}

function protoFolder(): string {
  return join(projectFolder(), "proto");
}
