// The end of secrets whose recovery window is over. What is sealed goes with its data key, so
// nothing that is left can be opened.
import type { EpochMs } from "../../base/ids.ts";
import { isTarget, removed } from "../change.ts";
import type { SecretChange, SecretRecord, SecretTarget } from "../secret.ts";

export interface PurgeSecrets {
  readonly kind: "purge_secrets";
  /** At most `purgeSecretsMax`. */
  readonly targets: readonly SecretTarget[];
}

export interface PurgeSecretsReply {
  /** How many were removed. */
  readonly purged: number;
}

/** What a proposer puts into one command; apply takes any number. */
export const purgeSecretsMax = 100;

/**
 * Whether it is due is decided by the time of the state: a restored secret, and one whose window is
 * longer than the proposer's clock believes, are left alone.
 */
export function purgeSecret(
  secret: SecretRecord | undefined,
  target: SecretTarget,
  at: EpochMs,
): SecretChange | undefined {
  if (!isTarget(secret, target)) return undefined;
  const { deletion } = secret;
  return deletion !== undefined && deletion.scheduledFor <= at ? removed(secret) : undefined;
}
