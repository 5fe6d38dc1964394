// How often one principal may ask (AWS: User Guide, "Secrets Manager quotas", request rates). Some
// operations share a quota. Every node counts what it is asked itself; what one node hands to
// another was counted where it came in.
import { TokenBuckets } from "../base/token-buckets.ts";
import type { Clock } from "../base/clock.ts";
import type { Refusal } from "../base/errors.ts";
import type { OperationName } from "./operations/operations.ts";

/** Which operations share a quota. */
export type RateGroup =
  | "getSecretValue"
  | "describeSecret"
  | "batchGetSecretValue"
  | "listSecrets"
  | "listSecretVersionIds"
  | "getRandomPassword"
  | "createSecret"
  | "deleteSecret"
  | "restoreSecret"
  | "changeSecret"
  | "rotateSecret"
  | "tagResource"
  | "resourcePolicy"
  | "cluster";

export type RequestRates = Readonly<Record<RateGroup, number>>;

/** Requests a second: the figures of AWS; the last group is ours alone. */
export const defaultRequestRates: RequestRates = {
  getSecretValue: 10_000,
  describeSecret: 40_000,
  batchGetSecretValue: 100,
  listSecrets: 100,
  listSecretVersionIds: 50,
  getRandomPassword: 50,
  createSecret: 50,
  deleteSecret: 50,
  restoreSecret: 50,
  changeSecret: 50,
  rotateSecret: 50,
  tagResource: 50,
  resourcePolicy: 50,
  cluster: 50,
};

/** The quota that an operation counts against. One without a row here does not compile. */
export const rateGroupOf: Readonly<Record<OperationName, RateGroup>> = {
  GetSecretValue: "getSecretValue",
  DescribeSecret: "describeSecret",
  BatchGetSecretValue: "batchGetSecretValue",
  ListSecrets: "listSecrets",
  ListSecretVersionIds: "listSecretVersionIds",
  GetRandomPassword: "getRandomPassword",
  CreateSecret: "createSecret",
  DeleteSecret: "deleteSecret",
  RestoreSecret: "restoreSecret",
  PutSecretValue: "changeSecret",
  UpdateSecret: "changeSecret",
  UpdateSecretVersionStage: "changeSecret",
  ReplicateSecretToRegions: "changeSecret",
  RemoveRegionsFromReplication: "changeSecret",
  StopReplicationToReplica: "changeSecret",
  RotateSecret: "rotateSecret",
  CancelRotateSecret: "rotateSecret",
  TagResource: "tagResource",
  UntagResource: "tagResource",
  PutResourcePolicy: "resourcePolicy",
  GetResourcePolicy: "resourcePolicy",
  DeleteResourcePolicy: "resourcePolicy",
  ValidateResourcePolicy: "resourcePolicy",
  ListMembers: "cluster",
  InviteMember: "cluster",
  PromoteMember: "cluster",
  ReplaceMember: "cluster",
  RemoveMember: "cluster",
  TransferLeadership: "cluster",
  NoteAccesses: "cluster",
};

export interface RateLimitsParts {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly perSecond: RequestRates;
  /** So many are remembered at a time; 10,000 unless said otherwise. */
  readonly principals?: number;
}

const defaultPrincipals = 10_000;

/**
 * Counts for each principal and quota. What a second allows may also come at once.
 *
 * Who asked less than a second ago may be forgotten when very many ask, and then begins anew.
 */
export class RateLimits {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #buckets: ReadonlyMap<RateGroup, TokenBuckets>;

  constructor({ clock, perSecond, principals = defaultPrincipals }: RateLimitsParts) {
    this.#clock = clock;
    this.#buckets = new Map(
      (Object.entries(perSecond) as [RateGroup, number][]).map(([group, rate]) => [
        group,
        new TokenBuckets({ capacity: rate, perSecond: rate, keys: principals }),
      ]),
    );
  }

  /** Gives back `rate_exceeded` when this one comes too soon; it is not counted then. */
  admit(principalArn: string, operation: OperationName): Refusal | undefined {
    const buckets = this.#buckets.get(rateGroupOf[operation]);
    const isWithin = buckets?.take(principalArn, this.#clock.monotonicMs()) ?? true;
    return isWithin ? undefined : { code: "rate_exceeded", facts: {} };
  }
}
