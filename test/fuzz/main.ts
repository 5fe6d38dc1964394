// `npm run fuzz -- [--inputs N] [--seed S] [--from N] [--target NAME|all]`: shows a node inputs
// that nobody should send, and says what came of them. A hundredth more goes over its wires.
import { parseArgs } from "node:util";
import { fuzzedFleet } from "./fuzzed-fleet.ts";
import { describeFailure, describeSummary } from "./run-fuzz.ts";
import { inputsFor, targets } from "./targets.ts";
import type { Target } from "./target.ts";
import { runWatched } from "./watched-fuzz.ts";
import { fuzzWires } from "./wire-fuzz.ts";

const wires = "wire";
const known = [...targets.map(({ name }) => name), wires];

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      inputs: { type: "string", default: "100000" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      from: { type: "string", default: "0" },
      target: { type: "string", default: "all" },
    },
  });
  const order = {
    seed: numberOf(values.seed),
    inputs: numberOf(values.inputs),
    from: numberOf(values.from),
  };
  const { target } = values;
  if (target !== "all" && !known.includes(target)) {
    console.error(`There is no target "${target}". There are: ${known.join(", ")}, all.`);
    return 2;
  }
  console.log(`Seed ${order.seed}`);
  const begun = performance.now();
  const failures = await (target === "all" ? runAll(order) : runOne(target, order));
  console.log(`${((performance.now() - begun) / 1000).toFixed(1)} s, ${failures} failed`);
  return failures === 0 ? 0 : 1;
}

/** Resolves with how many targets failed. */
async function runAll(order: Order): Promise<number> {
  let failures = 0;
  for (const target of targets) {
    failures += await runTarget(target, { ...order, inputs: inputsFor(target, order.inputs) });
  }
  return failures + (await runWires({ ...order, inputs: Math.ceil(order.inputs / 100) }));
}

async function runOne(wanted: string, order: Order): Promise<number> {
  const target = targets.find(({ name }) => name === wanted);
  return target === undefined ? runWires(order) : runTarget(target, order);
}

interface Order {
  readonly seed: number;
  readonly inputs: number;
  readonly from: number;
}

async function runTarget(target: Target, order: Order): Promise<0 | 1> {
  const summary = await runWatched({ target, ...order });
  console.log(describeSummary(summary));
  if (summary.failure === undefined) return 0;
  console.error(describeFailure(target.name, summary.failure));
  console.error(summary.failure.cause);
  return 1;
}

async function runWires(order: Order): Promise<0 | 1> {
  await using fleet = await fuzzedFleet();
  const before = await fleet.pid();
  try {
    const { inputs, seconds, answers } = await fuzzWires(fleet.node, order);
    const shown = [...answers].map(([kind, count]) => `${kind} ${count}`).join(", ");
    console.log(`${wires}: ${inputs} connections in ${seconds.toFixed(1)} s: ${shown}`);
  } catch (error) {
    console.error(error);
    return 1;
  }
  const troubles = fleet.troubles();
  console.error(troubles.join("\n"));
  return troubles.length === 0 && (await fleet.pid()) === before ? 0 : 1;
}

function numberOf(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new TypeError(`"${text}" is not a whole number`);
}
