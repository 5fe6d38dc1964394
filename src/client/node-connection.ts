// The connection to one node: opened when first needed, watched so that a call only goes out on a
// connection that stands. A call that finds none has certainly done nothing.
import { connect } from "node:tls";
import {
  Client,
  connectivityState,
  credentials,
  type ChannelOptions,
  type Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import type { ServiceDefinition } from "@grpc/proto-loader";
import type { Message } from "../base/message-shape.ts";

export interface Trust {
  /** Authorities in PEM; absent: those of the system. */
  readonly ca: string | undefined;
}

export interface UnaryCall {
  readonly service: ServiceDefinition;
  readonly method: string;
  readonly request: Message;
  readonly metadata: Metadata;
  readonly timeoutMs: number;
}

export type UnaryResult =
  | { readonly ok: true; readonly reply: Message; readonly index: number | undefined }
  | { readonly ok: false; readonly error: ServiceError };

const channelOptions: ChannelOptions = {
  // Calls are made again in one place, which knows what may be: client-calls.ts.
  "grpc.enable_retries": 0,
  "grpc.enable_http_proxy": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2_000,
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
};

export class NodeConnection {
  readonly endpoint: string;
  readonly #trust: Trust;
  readonly #client: Client;

  constructor(endpoint: string, trust: Trust) {
    this.endpoint = endpoint;
    this.#trust = trust;
    const authorities = trust.ca === undefined ? null : Buffer.from(trust.ca);
    this.#client = new Client(endpoint, credentials.createSsl(authorities), channelOptions);
  }

  /** Whether the connection stands, or could be made within `timeoutMs`. */
  async isReady(timeoutMs: number): Promise<boolean> {
    const channel = this.#client.getChannel();
    const end = Date.now() + timeoutMs;
    let state = channel.getConnectivityState(true);
    while (state !== connectivityState.READY) {
      const changed = await this.#stateLeft(state, end);
      if (!changed) return false;
      state = channel.getConnectivityState(true);
      // What was broken before may be on its way back; what breaks now has been tried.
      if (state === connectivityState.TRANSIENT_FAILURE) return false;
    }
    return true;
  }

  call({ service, method, request, metadata, timeoutMs }: UnaryCall): Promise<UnaryResult> {
    const definition = service[method];
    if (definition === undefined) throw new TypeError(`No such method: ${method}`);
    return new Promise((resolve) => {
      let answer: Message = {};
      const sent = this.#client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        request,
        metadata,
        { deadline: Date.now() + timeoutMs },
        (error, reply) => {
          if (error !== null) resolve({ ok: false, error });
          else answer = (reply ?? {}) as Message;
        },
      );
      // What the node says of its answer comes with the status, which comes last.
      sent.on("status", (end) => {
        resolve({ ok: true, reply: answer, index: indexIn(end.metadata) });
      });
    });
  }

  /** Messages as they come; reads on only as fast as it is asked. Throws a `ServiceError`. */
  async *stream({
    service,
    method,
    request,
    metadata,
  }: Omit<UnaryCall, "timeoutMs">): AsyncGenerator<Message> {
    const definition = service[method];
    if (definition === undefined) throw new TypeError(`No such method: ${method}`);
    const { path, requestSerialize, responseDeserialize } = definition;
    const call = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
    );
    try {
      for await (const message of call) yield message as Message;
    } finally {
      call.cancel();
    }
  }

  /** Why no connection can be made, as a person would want to read it. */
  explain(timeoutMs: number): Promise<string> {
    const { hostname, port } = new URL(`https://${this.endpoint}`);
    const host = hostname.replace(/^\[|\]$/g, "");
    return new Promise((resolve) => {
      const socket = connect({
        host,
        port: Number(port === "" ? 443 : port),
        ca: this.#trust.ca,
        ALPNProtocols: ["h2"],
        timeout: timeoutMs,
      });
      const finish = (reason: string): void => {
        socket.destroy();
        resolve(reason);
      };
      socket.once("error", (error: Error) => {
        finish(error.message === "" ? "connection refused" : error.message);
      });
      socket.once("timeout", () => {
        finish("no answer");
      });
      socket.once("secureConnect", () => {
        finish("the connection was lost");
      });
    });
  }

  close(): void {
    this.#client.close();
  }

  #stateLeft(state: connectivityState, end: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#client.getChannel().watchConnectivityState(state, end, (error) => {
        resolve(error === undefined);
      });
    });
  }
}

/** The log index that an answer reflects, if the node tells. */
function indexIn(metadata: Metadata): number | undefined {
  const [text] = metadata.get("holdfast-index");
  return text === undefined ? undefined : Number(text);
}
