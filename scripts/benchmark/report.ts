// What the benchmark prints, and what it writes for programs.
import Table from "cli-table3";
import type { Conditions } from "./conditions.ts";
import type { Listing } from "./listing.ts";
import { quantile } from "./load.ts";
import { valueBytes } from "./orders.ts";
import type { RunResult } from "./runs.ts";

export interface BenchmarkResult {
  readonly conditions: Conditions;
  readonly secrets: number;
  readonly runs: readonly RunResult[];
  /** The longest time without an acknowledged write after each kill of the leader, in ms. */
  readonly failoverGaps: readonly number[];
  readonly listing: Listing;
}

/** No call to a healthy region takes longer. */
const patienceMs = 1_000;

export function describeResult({
  conditions,
  secrets,
  runs,
  failoverGaps,
  listing,
}: BenchmarkResult): string {
  return [
    `Three nodes on one machine, TLS on, every write synced; values of ${valueBytes} bytes in ${secrets} secrets.`,
    describeConditions(conditions),
    "The clients share the processors with the nodes.",
    tableOf(runs),
    describeFailover(failoverGaps),
    describeListing(listing),
    ...warningsFor(runs),
  ].join("\n\n");
}

export function describeConditions(conditions: Conditions): string {
  return [
    `${conditions.processors}, ${conditions.memoryGiB} GiB; ${conditions.kernel}; ${conditions.disk};`,
    `Node.js ${conditions.node}; commit ${conditions.commit}; ${conditions.date};`,
    `load average before the first run ${conditions.loadAverage.toFixed(1)}.`,
  ].join("\n");
}

function tableOf(runs: readonly RunResult[]): string {
  const table = new Table({
    head: [
      "run",
      "per s",
      "p50 ms",
      "p99 ms",
      "max ms",
      "errors",
      "CPU us",
      "CPU nodes",
      "clients",
      "others",
    ],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", ...Array.from({ length: 9 }, () => "right" as const)],
  });
  for (const { run, measured, usage } of runs) {
    const { rate, p50, p99, max, errors } = measured;
    const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
    const shares = [
      usage?.nodes.map((share) => share.toFixed(2)).join(" "),
      usage?.clients,
      usage?.others,
    ];
    const cpu = usage?.nodes.reduce((sum, share) => sum + share, 0);
    table.push([
      run.name,
      Math.round(rate),
      ...[p50, p99, max].map((ms) => ms.toFixed(ms < 10 ? 2 : 1)),
      failed,
      cpu === undefined || rate === 0 ? "-" : Math.round((cpu / rate) * 1_000_000),
      ...shares.map((share) => (typeof share === "number" ? share.toFixed(2) : (share ?? "-"))),
    ]);
  }
  return [
    table.toString(),
    "CPU us: processor time of all nodes for one call. The last columns: processors used by each",
    "node, by the clients and by programs that have nothing to do with this.",
  ].join("\n");
}

function describeFailover(gaps: readonly number[]): string {
  const sorted = [...gaps].sort((one, other) => one - other);
  return (
    `kill -9 of the leader, ${gaps.length} times: longest gap between acknowledged writes ` +
    `median ${Math.round(quantile(sorted, 0.5))} ms, most ${Math.round(sorted.at(-1) ?? 0)} ms ` +
    `(${gaps.map(Math.round).join(", ")})`
  );
}

export function describeListing({ secrets, pageSize, results }: Listing): string {
  const table = new Table({
    head: [`ListSecrets, ${secrets} secrets`, "secrets", "p50 ms", "p99 ms", "max ms"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", ...Array.from({ length: 4 }, () => "right" as const)],
  });
  for (const { name, found, p50, p99, max } of results) {
    table.push([name, found, ...[p50, p99, max].map((ms) => ms.toFixed(1))]);
  }
  return [
    table.toString(),
    `One node, pages of up to ${pageSize}, one call at a time as a client beside the node sees it: the`,
    "server's own time is less.",
  ].join("\n");
}

/** Loud, for what a table would hide. */
function warningsFor(runs: readonly RunResult[]): readonly string[] {
  return runs.flatMap(({ run, measured }) => {
    const slow =
      measured.max > patienceMs
        ? [`!!! ${run.name}: A CALL TOOK ${Math.round(measured.max)} ms WHILE ALL WAS WELL !!!`]
        : [];
    const failed = Object.entries(measured.errors).map(
      ([what, count]) => `!!! ${run.name}: ${count} CALLS FAILED: ${what} !!!`,
    );
    return [...slow, ...failed];
  });
}
