// One logical call: made on one node, made again on the next when that does no harm, given up when
// its time is over.
import { setTimeout as sleep } from "node:timers/promises";
import { Metadata, type ServiceError } from "@grpc/grpc-js";
import { backoffMs } from "../base/backoff.ts";
import { systemClock, type Clock } from "../base/clock.ts";
import { systemEntropy, type Entropy } from "../base/entropy.ts";
import { fromWire, toWire, type Message } from "../base/message-shape.ts";
import { publicService, type PublicService } from "../base/public-services.ts";
import { messageShapes } from "../generated/public-contract.ts";
import { failureOf, unreachable, type Failure, type Repeatability } from "./call-errors.ts";
import { EndpointRing } from "./endpoints.ts";
import { NodeConnection, type UnaryCall } from "./node-connection.ts";

/** What a client needs of the world. Tests hand in their own. */
export interface World {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly wait: (ms: number) => Promise<void>;
}

export const realWorld: World = {
  clock: systemClock,
  entropy: systemEntropy,
  wait: async (ms) => {
    await sleep(ms);
  },
};

export interface CallSettings {
  readonly endpoints: readonly string[];
  readonly token: string;
  readonly ca: string | undefined;
  readonly deadlineMs: number;
  readonly onAnswer: ((answer: AnswerNote) => void) | undefined;
}

/** What a node says of an answer besides the answer itself. */
export interface AnswerNote {
  readonly method: string;
  /** `host:port` of the node that gave it. */
  readonly endpoint: string;
  /**
   * The place in the region's log that it reflects: where a write was applied, or how far the state
   * had come that was read. Absent for what asks no state.
   */
  readonly index: number | undefined;
}

export interface LogicalCall {
  readonly service: PublicService;
  readonly method: string;
  readonly request: object;
  readonly repeatability: Repeatability;
}

/** A call that is answered with a stream. */
export interface StreamCall {
  readonly service: PublicService;
  readonly method: string;
  /** Under its name in the contract, as the reply. */
  readonly request: { readonly name: string; readonly message: object };
  readonly reply: string;
}

interface BegunStream {
  readonly first: IteratorResult<Message>;
  readonly rest: AsyncGenerator<Message>;
}

type Attempt<Reply = object> =
  | { readonly kind: "reply"; readonly reply: Reply }
  | ({ readonly kind: "failure" } & Failure)
  /** Nothing was sent. */
  | { readonly kind: "unreachable"; readonly node: NodeConnection };

const backoff = { firstMs: 50, mostMs: 1_000 };
const mostAttempts = 12;
/** How often each node may be found unreachable before the caller hears of it. */
const mostRounds = 2;
/** A node that does not take a connection in this time is passed over. */
const connectMs = 1_500;

export class ClientCalls {
  readonly #settings: CallSettings;
  readonly #world: World;
  readonly #ring: EndpointRing<NodeConnection>;
  readonly #connections: readonly NodeConnection[];

