// The runs of the benchmark, in order, and what each of them measures.
import type { BenchRegion } from "./bench-region.ts";
import type { LoadResult, Measured, Workers } from "./load.ts";
import type { LoadOrder } from "./orders.ts";
import { processorTime, usageBetween, type Usage } from "./processor-time.ts";

export interface Run {
  readonly name: string;
  readonly face: "grpc" | "aws";
  readonly operation: "get" | "put";
  readonly nodes: "leader" | "all";
  readonly concurrency: number;
}

export const runs: readonly Run[] = [
  { face: "grpc", operation: "get", nodes: "leader", concurrency: 1 },
  { face: "grpc", operation: "get", nodes: "leader", concurrency: 64 },
  { face: "grpc", operation: "get", nodes: "all", concurrency: 1 },
  { face: "grpc", operation: "get", nodes: "all", concurrency: 64 },
  { face: "grpc", operation: "put", nodes: "leader", concurrency: 1 },
  { face: "grpc", operation: "put", nodes: "leader", concurrency: 64 },
  { face: "aws", operation: "get", nodes: "leader", concurrency: 16 },
].map((run) => ({ ...run, name: nameOf(run as Omit<Run, "name">) }) as Run);

export interface RunResult {
  readonly run: Run;
  readonly measured: Measured;
  /** In the order of cluster.json; nothing where there is no /proc. */
  readonly usage: NodeUsage | undefined;
}

export interface NodeUsage {
  readonly nodes: readonly number[];
  readonly clients: number;
  /** Programs that have nothing to do with the benchmark. */
  readonly others: number;
}

export interface Pace {
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

/** Each secret may have a hundred versions, none of which is pruned for a day. */
const versionQuota = 100;
/** Kept for the writes while leaders are killed. */
export const versionsForFailover = 30;
const healthyTimeoutMs = 30_000;

export class BenchLoad {
  readonly #region: BenchRegion;
  readonly #workers: Workers;
  readonly #secretsInAll: number;
  #versionsUsed = 1;

  constructor(region: BenchRegion, workers: Workers, secretsInAll: number) {
    this.#region = region;
    this.#workers = workers;
    this.#secretsInAll = secretsInAll;
  }

  /** Makes the secrets. Throws when not all of them could be made. */
  async fill(): Promise<void> {
    const endpoints = [(await this.#region.leader()).grpc];
    const order = { face: "grpc", operation: "create", endpoints, concurrency: 32 } as const;
    const { measured } = await this.#workers.run(
      this.#shares(order, { warmUpMs: 0, measuredMs: 0 }),
    );
    if (measured.count !== this.#secretsInAll) {
      throw new Error(`The secrets could not be made: ${JSON.stringify(measured.errors)}`);
    }
  }

  async measure(run: Run, pace: Pace): Promise<RunResult> {
    const nodes = run.nodes === "all" ? this.#region.nodes() : [await this.#region.leader()];
    const endpoints = nodes.map(({ grpc, https }) => (run.face === "grpc" ? grpc : https));
    const workerCount = run.concurrency === 1 ? 1 : 2;
    const orders = this.#shares(
      { ...run, endpoints, concurrency: run.concurrency / workerCount },
      pace,
    ).slice(0, workerCount);

    const { result, usage } = await this.#withUsage(() => this.#workers.run(orders));
    this.#versionsUsed += Math.max(...result.reports.map(({ versionsUsed }) => versionsUsed));
    return { run, measured: result.measured, usage };
  }

  #shares(
    order: Pick<LoadOrder, "face" | "operation" | "endpoints" | "concurrency">,
    pace: Pace,
  ): readonly LoadOrder[] {
    const share = Math.floor(this.#secretsInAll / 2);
    return [0, 1].map((worker) => ({
      ...order,
      ...pace,
      access: this.#region.access,
      timeoutMs: healthyTimeoutMs,
      secrets: { first: worker * share, count: share },
      secretsInAll: this.#secretsInAll,
      versionsEach: Math.max(versionQuota - versionsForFailover - this.#versionsUsed, 0),
    }));
  }

  async #withUsage(
    work: () => Promise<LoadResult>,
  ): Promise<{ readonly result: LoadResult; readonly usage: NodeUsage | undefined }> {
    const nodePids = this.#region.nodes().map(({ pid }) => pid ?? 0);
    const pids = [...nodePids, ...this.#workers.pids];
    const before = processorTime(pids);
    const result = await work();
    const usage = usageBetween(before, processorTime(pids));
    return { result, usage: usage && byRole(usage, nodePids.length) };
  }
}

function byRole({ ofProcesses, others }: Usage, nodeCount: number): NodeUsage {
  return {
    nodes: ofProcesses.slice(0, nodeCount),
    clients: ofProcesses.slice(nodeCount).reduce((sum, share) => sum + share, 0),
    others,
  };
}

function nameOf({ face, operation, nodes, concurrency }: Omit<Run, "name">): string {
  const what = operation === "get" ? "GetSecretValue" : "PutSecretValue";
  const where = nodes === "all" ? "all nodes" : "leader";
  return `${what} ${face === "grpc" ? "gRPC" : "AWS"}, ${where}, ${concurrency} at once`;
}
