// `npm run test:nemesis`: histories of a region that is hurt in every way, one after the other, and
// what they prove. Histories that fail are kept.
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { packageFolder } from "../../src/base/package-folder.ts";
import { emptyTally } from "./faults.ts";
import { NemesisRegion } from "./nemesis-region.ts";
import { faultKinds, type FaultKind } from "./plan.ts";
import { Random } from "./random.ts";
import { runHistory, type HistoryReport } from "./run-history.ts";
import { buildShim } from "./shim.ts";
import { describeVerdict } from "./verdict.ts";

/** Ignored by git. */
const keptFolder = join(packageFolder(), ".holdfast/nemesis");
/** A region serves this many histories: founding one takes as long as a short history. */
const historiesOfRegion = 12;

const { values } = parseArgs({
  options: {
    histories: { type: "string", default: "30" },
    seconds: { type: "string", default: "5" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    kinds: { type: "string" },
    keep: { type: "boolean", default: false },
  },
});
const count = Number(values.histories);
const seconds = Number(values.seconds);
const firstSeed = Number(values.seed);
const tally = emptyTally();
const byKind = new Map<FaultKind, { passed: number; failed: number }>();
const totals = { calls: 0, unknown: 0, undecided: 0, ok: 0 };

const shim = buildShim();
if (shim.kind === "impossible") {
  console.log(`SKIPPED: everything but kills and pauses, for ${shim.reason}`);
}
const kinds = wantedKinds();
mkdirSync(keptFolder, { recursive: true });
const begun = performance.now();
let region: NemesisRegion | undefined;
let used = 0;
// Whoever ends it early leaves neither processes nor mounts behind.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void region?.[Symbol.asyncDispose]().finally(() => process.exit(1));
  });
}
try {
  for (let at = 0; at < count; at += 1) {
    const main = kinds[at % kinds.length] ?? "kill_leader";
    const seed = firstSeed + at;
    region ??= await NemesisRegion.open({ shim, chance: new Random(seed).next });
    used += 1;
    const isReusable = await runOne(region, main, seed);
    if (isReusable && used < historiesOfRegion) continue;
    await region[Symbol.asyncDispose]();
    region = undefined;
    used = 0;
  }
} finally {
  await region?.[Symbol.asyncDispose]();
}
conclude();
// Connections to nodes that were paused, cut off or killed may linger: nobody waits for them.
process.exit();

function wantedKinds(): readonly FaultKind[] {
  const named = values.kinds?.split(",") ?? faultKinds;
  const known = faultKinds.filter((kind) => named.includes(kind));
  const isSimple = (kind: FaultKind): boolean => /^(?:kill|pause)_/.test(kind);
  return shim.kind === "built" ? known : known.filter(isSimple);
}

/** Whether the region can serve another history. */
async function runOne(where: NemesisRegion, main: FaultKind, seed: number): Promise<boolean> {
  const file = join(keptFolder, `${seed}-${main}.ndjson`);
  const choices = { main, seed, faultsMs: 1_000 * seconds, file, tally };
  const report = await runHistory(where, choices);
  const { verdict, isRegionSpent } = report;
  const isGood = isRight(report);
  const sum = byKind.get(main) ?? { passed: 0, failed: 0 };
  byKind.set(main, sum);
  if (isGood) sum.passed += 1;
  else sum.failed += 1;
  totals.calls += verdict.calls;
  totals.ok += verdict.ok;
  totals.unknown += verdict.unknown;
  totals.undecided += verdict.undecided.length;
  tell(seed, report);
  if (isGood && !values.keep) rmSync(file);
  if (!isGood) {
    const kept = file.replace(/\.ndjson$/, "");
    cpSync(where.home, kept, { recursive: true, filter: (path) => !path.endsWith(".sock") });
    console.log(`    kept: ${file}; the region's files: ${kept}`);
  }
  return isGood && !isRegionSpent;
}

/** A secret that no check could decide on is not shown to be right. */
function isRight({ verdict, complaints }: HistoryReport): boolean {
  const { contradictions, undecided } = verdict;
  return contradictions.length + undecided.length + complaints.length === 0;
}

function tell(seed: number, report: HistoryReport): void {
  const { plan, verdict, complaints } = report;
  const faults = plan.faults.map(({ kind }) => kind).join(" + ");
  console.log(
    `  ${isRight(report) ? "✓" : "✗"} seed ${seed}: ${faults}; ${describeVerdict(verdict)}`,
  );
  for (const complaint of complaints) console.log(`    ${complaint}`);
}

function conclude(): void {
  const { calls, unknown, undecided, ok } = totals;
  const minutes = (performance.now() - begun) / 60_000;
  for (const [kind, { passed, failed }] of byKind) {
    console.log(`  ${kind}: ${passed} passed, ${failed} failed`);
  }
  const share = calls === 0 ? 0 : (100 * unknown) / calls;
  console.log(
    `${calls} calls, ${ok} done, ${share.toFixed(2)} % unknown, ${undecided} secrets undecided, ` +
      `${minutes.toFixed(1)} minutes; ${JSON.stringify(tally)}`,
  );
  const sums = [...byKind.values()];
  const passed = sums.reduce((sum, each) => sum + each.passed, 0);
  const failed = sums.reduce((sum, each) => sum + each.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
}
