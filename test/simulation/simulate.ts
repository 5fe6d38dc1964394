// `npm run simulate -- [--seeds N] [--first-seed S] [--hours H] [--seed S] [--planted NAME|all]`:
// hunts for bugs for as long as it is told to, and says what it has seen.
import { parseArgs } from "node:util";
import { plantAndHunt } from "./planted-hunt.ts";
import { runFleet, shrinkInWorker, type FleetSummary } from "./simulation-fleet.ts";
import type { SeedOutcome } from "./node-simulation.ts";

const seedMs = 10 * 60_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string" },
      hours: { type: "string" },
      "first-seed": { type: "string", default: "1" },
      seed: { type: "string" },
      planted: { type: "string" },
      shrink: { type: "boolean", default: true },
    },
    allowNegative: true,
  });
  const { planted } = values;
  if (planted !== undefined) return plantAndHunt(planted, numberOf(values.seeds, 400));
  const isOne = values.seed !== undefined;
  const budget = {
    firstSeed: numberOf(values.seed ?? values["first-seed"], 1),
    seeds: isOne ? 1 : numberOf(values.seeds, values.hours === undefined ? 100 : Infinity),
    hours: numberOf(values.hours, Infinity),
    seedMs,
  };
  const begun = performance.now();
  const summary = await runFleet({
    budget,
    stopAt: "first failure",
    onOutcome: (outcome, sofar) => {
      showProgress(outcome, sofar, performance.now() - begun);
    },
  });
  console.log(`\n${figuresOf(summary, performance.now() - begun)}`);
  for (const failure of summary.failures) await showFailure(failure, values.shrink);
  return summary.failures.length === 0 ? 0 : 1;
}

function numberOf(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  throw new TypeError(`"${text}" is not a number above zero`);
}

function showProgress(outcome: SeedOutcome, summary: FleetSummary, realMs: number): void {
  const line = `seed ${String(outcome.seed)}: ${figuresOf(summary, realMs)}`;
  if (process.stdout.isTTY) process.stdout.write(`\r${line}\u001b[K`);
  else if (summary.seeds % 25 === 0) console.log(line);
}

function figuresOf(summary: FleetSummary, realMs: number): string {
  const { seeds, hours, writes, reads, elections, restarts, snapshots, faults } = summary;
  const overall = (hours * 3_600_000) / realMs;
  return [
    `${String(seeds)} seeds, ${hours.toFixed(1)} cluster-hours in ${(realMs / 1000).toFixed(0)} s`,
    `(${overall.toFixed(0)} x real time, ${summary.timesRealPerCore.toFixed(0)} x a core)`,
    `${String(writes)} writes, ${String(reads)} reads, ${String(elections)} elections`,
    `${String(restarts)} restarts, ${String(snapshots)} snapshots, ${String(faults)} faults`,
  ].join(", ");
}

async function showFailure(outcome: SeedOutcome, isShrinking: unknown): Promise<void> {
  const { failure, seed } = outcome;
  if (failure === undefined) return;
  console.log(`\nSEED ${String(seed)} fails at event ${String(failure.event)}: ${failure.finding}`);
  console.log(`Faults of the seed: ${failure.faults.join(", ")}`);
  console.log(failure.history.join("\n"));
  console.log(`Again: npm run simulate -- --seed ${String(seed)}`);
  if (isShrinking !== true || failure.event === 0) return;
  const { without, safetyShare, outcome: least } = await shrinkInWorker(seed, 4 * seedMs);
  if (least.failure === undefined) return;
  const { faults, event, finding, history } = least.failure;
  console.log(`\nIt still fails without: ${without.join(", ")}`);
  console.log(`with ${faults.join(", ") || "no fault"}, which end after ${String(safetyShare)}`);
  console.log(`of their time, at event ${String(event)}: ${finding}`);
  console.log(history.join("\n"));
}
