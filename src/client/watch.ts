// Watching secrets: one stream after the other, on one node after the other, which together tell of
// every change once.
import type { ServiceError } from "@grpc/grpc-js";
import { backoffMs } from "../base/backoff.ts";
import { later } from "../base/later.ts";
import type { WatchRequest, WatchResponse } from "../generated/public-contract.ts";
import { failureOf, unreachable, type CallErrorCode, type HoldfastError } from "./call-errors.ts";
import type { World } from "./client-calls.ts";

/** Which secrets, from where on, and until when. */
export interface WatchOptions extends WatchRequest {
  /** Ends the watch when it aborts: the iteration is then over, without an error. */
  readonly signal?: AbortSignal | undefined;
}

/** One node that may be watched. */
export interface WatchedNode {
  readonly endpoint: string;
  isReady(timeoutMs: number): Promise<boolean>;
  /** Why no connection can be made, as a person would want to read it. */
  explain(timeoutMs: number): Promise<string>;
  /** Messages until the signal aborts. Throws a `ServiceError`. */
  watch(request: WatchRequest, signal: AbortSignal): AsyncIterable<WatchResponse>;
}

const backoff = { firstMs: 100, mostMs: 5_000 };
const connectMs = 1_500;
/** How often each node is asked before the caller hears that no watch can be begun. */
const roundsToBegin = 2;
/** How long a node may say nothing before it has told how often it speaks. */
const firstWordMs = 15_000;
/** So many heartbeats may fail to come, and so much delay be on the way. */
const silence = { heartbeats: 3, wayMs: 1_000 };

/** Another node, or the same a little later, may well answer: nothing is missed meanwhile. */
const passing: ReadonlySet<CallErrorCode> = new Set([
  "watch_ended",
  "watcher_too_slow",
  "unreachable",
  "no_leader",
  "timed_out",
  "node_locked",
  "overloaded",
  "rate_exceeded",
]);
/** It is so on this node, and may be otherwise on another. */
const ofOneNode: ReadonlySet<CallErrorCode> = new Set(["position_too_old", "too_many_watches"]);

/** What the streams so far have come to. */
interface Progress {
  position: string | undefined;
  silenceMs: number;
  /** Since something was last received. */
  failures: number;
  hasBegun: boolean;
}

/**
 * Everything that happens, and heartbeats between, as messages of the contract. Goes on by itself
 * after a lost connection, for as long as it takes; throws a `HoldfastError` when a watch cannot be
 * begun, or not be gone on with: `position_too_old` when no node knows any more what came next.
 */
export async function* watchSecrets(
  nodes: readonly WatchedNode[],
  { signal, ...request }: WatchOptions,
  world: World,
): AsyncGenerator<WatchResponse> {
  const stop = signal ?? new AbortController().signal;
  const progress: Progress = {
    position: request.position,
    silenceMs: firstWordMs,
    failures: 0,
    hasBegun: false,
  };
  const isOver = (): boolean => stop.aborted;
  for (let at = world.entropy.below(nodes.length); !isOver(); at += 1) {
    const node = nodes[at % nodes.length];
    if (node === undefined) return;
    try {
      yield* stream(node, request, progress, stop);
    } catch (error) {
      if (isOver()) return;
      progress.failures += 1;
      const failure = error as HoldfastError;
      if (!mayGoOn(failure, progress, nodes.length)) throw await explained(failure, node);
    }
    await pause(backoffMs(backoff, progress.failures, world.entropy.below(1_000) / 1_000), {
      world,
      stop,
    });
  }
}

/** One stream of one node. Throws a `HoldfastError`. */
async function* stream(
  node: WatchedNode,
  request: WatchRequest,
  progress: Progress,
  stop: AbortSignal,
): AsyncGenerator<WatchResponse> {
  if (!(await node.isReady(connectMs))) throw unreachable(node.endpoint, "no connection");
  const cut = new AbortController();
  const onStop = (): void => {
    cut.abort();
  };
  stop.addEventListener("abort", onStop);
  const fallSilent = (): (() => void) => later(progress.silenceMs, onStop);
  let heard = fallSilent();
  try {
    const asked = { ...request, position: progress.position };
    if (stop.aborted) return;
    for await (const response of node.watch(asked, cut.signal)) {
      heard();
      note(response, progress);
      yield response;
      // While the caller is busy nobody listens, and so nobody is silent.
      heard = fallSilent();
    }
  } catch (error) {
    throw failureOf(error as ServiceError, "read").error;
  } finally {
    heard();
    stop.removeEventListener("abort", onStop);
    cut.abort();
  }
}

async function explained(failure: HoldfastError, node: WatchedNode): Promise<HoldfastError> {
  if (failure.code !== "unreachable") return failure;
  return unreachable(node.endpoint, await node.explain(connectMs));
}

function note({ event, heartbeat }: WatchResponse, progress: Progress): void {
  progress.position = event?.position ?? heartbeat?.position ?? progress.position;
  progress.failures = 0;
  progress.hasBegun = true;
  const intervalMs = heartbeat?.intervalMs;
  if (intervalMs !== undefined) {
    progress.silenceMs = silence.heartbeats * intervalMs + silence.wayMs;
  }
}

function mayGoOn({ code }: HoldfastError, progress: Progress, nodes: number): boolean {
  if (ofOneNode.has(code)) return progress.failures < nodes;
  if (!passing.has(code)) return false;
  return progress.hasBegun || progress.failures < roundsToBegin * nodes;
}

async function pause(
  ms: number,
  { world, stop }: { readonly world: World; readonly stop: AbortSignal },
): Promise<void> {
  if (stop.aborted) return;
  let onStop: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    onStop = resolve;
    stop.addEventListener("abort", onStop);
  });
  await Promise.race([world.wait(ms), stopped]);
  stop.removeEventListener("abort", onStop);
}
