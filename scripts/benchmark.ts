// `npm run bench`: starts a region of three nodes, measures it, prints a table and its conditions.
//
//   --quick       about a minute, instead of about four
//   --json FILE   writes the figures for programs too
//   --large N     one node with N secrets instead: its restart, its memory, its backup
//   --catch-up N  a follower that is N entries behind instead
//   --listing N   one node with N secrets instead: its pages of ListSecrets
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { BenchRegion } from "./benchmark/bench-region.ts";
import { conditionsOf } from "./benchmark/conditions.ts";
import { measureFailover } from "./benchmark/failover.ts";
import { measureCatchUp, measureLargeStore, type Figures } from "./benchmark/large-store.ts";
import { Workers } from "./benchmark/load.ts";
import { measureListing } from "./benchmark/listing.ts";
import {
  describeConditions,
  describeListing,
  describeResult,
  type BenchmarkResult,
} from "./benchmark/report.ts";
import {
  BenchLoad,
  runs,
  versionsForFailover,
  type Pace,
  type RunResult,
} from "./benchmark/runs.ts";

const secrets = 1_000;
const quickPace: Pace = { warmUpMs: 500, measuredMs: 3_500 };
const fullPace: Pace = { warmUpMs: 3_000, measuredMs: 20_000 };
const failoverTrials = { quick: 5, full: 20 } as const;
const listedSecrets = { quick: 10_000, full: 100_000 } as const;

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const flags = parseFlags(words);
  if (flags === undefined) return 2;
  if (flags.large !== undefined) return print(await measureLargeStore(flags.large));
  if (flags.catchUp !== undefined) return print(await measureCatchUp(flags.catchUp));
  if (flags.listing !== undefined) {
    const listing = await measureListing(flags.listing);
    return print([["pages", `\n${describeListing(listing)}`]]);
  }
  const result = await measureAll(flags.length);
  console.log(`\n${describeResult(result)}`);
  if (flags.json !== undefined) {
    writeFileSync(flags.json, `${JSON.stringify(result, undefined, 2)}\n`);
    console.log(`\nThe figures are in ${flags.json}.`);
  }
  return result.runs.some(({ measured }) => measured.count === 0) ? 1 : 0;
}

function print(figures: Figures): number {
  console.log(`\n${describeConditions(conditionsOf(process.cwd()))}\n`);
  for (const [what, figure] of figures) console.log(`${what}: ${figure}`);
  return 0;
}

interface Flags {
  readonly length: "quick" | "full";
  readonly json: string | undefined;
  readonly large: number | undefined;
  readonly catchUp: number | undefined;
  readonly listing: number | undefined;
}

function parseFlags(words: readonly string[]): Flags | undefined {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        quick: { type: "boolean" },
        json: { type: "string" },
        large: { type: "string" },
        "catch-up": { type: "string" },
        listing: { type: "string" },
      },
      strict: true,
    });
    return {
      length: values.quick === true ? "quick" : "full",
      json: values.json,
      large: countOf(values.large),
      catchUp: countOf(values["catch-up"]),
      listing: countOf(values.listing),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(
      `${reason} npm run bench takes --quick, --json FILE, --large N, --catch-up N and --listing N, ` +
        "after two dashes.",
    );
    return undefined;
  }
}

function countOf(word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  const count = Number(word);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new Error(`${word} is no count.`);
}

async function measureAll(length: Flags["length"]): Promise<BenchmarkResult> {
  const measured = await measureRegion(length);
  console.log("Listing …");
  return { ...measured, listing: await measureListing(listedSecrets[length]) };
}

async function measureRegion(length: Flags["length"]): Promise<Omit<BenchmarkResult, "listing">> {
  const conditions = conditionsOf(process.cwd());
  console.log("Starting a region of three nodes …");
  await using region = await BenchRegion.open();
  // One for each node while leaders are killed; the other runs use two.
  using workers = new Workers(3);
  const load = new BenchLoad(region, workers, secrets);
  await load.fill();

  const results: RunResult[] = [];
  for (const run of runs) {
    console.log(`${run.name} …`);
    results.push(await load.measure(run, length === "quick" ? quickPace : fullPace));
  }
  console.log("Killing leaders …");
  const failoverGaps = await measureFailover(region, workers, {
    trials: failoverTrials[length],
    secretsInAll: secrets,
    versionsEach: versionsForFailover,
  });
  const disk = conditionsOf(region.home).disk;
  return { conditions: { ...conditions, disk }, secrets, runs: results, failoverGaps };
}
