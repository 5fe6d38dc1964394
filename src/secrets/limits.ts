// The figures of AWS Secrets Manager (User Guide, "Secrets Manager quotas" and "Secret versions").
// What apply checks again travels in each command, so that a change here changes no history.
import type { SecretLimits } from "./secret.ts";

const hourMs = 3_600_000;
export const dayMs: number = 24 * hourMs;

/** AWS quotas: versions per secret, labels across all versions of a secret, tags per resource. */
export const defaultSecretLimits: SecretLimits = { versions: 100, labels: 20, tags: 50 };

/** AWS quota: secrets in one Region of one account. */
export const defaultRegionSecretLimit = 500_000;

/** AWS quota: the length of a secret value. */
export const valueLimitBytes = 65_536;

/** A younger version is never pruned, however many there are. */
export const pruneAgeMs: number = 24 * hourMs;

/** AWS: DeleteSecret, RecoveryWindowInDays. */
export const recoveryWindowDays = { least: 7, most: 30, standard: 30 } as const;
