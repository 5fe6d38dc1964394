// Runs a load in worker processes and puts together what they report.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { LoadOrder, LoadReport } from "./orders.ts";

export interface Measured {
  /** Calls that succeeded in a second. */
  readonly rate: number;
  readonly count: number;
  /** In milliseconds; 0 when nothing succeeded. */
  readonly p50: number;
  readonly p99: number;
  /** Of calls that failed too. */
  readonly max: number;
  readonly errors: Readonly<Record<string, number>>;
}

export interface LoadResult {
  readonly measured: Measured;
  readonly reports: readonly LoadReport[];
}

/** Worker processes, started once and used for every run. */
export class Workers implements Disposable {
  readonly #processes: readonly ChildProcess[];

  constructor(count: number) {
    this.#processes = Array.from({ length: count }, () =>
      fork(join(import.meta.dirname, "worker.js"), [], { serialization: "advanced" }),
    );
  }

  get pids(): readonly number[] {
    return this.#processes.map(({ pid }) => pid ?? 0);
  }

  /** One order for each worker that is to take part; a worker takes one at a time. */
  async run(orders: readonly LoadOrder[]): Promise<LoadResult> {
    const reports = await Promise.all(
      orders.map(async (order, at) => {
        const worker = this.#processes[at];
        if (worker === undefined) throw new Error(`There is no worker ${at}.`);
        const answer = once(worker, "message");
        worker.send(order);
        const [report] = (await answer) as [LoadReport];
        return report;
      }),
    );
    return { measured: summarized(reports), reports };
  }

  [Symbol.dispose](): void {
    for (const worker of this.#processes) worker.kill();
  }
}

function summarized(reports: readonly LoadReport[]): Measured {
  const latencies = Float64Array.from(reports.flatMap((report) => [...report.latencies])).sort();
  const measuredMs = Math.max(...reports.map((report) => report.measuredMs));
  const errors: Record<string, number> = {};
  for (const report of reports) {
    for (const [what, count] of Object.entries(report.errors)) {
      errors[what] = (errors[what] ?? 0) + count;
    }
  }
  const failures = reports.map(({ longestFailureMs }) => longestFailureMs);
  return {
    rate: latencies.length / (measuredMs / 1_000),
    count: latencies.length,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    max: Math.max(latencies.at(-1) ?? 0, ...failures),
    errors,
  };
}

/** `sorted` ascending; nearest rank. */
export function quantile(sorted: Float64Array | readonly number[], share: number): number {
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? 0;
}
