// Runs a target in a thread and looks at it now and then: an input that holds its thread for good
// is a failure like any other, though nothing after it can run.
import { Worker } from "node:worker_threads";
import { Chance } from "./chance.ts";
import type { WorkerOrder } from "./fuzz-worker.ts";
import { describeFailure, type FuzzSummary } from "./run-fuzz.ts";
import type { Target } from "./target.ts";

export interface WatchedOrder {
  readonly target: Target;
  readonly seed: number;
  readonly inputs: number;
  readonly from?: number;
  /** Without a new input for so long, the last one is taken for endless. */
  readonly stallMs?: number;
  /** The thread's program, where it is not ours. */
  readonly program?: URL;
}

/** An input that ends takes no second, on however busy a machine. */
const defaultStallMs = 20_000;
const ours = new URL("fuzz-worker.js", import.meta.url);

/** Throws an error that names the input when one does not end. */
export async function runWatched(order: WatchedOrder): Promise<FuzzSummary> {
  const { target, seed, inputs, from = 0, stallMs = defaultStallMs, program = ours } = order;
  const progress = new SharedArrayBuffer(8);
  const seen = new Int32Array(progress);
  const workerData: WorkerOrder = { target: target.name, seed, inputs, from, progress };
  const worker = new Worker(program, { workerData });
  let watch: NodeJS.Timeout | undefined;
  try {
    return await new Promise<FuzzSummary>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
      let runs = 0;
      watch = setInterval(() => {
        const now = Atomics.load(seen, 1);
        if (now === runs) reject(endless(target, seed, Atomics.load(seen, 0)));
        runs = now;
      }, stallMs);
    });
  } finally {
    clearInterval(watch);
    await worker.terminate();
  }
}

function endless(target: Target, seed: number, number: number): Error {
  const { label, bytes } = target.make(new Chance(seed, number));
  const failure = {
    ...{ seed, number, label, bytes },
    sentence: "it holds the event loop for good",
    alone: "alone",
    cause: "",
  } as const;
  return new Error(describeFailure(target.name, failure));
}
