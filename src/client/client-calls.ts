// One logical call: made on one node, made again on the next when that does no harm, given up when
// its time is over.
import { setTimeout as sleep } from "node:timers/promises";
import { Metadata } from "@grpc/grpc-js";
import { backoffMs } from "../base/backoff.ts";
import { systemClock, type Clock } from "../base/clock.ts";
import { systemEntropy, type Entropy } from "../base/entropy.ts";
import { fromWire, toWire } from "../base/message-shape.ts";
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
}

export interface LogicalCall {
  readonly service: PublicService;
  readonly method: string;
  readonly request: object;
  readonly repeatability: Repeatability;
}

type Attempt =
  | { readonly kind: "reply"; readonly reply: object }
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

  #unaryCall(call: LogicalCall, end: number): UnaryCall {
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${this.#settings.token}`);
    return {
      service: publicService(call.service),
      method: call.method,
      request: toWire(messageShapes, `${call.method}Request`, call.request),
      metadata,
      // A node that does not answer costs a part of the time, if another may be asked instead.
      timeoutMs: Math.min(
        this.#leftMs(end),
        call.repeatability === "once" ? Infinity : Math.ceil(this.#settings.deadlineMs / 3),
      ),
    };
  }

  #leftMs(end: number): number {
    return Math.max(end - this.#world.clock.monotonicMs(), 0);
  }
}

async function errorOf(result: Exclude<Attempt, { readonly kind: "reply" }>): Promise<Error> {
  if (result.kind === "failure") return result.error;
  return unreachable(result.node.endpoint, await result.node.explain(connectMs));
}
