// PutSecretValue: add a version to a secret, and by default make it the current one.
import type { EpochMs } from "../../base/ids.ts";
import { accept, refuse, type Outcome } from "../../base/outcome.ts";
import { changeTo, identityOf, isTarget } from "../change.ts";
import { labelsOn } from "../labels.ts";
import { tokenUse, writeValue } from "../write-value.ts";
import type {
  NewVersion,
  SecretChange,
  SecretLimits,
  SecretRecord,
  SecretTarget,
  StagingLabel,
  VersionId,
} from "../secret.ts";

export interface PutSecretValue extends SecretTarget {
  readonly kind: "put_secret_value";
  readonly version: NewVersion;
  /** Absent: move AWSCURRENT here. */
  readonly stages: readonly StagingLabel[] | undefined;
  readonly limits: SecretLimits;
}

export interface PutSecretValueReply extends SecretTarget {
  readonly versionId: VersionId;
  readonly stages: readonly StagingLabel[];
}

/**
 * A retry is answered with the labels that its version has by now.
 *
 * Refuses `secret_not_found`, `secret_deleted`, `token_in_use` and what a value write refuses.
 */
export function putSecretValue(
  secret: SecretRecord | undefined,
  command: PutSecretValue,
  at: EpochMs,
): Outcome<SecretChange, PutSecretValueReply> {
  if (!isTarget(secret, command)) return refuse("secret_not_found", {});
  if (secret.deletion !== undefined) return refuse("secret_deleted", {});

  const { versionId } = command.version;
  const use = tokenUse(secret, versionId, command.version);
  if (use === "clash") return refuse("token_in_use", { token: versionId, arn: secret.arn });
  if (use === "retry") return accept(changeTo(secret), replyFor(secret, versionId));

  const written = writeValue(secret, command, at);
  if (!written.ok) return written;
  return accept(written.state, replyFor(written.state.secret, versionId));
}

function replyFor(secret: SecretRecord, versionId: VersionId): PutSecretValueReply {
  return { ...identityOf(secret), versionId, stages: labelsOn(secret.labels, versionId) };
}
