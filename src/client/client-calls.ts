// One logical call: made on one node, made again on the next when that does no harm, given up when
// its time is over.
import { setTimeout as sleep } from "node:timers/promises";
import { Metadata, type ServiceError } from "@grpc/grpc-js";
import { backoffMs } from "../base/backoff.ts";
import { systemClock, type Clock } from "../base/clock.ts";
import { systemEntropy, type Entropy } from "../base/entropy.ts";
import { fromWire, toWire, type Message } from "../base/message-shape.ts";
import { publicService, type PublicService } from "../base/public-services.ts";
import {
  messageShapes,
  type StatusResponse,
  type WatchResponse,
} from "../generated/public-contract.ts";
import { failureOf, unreachable, type Failure, type Repeatability } from "./call-errors.ts";
import { LeaderSearch } from "./leader-search.ts";
import { NodeConnection, type UnaryCall } from "./node-connection.ts";
import { Routes, type ReadRouting } from "./routes.ts";
import type { WatchedNode } from "./watch.ts";

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
  readonly reads: ReadRouting;
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

interface Answered<Reply> {
  readonly kind: "reply";
  readonly reply: Reply;
}

type Failed =
  | ({ readonly kind: "failure" } & Failure)
  /** Nothing was sent. */
  | { readonly kind: "unreachable"; readonly node: NodeConnection };

type Attempt<Reply = object> = Answered<Reply> | Failed;

/** How often one logical call has failed, and of that how. */
interface FailureCounts {
  readonly all: number;
  readonly unreachable: number;
  readonly throttled: number;
}

const backoff = { firstMs: 50, mostMs: 1_000 };
const mostAttempts = 12;
/** Whoever asks too much comes back later, and not often. */
const throttleBackoff = { firstMs: 200, mostMs: 5_000 };
const mostThrottled = 5;
/** How often each node may be found unreachable before the caller hears of it. */
const mostRounds = 2;
/** A node that does not take a connection in this time is passed over. */
const connectMs = 1_500;

export class ClientCalls {
  readonly #settings: CallSettings;
  readonly #world: World;
  readonly #routes: Routes<NodeConnection>;
  readonly #leaderSearch: LeaderSearch<NodeConnection>;
  readonly #connections: readonly NodeConnection[];