  constructor(settings: CallSettings, world: World) {
    this.#settings = settings;
    this.#world = world;
    this.#connections = settings.endpoints.map(
      (endpoint) => new NodeConnection(endpoint, settings),
    );
    const [first, ...others] = this.#connections;
    if (first === undefined) throw new TypeError("A client needs at least one endpoint");
    this.#ring = new EndpointRing([first, ...others]);
  }

  /** Resolves to the answer; rejects with a `HoldfastError`. */
  async call(call: LogicalCall): Promise<object> {
    const end = this.#world.clock.monotonicMs() + this.#settings.deadlineMs;
    let unreachableCount = 0;
    for (let attempt = 1; ; attempt += 1) {
      const result = await this.#attempt(call, end);
      if (result.kind === "reply") return result.reply;
      if (result.kind === "unreachable") unreachableCount += 1;

      const pauseMs = this.#pauseMs(result, attempt);
      const isOver =
        (result.kind === "failure" && result.again === "give_up") ||
        attempt >= mostAttempts ||
        unreachableCount >= mostRounds * this.#ring.size ||
        pauseMs >= this.#leftMs(end);
      if (isOver) throw await errorOf(result);
      await this.#world.wait(pauseMs);
    }
  }

  /**
   * The messages of one call, which is made on another node only while nothing has come yet. Throws
   * a `HoldfastError`. Nothing but the connection's own life limits how long it takes.
   */
  async *stream({ service, method, request, reply }: StreamCall): AsyncGenerator<object> {
    const shown = {
      service: publicService(service),
      method,
      request: toWire(messageShapes, request.name, request.message),
      metadata: this.#metadata(),
    };
    for (let attempt = 1; ; attempt += 1) {
      const begun = await this.#beginStream(shown);
      if (begun.kind === "reply") {
        yield* convertedMessages(begun.reply, reply);
        return;
      }
      const isLast = attempt >= mostRounds * this.#ring.size;
      if (isLast || (begun.kind === "failure" && begun.again === "give_up")) {
        throw await errorOf(begun);
      }
      await this.#world.wait(this.#pauseMs(begun, attempt));
    }
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  async #attempt(call: LogicalCall, end: number): Promise<Attempt> {
    const node = this.#ring.current;
    if (!(await node.isReady(Math.min(connectMs, this.#leftMs(end))))) {
      this.#ring.leave(node);
      return { kind: "unreachable", node };
    }
    const result = await node.call(this.#unaryCall(call, end));
    if (result.ok) {
      const { endpoint } = node;
      this.#settings.onAnswer?.({ method: call.method, endpoint, index: result.index });
      const reply = fromWire(messageShapes, `${call.method}Response`, result.reply);
      return { kind: "reply", reply };
    }
    const failure = failureOf(result.error, call.repeatability);
    if (failure.node === "doubtful") this.#ring.leave(node);
    return { kind: "failure", ...failure };
  }

  /** The nodes are all asked once before anybody waits. */
  #pauseMs(result: Attempt, attempt: number): number {
    if (result.kind === "unreachable" && attempt < this.#ring.size) return 0;
    return backoffMs(backoff, attempt, this.#world.entropy.below(1_000) / 1_000);
  }

  /** A stream of which one message has come, or its end: what fails later is not made again. */
  async #beginStream(shown: Omit<UnaryCall, "timeoutMs">): Promise<Attempt<BegunStream>> {
    const node = this.#ring.current;
    if (!(await node.isReady(connectMs))) {
      this.#ring.leave(node);
      return { kind: "unreachable", node };
    }
    const rest = node.stream(shown);
    try {
      return { kind: "reply", reply: { first: await rest.next(), rest } };
    } catch (error) {
      this.#ring.leave(node);
      return { kind: "failure", ...failureOf(error as ServiceError, "read") };
    }
  }

  #unaryCall(call: LogicalCall, end: number): UnaryCall {
    return {
      service: publicService(call.service),
      method: call.method,
      request: toWire(messageShapes, `${call.method}Request`, call.request),
      metadata: this.#metadata(),
      // A node that does not answer costs a part of the time, if another may be asked instead.
      timeoutMs: Math.min(
        this.#leftMs(end),
        call.repeatability === "once" ? Infinity : Math.ceil(this.#settings.deadlineMs / 3),
      ),
    };
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${this.#settings.token}`);
    return metadata;
  }

  #leftMs(end: number): number {
    return Math.max(end - this.#world.clock.monotonicMs(), 0);
  }
}

async function* convertedMessages(
  { first, rest }: BegunStream,
  name: string,
): AsyncGenerator<object> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) {
      yield fromWire(messageShapes, name, next.value);
    }
  } catch (error) {
    throw failureOf(error as ServiceError, "read").error;
  } finally {
    await rest.return(undefined);
  }
}

async function errorOf(result: Exclude<Attempt, { readonly kind: "reply" }>): Promise<Error> {
  if (result.kind === "failure") return result.error;
  return unreachable(result.node.endpoint, await result.node.explain(connectMs));
}
