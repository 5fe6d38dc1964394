// RestoreSecret: take back a planned deletion.
import type { EpochMs } from "../../base/ids.ts";
import { accept, refuse, type Outcome } from "../../base/outcome.ts";
import { changeTo, identityOf, isTarget } from "../change.ts";
import type { SecretChange, SecretRecord, SecretTarget } from "../secret.ts";

export interface RestoreSecret extends SecretTarget {
  readonly kind: "restore_secret";
}

export type RestoreSecretReply = SecretTarget;

/**
 * Restoring a secret that nobody deleted succeeds and changes nothing.
 *
 * Refuses `secret_not_found`.
 */
export function restoreSecret(
  secret: SecretRecord | undefined,
  command: RestoreSecret,
  at: EpochMs,
): Outcome<SecretChange, RestoreSecretReply> {
  if (!isTarget(secret, command)) return refuse("secret_not_found", {});
  if (secret.deletion === undefined) return accept(changeTo(secret), identityOf(secret));
  return accept(changeTo({ ...secret, changedAt: at, deletion: undefined }), identityOf(secret));
}
