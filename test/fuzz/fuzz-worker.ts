// One target in a thread of its own: an input that never ends cannot stop who watches it.
import { parentPort, workerData } from "node:worker_threads";
import { runFuzz } from "./run-fuzz.ts";
import { targets } from "./targets.ts";

export interface WorkerOrder {
  readonly target: string;
  readonly seed: number;
  readonly inputs: number;
  readonly from: number;
  /** The number of the input that runs, and how many runs there were. */
  readonly progress: SharedArrayBuffer;
}

const { target: name, seed, inputs, from, progress } = workerData as WorkerOrder;
const target = targets.find((each) => each.name === name);
if (target === undefined) throw new TypeError(`there is no target ${name}`);
const seen = new Int32Array(progress);
const summary = await runFuzz({
  target,
  seed,
  inputs,
  from,
  onRun: (at) => {
    Atomics.store(seen, 0, at);
    Atomics.add(seen, 1, 1);
  },
});
parentPort?.postMessage(summary);
