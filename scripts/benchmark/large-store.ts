// What a region costs that holds very much: one node with a million small secrets, and a follower
// that is a hundred thousand entries behind.
import { execFile } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { BenchRegion, regionName } from "./bench-region.ts";
import { fillStores, nameOfFilled } from "./fill-stores.ts";

const valueBytes = 64;
const longMs = 600_000;
const run = promisify(execFile);

/** Each line is a figure with its unit. */
export type Figures = readonly (readonly [what: string, figure: string])[];

/** One node with this many secrets: its restart, its memory, its backup. */
export async function measureLargeStore(secrets: number): Promise<Figures> {
  await using region = await BenchRegion.open(1);
  const figures: [string, string][] = [];
  const timed = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    const begun = performance.now();
    await work();
    figures.push([what, seconds(performance.now() - begun)]);
    console.log(`  ${figures.at(-1)?.join(": ") ?? ""}`);
  };
  await region.pauseFleet();
  await timed(`fill with ${secrets} secrets of ${valueBytes} bytes`, () =>
    fillStores(region.configFiles(), { count: secrets, valueBytes }),
  );
  await timed("restart until the node answers", () => region.resumeFleet(longMs));
  figures.push(["resident memory once it answers", residentMemory(region)]);
  using client = region.client();
  await timed("the first page of ListSecrets", () => client.listSecrets({ maxResults: 100 }));
  await timed("a read of one secret", () =>
    client.getSecretValue({ secretId: nameOfFilled(secrets - 1) }),
  );
  const file = join(region.home, "large.backup");
  await timed("backup to a file", () => holdfast(region, ["backup", "create", file]));
  figures.push(["size of the backup", `${(statSync(file).size / 2 ** 20).toFixed(0)} MiB`]);
  await timed("verified restore of the backup", () => holdfast(region, ["backup", "verify", file]));
  figures.push(["most resident memory of the node", residentMemory(region)]);
  return figures;
}

/** A follower that lacks this many entries, which the others hold no more: until it has them. */
export async function measureCatchUp(entries: number): Promise<Figures> {
  await using region = await BenchRegion.open(3);
  const leader = await region.leader();
  const behind = region.nodes().find(({ id }) => id !== leader.id)?.id ?? "";
  await region.fleet.stop({ kind: "node", nodeId: behind });
  await region.pauseFleet();
  const others = region.configFiles().filter((_file, at) => region.nodes()[at]?.id !== behind);
  await fillStores(others, { count: entries, valueBytes });

  await region.resumeFleet(longMs, behind);
  const target = Math.max(
    ...(await region.fleet.nodes()).map(({ health }) => health?.applied ?? 0),
  );
  using client = region.client();
  const begun = performance.now();
  let reads = 0;
  let slowest = 0;
  await region.fleet.start({ kind: "node", nodeId: behind });
  while (((await region.fleet.node(behind)).health?.applied ?? 0) < target) {
    const asked = performance.now();
    await client.getSecretValue({ secretId: nameOfFilled(reads % entries) });
    slowest = Math.max(slowest, performance.now() - asked);
    reads += 1;
    await pause(20);
  }
  return [
    [
      `a follower ${entries} entries behind has caught up after`,
      seconds(performance.now() - begun),
    ],
    ["reads that were served meanwhile, one at a time", String(reads)],
    ["slowest of them", `${slowest.toFixed(0)} ms`],
  ];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 1000 ? 3 : 1)} s`;
}

/** The most that the node's process has ever held at once. */
function residentMemory(region: BenchRegion): string {
  const pid = region.nodes()[0]?.pid ?? 0;
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kibibytes = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);
  return `${(kibibytes / 1024).toFixed(0)} MiB`;
}

async function holdfast(region: BenchRegion, words: readonly string[]): Promise<void> {
  const program = join(import.meta.dirname, "../../src/cli/main.js");
  const env = { ...process.env, ...region.fleet.environment(regionName) };
  await run(process.execPath, [program, ...words], { env, timeout: longMs });
}