  constructor(settings: CallSettings, world: World) {
    this.#settings = settings;
    this.#world = world;
    this.#connections = settings.endpoints.map(
      (endpoint) => new NodeConnection(endpoint, settings, world.clock),
    );
    const [first, ...others] = this.#connections;
    if (first === undefined) throw new TypeError("A client needs at least one endpoint");
    const { clock, entropy } = world;
    // Clients that were given the same list do not all begin with the same node.
    const start = entropy.below(this.#connections.length);
    this.#routes = new Routes([first, ...others], {
      clock,
      reads: settings.reads,
      first: start,
    });
    this.#leaderSearch = new LeaderSearch({
      nodes: this.#connections,
      clock,
      ask: (node) => this.#statusOf(node),
      onLearnt: (leader) => {
        this.#routes.leader = leader;
      },
    });
  }

  /** Resolves to the answer; rejects with a `HoldfastError`. */
  async call(call: LogicalCall): Promise<object> {
    const end = this.#world.clock.monotonicMs() + this.#settings.deadlineMs;
    if (call.repeatability !== "read") this.#leaderSearch.noteWrite(this.#routes.leader);
    const failures = { all: 0, unreachable: 0, throttled: 0 };
    for (;;) {
      const result = await this.#attempt(call, end);
      if (result.kind === "reply") return result.reply;
      failures.all += 1;
      if (result.kind === "unreachable") failures.unreachable += 1;
      else if (result.throttle !== undefined) failures.throttled += 1;

      const pauseMs = this.#pauseMs(result, failures);
      const isOver =
        (result.kind === "failure" && result.again === "give_up") ||
        this.#isEnough(failures) ||
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
    const failures = { all: 0, unreachable: 0, throttled: 0 };
    for (;;) {
      const begun = await this.#beginStream(shown);
      if (begun.kind === "reply") {
        yield* convertedMessages(begun.reply, reply);
        return;
      }
      failures.all += 1;
      const isLast = failures.all >= mostRounds * this.#routes.size;
      if (isLast || (begun.kind === "failure" && begun.again === "give_up")) {
        throw await errorOf(begun);
      }
      await this.#world.wait(this.#pauseMs(begun, failures));
    }
  }

  /** Each node by itself, for a watch, which chooses among them and goes on by itself. */
  watchedNodes(): readonly WatchedNode[] {
    return this.#connections.map((node) => ({
      endpoint: node.endpoint,
      isReady: (timeoutMs) => node.isReady(timeoutMs),
      explain: (timeoutMs) => node.explain(timeoutMs),
      watch: (request, signal) => this.#watch(node, request, signal),
    }));
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  async *#watch(
    node: NodeConnection,
    request: object,
    signal: AbortSignal,
  ): AsyncGenerator<WatchResponse> {
    const messages = node.stream({
      service: publicService("Watch"),
      method: "Watch",
      request: toWire(messageShapes, "WatchRequest", request),
      metadata: this.#metadata(),
      signal,
    });
    for await (const message of messages) {
      yield fromWire(messageShapes, "WatchResponse", message);
    }
  }

  async #attempt(call: LogicalCall, end: number): Promise<Attempt> {
    const node = this.#routes.choose(call.repeatability === "read" ? "read" : "write");
    if (!(await node.isReady(Math.min(connectMs, this.#leftMs(end))))) {
      this.#routes.failed(node);
      return { kind: "unreachable", node };
    }
    const result = await node.call(this.#unaryCall(call, end));
    if (result.ok) {
      this.#routes.answered(node);
      const { endpoint } = node;
      this.#settings.onAnswer?.({ method: call.method, endpoint, index: result.index });
      const reply = fromWire(messageShapes, `${call.method}Response`, result.reply);
      return { kind: "reply", reply };
    }
    const failure = failureOf(result.error, call.repeatability);
    if (failure.node === "doubtful") this.#routes.failed(node);
    else this.#routes.answered(node);
    return { kind: "failure", ...failure };
  }

  #isEnough({ all, unreachable: unreached, throttled }: FailureCounts): boolean {
    return (
      all >= mostAttempts ||
      unreached >= mostRounds * this.#routes.size ||
      throttled >= mostThrottled
    );
  }

  /** The nodes are all asked once before anybody waits. */
  #pauseMs(result: Failed, failures: FailureCounts): number {
    if (result.kind === "unreachable" && failures.all < this.#routes.size) return 0;
    const draw = this.#world.entropy.below(1_000) / 1_000;
    const throttle = result.kind === "failure" ? result.throttle : undefined;
    if (throttle === undefined) return backoffMs(backoff, failures.all, draw);
    // Those who are told the same time do not come back at the same time.
    return throttle.leastMs + backoffMs(throttleBackoff, failures.throttled, draw);
  }

  /** What a node says of itself, on its own: no repetition, no other node. */
  async #statusOf(node: NodeConnection): Promise<StatusResponse | undefined> {
    if (!(await node.isReady(connectMs))) return undefined;
    const result = await node.call({
      service: publicService("Cluster"),
      method: "Status",
      request: {},
      metadata: this.#metadata(),
      timeoutMs: connectMs,
    });
    if (!result.ok) return undefined;
    return fromWire(messageShapes, "StatusResponse", result.reply) as unknown as StatusResponse;
  }

  /** A stream of which one message has come, or its end: what fails later is not made again. */
  async #beginStream(shown: Omit<UnaryCall, "timeoutMs">): Promise<Attempt<BegunStream>> {
    const node = this.#routes.choose("read");
    if (!(await node.isReady(connectMs))) {
      this.#routes.failed(node);
      return { kind: "unreachable", node };
    }
    const rest = node.stream(shown);
    try {
      return { kind: "reply", reply: { first: await rest.next(), rest } };
    } catch (error) {
      this.#routes.failed(node);
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

async function errorOf(result: Failed): Promise<Error> {
  if (result.kind === "failure") return result.error;
  return unreachable(result.node.endpoint, await result.node.explain(connectMs));
}
