// One history: traffic, faults on top of it, healing, quiet, a last look; then the verdict.
import { execFileSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { packageFolder } from "../../src/base/package-folder.ts";
import { Faults, type Tally } from "./faults.ts";
import { Recorder } from "./history.ts";
import type { NemesisRegion } from "./nemesis-region.ts";
import { NodeCaller } from "./node-caller.ts";
import { planHistory, type FaultKind, type Plan } from "./plan.ts";
import { Random } from "./random.ts";
import { judge, type Verdict } from "./verdict.ts";
import { Workload } from "./workload.ts";

export interface HistoryChoices {
  readonly main: FaultKind;
  readonly seed: number;
  /** Traffic under faults; healing and the last look come on top. */
  readonly faultsMs: number;
  readonly file: string;
  readonly tally: Tally;
}

export interface HistoryReport {
  readonly plan: Plan;
  readonly verdict: Verdict;
  /** What went wrong besides the verdict: nodes that ended, or did not come back. */
  readonly complaints: readonly string[];
  /** The region has a node that is lost: the next history needs another. */
  readonly isRegionSpent: boolean;
}

const warmUpMs = 400;
/** How many calls must be answered once all is put right, and how soon. */
const callsAfterwards = 50;
const servesWithinMs = 60_000;
/** What is promised: whole again in this time, whatever was. */
const convergeMs = 60_000;
const clients = 9;

export async function runHistory(
  region: NemesisRegion,
  { main, seed, faultsMs, file, tally }: HistoryChoices,
): Promise<HistoryReport> {
  const random = new Random(seed);
  const plan = planHistory(main, random, faultsMs);
  const header = { format: 1, seed, plan, commit: commit(), versions: process.versions } as const;
  using recorder = new Recorder(file, { ...header, versions: { node: process.version } });
  const callers = region.nodes.map((node) => new NodeCaller(node, region.access));
  const name = `h${seed}`;
  const workload = new Workload(name, callers, { recorder, random: random.fork(), clients });
  const faults = new Faults(region, { recorder, random: random.fork(), tally });

  await pause(warmUpMs);
  await Promise.all(plan.faults.map((fault) => faults.carryOut(fault)));
  recorder.fault("quiet");
  const complaints: string[] = [];
  if (!(await servesAgain(recorder))) complaints.push("the healed region does not serve");
  await workload.stop();

  const { isRegionSpent } = faults;
  if (!isRegionSpent) {
    await region.untilConverged(convergeMs).catch((error: unknown) => {
      complaints.push(error instanceof Error ? error.message : String(error));
    });
  }
  if (complaints.length === 0) await workload.lookAtAll(random);
  for (const node of region.nodes) {
    complaints.push(...node.unexpected.splice(0));
    node.blame();
  }
  for (const caller of callers) caller[Symbol.dispose]();
  return { plan, verdict: judge(recorder), complaints, isRegionSpent };
}

async function servesAgain(recorder: Recorder): Promise<boolean> {
  const answered = (): number =>
    recorder.calls.reduce((sum, { outcome }) => sum + (outcome.kind === "ok" ? 1 : 0), 0);
  const goal = answered() + callsAfterwards;
  const deadline = performance.now() + servesWithinMs;
  while (answered() < goal) {
    if (performance.now() > deadline) return false;
    await pause(50);
  }
  return true;
}

let knownCommit: string | undefined;

function commit(): string {
  knownCommit ??= readCommit();
  return knownCommit;
}

function readCommit(): string {
  try {
    const words = ["rev-parse", "--short", "HEAD"];
    return execFileSync("git", words, { cwd: packageFolder(), encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}
