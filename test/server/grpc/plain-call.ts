// What somebody writes who has gRPC and the files in proto/, google/rpc among them: any method by
// its path, and the details of a status read as every gRPC library does.
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import protobuf from "protobufjs";
import { publicService, type PublicService } from "../../../src/base/public-services.ts";
import { packageFolder } from "../../../src/base/package-folder.ts";
import { token } from "../../support/grpc-region.ts";

export interface Ended {
  readonly code: grpc.status;
  readonly details: string;
  readonly metadata: grpc.Metadata;
}

export interface Streamed extends Ended {
  readonly messages: readonly object[];
}

export const bearer = { authorization: `Bearer ${token}` };

interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly deadline?: number;
  /** Told of each message; the call is cancelled when it says so. */
  readonly onMessage?: (message: object) => "cancel" | undefined;
  /** Cancels the call when it aborts. */
  readonly signal?: AbortSignal;
}

export class PlainCalls implements Disposable {
  readonly #client: grpc.Client;

  constructor(region: { readonly endpoint: string; readonly ca: string }, options = {}) {
    const credentials = grpc.credentials.createSsl(Buffer.from(region.ca));
    this.#client = new grpc.Client(region.endpoint, credentials, options);
  }

  /** Every method is called as if it answered with a stream: one message is a short one. */
  call(
    [service, method]: readonly [service: PublicService, method: string],
    request: object,
    options: CallOptions = {},
  ): Promise<Streamed> {
    const definition = publicService(service)[method];
    if (definition === undefined) throw new TypeError(`No such method: ${method}`);
    return this.callPath(definition, request, options);
  }

  callPath(
    { path, requestSerialize, responseDeserialize }: Pathed,
    request: object,
    { headers = bearer, deadline, onMessage, signal }: CallOptions = {},
  ): Promise<Streamed> {
    const metadata = new grpc.Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    const call = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      deadline === undefined ? {} : { deadline },
    );
    const messages: object[] = [];
    signal?.addEventListener("abort", () => {
      call.cancel();
    });
    return new Promise((resolve) => {
      call.on("data", (message: object) => {
        messages.push(message);
        if (onMessage?.(message) === "cancel") call.cancel();
      });
      call.on("error", () => undefined);
      call.on("status", (status) => {
        resolve({ ...status, messages });
      });
    });
  }

  /** Calls, and takes one message and no more. Resolves when the call has ended. */
  stalled(
    [service, method]: readonly [service: PublicService, method: string],
    request: object,
    signal: AbortSignal,
  ): Promise<void> {
    const definition = publicService(service)[method];
    if (definition === undefined) throw new TypeError(`No such method: ${method}`);
    const { path, requestSerialize, responseDeserialize } = definition;
    const metadata = new grpc.Metadata();
    metadata.set("authorization", bearer.authorization);
    const call = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
    );
    call.on("error", () => undefined);
    // A call that nobody ever read of takes everything: that is how grpc-js is.
    call.once("data", () => {
      call.pause();
    });
    signal.addEventListener("abort", () => {
      call.cancel();
      call.resume();
    });
    return new Promise((resolve) => {
      call.on("close", resolve);
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

type Pathed = Pick<
  grpc.MethodDefinition<object, object>,
  "path" | "requestSerialize" | "responseDeserialize"
>;

/** A method that takes and gives bytes, whatever they are. */
export function rawMethod(path: string): Pathed {
  return {
    path,
    requestSerialize: (bytes) => bytes as Buffer,
    responseDeserialize: (bytes) => bytes,
  };
}

export interface StatusDetails {
  readonly code: number;
  readonly message: string;
  /** By the name of their message. */
  readonly details: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

let loaded: protobuf.Root | undefined;

function rpcTypes(): protobuf.Root {
  if (loaded !== undefined) return loaded;
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => join(packageFolder(), "proto", target);
  loaded = root.loadSync(["google/rpc/status.proto", "google/rpc/error_details.proto"]);
  return loaded;
}

export function detailsOf({ metadata }: Ended): StatusDetails {
  const [bytes] = metadata.get("grpc-status-details-bin");
  const root = rpcTypes();
  const status = root.lookupType("google.rpc.Status").decode(bytes as Buffer) as unknown as {
    readonly code: number;
    readonly message: string;
    readonly details: readonly { readonly type_url: string; readonly value: Uint8Array }[];
  };
  const details = status.details.map(({ type_url: url, value }) => {
    const name = /^type\.googleapis\.com\/(google\.rpc\.\w+)$/.exec(url)?.[1] ?? "";
    const type = root.lookupType(name);
    const plain = type.toObject(type.decode(value), { longs: Number, defaults: true });
    return [name.replace("google.rpc.", ""), plain] as const;
  });
  return { code: status.code, message: status.message, details: Object.fromEntries(details) };
}
