// How long nobody can write when the leader's process is killed: one writer for each node writes
// all the time, and the longest silence between two acknowledgements after the kill is taken.
import { setTimeout as pause } from "node:timers/promises";
import type { BenchRegion } from "./bench-region.ts";
import type { Workers } from "./load.ts";
import type { LoadOrder, LoadReport } from "./orders.ts";

export interface FailoverSettings {
  readonly trials: number;
  readonly secretsInAll: number;
  readonly versionsEach: number;
}

const settleMs = 700;
const watchedMs = 4_000;
/** A call to a node that is gone or has no leader is given up soon, and made again. */
const writeTimeoutMs = 250;

/** The longest gap of each trial, in milliseconds. */
export async function measureFailover(
  region: BenchRegion,
  workers: Workers,
  settings: FailoverSettings,
): Promise<readonly number[]> {
  const gaps: number[] = [];
  for (let trial = 0; trial < settings.trials; trial += 1) {
    const leader = await region.leader();
    const writing = workers.run(
      region.nodes().map((node, at) => writer(region, settings, [node.grpc, at])),
    );
    await pause(settleMs);
    const killedAt = Date.now();
    process.kill(leader.pid ?? 0, "SIGKILL");
    const { reports } = await writing;
    gaps.push(longestGap(reports, killedAt));
    await region.fleet.waitReady();
  }
  return gaps;
}

function writer(
  region: BenchRegion,
  { secretsInAll, versionsEach }: FailoverSettings,
  [endpoint, at]: readonly [string, number],
): LoadOrder {
  const share = Math.floor(secretsInAll / 3);
  return {
    access: region.access,
    face: "grpc",
    operation: "put",
    endpoints: [endpoint],
    concurrency: 1,
    timeoutMs: writeTimeoutMs,
    warmUpMs: 0,
    measuredMs: settleMs + watchedMs,
    secrets: { first: at * share, count: share },
    secretsInAll,
    versionsEach,
  };
}

/** From the kill on: the time until the first acknowledgement counts too. */
function longestGap(reports: readonly LoadReport[], killedAt: number): number {
  const times = reports
    .flatMap((report) => [...report.doneAt])
    .filter((at) => at >= killedAt)
    .sort((one, other) => one - other);
  return Math.max(
    ...[...times, killedAt + watchedMs].map((at, index) => at - (times[index - 1] ?? killedAt)),
  );
}
