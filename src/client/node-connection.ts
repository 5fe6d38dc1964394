// The connection to one node: opened when first needed, watched so that a call only goes out on a
// connection that stands. A call that finds none has certainly done nothing.
import { isIP } from "node:net";
import { checkServerIdentity, connect } from "node:tls";
import {
  Client,
  connectivityState,
  credentials,
  type ChannelCredentials,
  type ChannelOptions,
  type Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import type { ServiceDefinition } from "@grpc/proto-loader";
import type { Clock } from "../base/clock.ts";
import type { Message } from "../base/message-shape.ts";
import { placeOf } from "./endpoints.ts";

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

/** A call that is answered with a stream, and cut off when the signal aborts. */
export interface StreamedCall extends Omit<UnaryCall, "timeoutMs"> {
  readonly signal?: AbortSignal;
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
  // Only while there are calls: a node whose machine is gone is noticed, an idle client is silent.
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  // A connection that takes the place of another must not wait for what that one waits for.
  "grpc.use_local_subchannel_pool": 1,
};

/** TLS allows no address as a server's name (RFC 6066 3): a node without a name gets this one. */
const nameOfAnAddress = "holdfast.invalid";

/** How long a connection may take to come about; at first, and at most when it hangs again. */
const connectingMs = { first: 1_500, most: 12_000 } as const;

export class NodeConnection {
  readonly endpoint: string;
  readonly #trust: Trust;
  readonly #clock: Clock;
  readonly #credentials: ChannelCredentials;
  readonly #options: ChannelOptions;
  #client: Client;
  #connectingSince: number | undefined;
  #isClosed = false;
  #patienceMs: number = connectingMs.first;

  constructor(endpoint: string, trust: Trust, clock: Clock) {
    this.endpoint = endpoint;
    this.#trust = trust;
    this.#clock = clock;
    const { host } = placeOf(endpoint);
    const authorities = trust.ca === undefined ? null : Buffer.from(trust.ca);
    const name = isIP(host) === 0 ? undefined : nameOfAnAddress;
    this.#credentials = credentials.createSsl(authorities, null, null, {
      // The certificate is for the host that was asked for, whatever name was shown to it.
      checkServerIdentity: (_shown, certificate) => checkServerIdentity(host, certificate),
    });
    this.#options =
      name === undefined
        ? channelOptions
        : { ...channelOptions, "grpc.ssl_target_name_override": name };
    this.#client = this.#connection();
  }

  /** Whether the connection stands, or could be made within `timeoutMs`. */
  async isReady(timeoutMs: number): Promise<boolean> {
    if (this.#isClosed) return false;
    const channel = this.#client.getChannel();
    const end = Date.now() + timeoutMs;
    let state = channel.getConnectivityState(true);
    while (state !== connectivityState.READY) {
      this.#connectingSince ??= this.#clock.monotonicMs();
      const changed = await stateLeft(channel, state, end);
      if (!changed) {
        this.#replaceHangingConnection();
        return false;
      }
      state = channel.getConnectivityState(false);
      // What was broken before may be on its way back; what breaks now has been tried. Whoever
      // replaced the connection has waited long enough for everybody.
      if (state === connectivityState.SHUTDOWN) return false;
      if (state === connectivityState.TRANSIENT_FAILURE) {
        this.#connectingSince = undefined;
        return false;
      }
      state = channel.getConnectivityState(true);
    }
    this.#connectingSince = undefined;
    this.#patienceMs = connectingMs.first;
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
    signal,
  }: StreamedCall): AsyncGenerator<Message> {
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
    const cancel = (): void => {
      call.cancel();
    };
    signal?.addEventListener("abort", cancel);
    try {
      for await (const message of call) yield message as Message;
    } finally {
      signal?.removeEventListener("abort", cancel);
      call.cancel();
    }
  }

  /** Why no connection can be made, as a person would want to read it. */
  explain(timeoutMs: number): Promise<string> {
    if (this.#isClosed) return Promise.resolve("the client was closed");
    const { host, port } = placeOf(this.endpoint);
    return new Promise((resolve) => {
      const socket = connect({
        host,
        port,
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
    this.#isClosed = true;
    this.#client.close();
  }

  #connection(): Client {
    return new Client(this.endpoint, this.#credentials, this.#options);
  }

  /**
   * grpc-js gives a connection no deadline to come about: one that is taken and never answered, or
   * whose packets were lost with the node's machine, would be waited for until TCP gives up.
   */
  #replaceHangingConnection(): void {
    if (this.#isClosed) return;
    const since = this.#connectingSince;
    const state = this.#client.getChannel().getConnectivityState(false);
    if (since === undefined || state !== connectivityState.CONNECTING) return;
    if (this.#clock.monotonicMs() - since < this.#patienceMs) return;
    this.#client.close();
    this.#client = this.#connection();
    this.#connectingSince = undefined;
    // Each that hangs leaves a socket behind, and a slow way needs its time.
    this.#patienceMs = Math.min(2 * this.#patienceMs, connectingMs.most);
  }
}

function stateLeft(
  channel: ReturnType<Client["getChannel"]>,
  state: connectivityState,
  end: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    channel.watchConnectivityState(state, end, (error) => {
      resolve(error === undefined);
    });
  });
}

/** The log index that an answer reflects, if the node tells. */
function indexIn(metadata: Metadata): number | undefined {
  const [text] = metadata.get("holdfast-index");
  return text === undefined ? undefined : Number(text);
}
