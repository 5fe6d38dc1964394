// DeleteSecret: mark a secret for deletion after a recovery window, or remove it at once.
import { epochMs, type EpochMs } from "../../base/ids.ts";
import { accept, refuse, type Outcome } from "../../base/outcome.ts";
import { changeTo, identityOf, isTarget, removed } from "../change.ts";
import { dayMs, recoveryWindowDays as range } from "../limits.ts";
import type { SecretChange, SecretRecord, SecretTarget } from "../secret.ts";

export interface DeleteSecret extends SecretTarget {
  readonly kind: "delete_secret";
  /** Days until it may be purged; 0 removes it now, without recovery. */
  readonly recoveryWindowDays: number;
}

export interface DeleteSecretReply extends SecretTarget {
  readonly deletionDate: EpochMs;
}

/**
 * Removing at once also removes a secret that already waits for its deletion.
 *
 * Refuses `secret_not_found`, `recovery_window_out_of_range` and `secret_already_deleted`.
 */
export function deleteSecret(
  secret: SecretRecord | undefined,
  command: DeleteSecret,
  at: EpochMs,
): Outcome<SecretChange, DeleteSecretReply> {
  if (!isTarget(secret, command)) return refuse("secret_not_found", {});

  const { recoveryWindowDays: days } = command;
  if (days === 0) return accept(removed(secret), { ...identityOf(secret), deletionDate: at });
  if (!Number.isInteger(days) || days < range.least || days > range.most) {
    return refuse("recovery_window_out_of_range", {});
  }
  if (secret.deletion !== undefined) return refuse("secret_already_deleted", {});

  // Held within what a time can be, so that no clock of a proposer can make this throw.
  const scheduledFor = epochMs(Math.min(at + days * dayMs, Number.MAX_SAFE_INTEGER));
  const marked = { ...secret, changedAt: at, deletion: { requestedAt: at, scheduledFor } };
  return accept(changeTo(marked), { ...identityOf(secret), deletionDate: scheduledFor });
}
