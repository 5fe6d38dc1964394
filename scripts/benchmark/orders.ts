// What the benchmark and its worker processes say to each other.
import type { AwsAccess } from "./aws-call.ts";

export interface Access extends AwsAccess {
  /** For gRPC. */
  readonly token: string;
}

export type Operation = "create" | "get" | "put";

/** One worker's share of a run. */
export interface LoadOrder {
  readonly access: Access;
  readonly face: "grpc" | "aws";
  readonly operation: Operation;
  /** `host:port` for gRPC, a URL for AWS; calls go round them. */
  readonly endpoints: readonly string[];
  readonly concurrency: number;
  /** A call that takes longer has failed. */
  readonly timeoutMs: number;
  /** Until then nothing is counted; `create` ends with the last secret instead. */
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** The secrets that this worker creates or writes, so that no two write one. */
  readonly secrets: { readonly first: number; readonly count: number };
  /** How many secrets there are: `get` reads any of them. */
  readonly secretsInAll: number;
  /** `put`: how many versions a secret may still get from this worker. */
  readonly versionsEach: number;
}

export interface LoadReport {
  /** Of calls that succeeded, in milliseconds, in no order. */
  readonly latencies: Float64Array;
  /** When each of them succeeded, as milliseconds since the Unix epoch. */
  readonly doneAt: Float64Array;
  readonly measuredMs: number;
  /** What else calls came to, and how often. */
  readonly errors: Readonly<Record<string, number>>;
  /** The longest a call took that failed. */
  readonly longestFailureMs: number;
  /** Versions that were written to any secret of this worker, at most. */
  readonly versionsUsed: number;
}

export const valueBytes = 1_024;

export function secretName(number: number): string {
  return `bench/${number}`;
}
