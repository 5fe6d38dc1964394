// UpdateSecret: change what is known of a secret, and its value when one is given.
import type { EpochMs } from "../../base/ids.ts";
import { accept, refuse, type Outcome } from "../../base/outcome.ts";
import { changeTo, identityOf, isTarget } from "../change.ts";
import { textAfter } from "../given-text.ts";
import { tokenUse, writeValue } from "../write-value.ts";
import type {
  NewVersion,
  SecretChange,
  SecretLimits,
  SecretRecord,
  SecretTarget,
  VersionId,
} from "../secret.ts";

export interface UpdateSecret extends SecretTarget {
  readonly kind: "update_secret";
  /** Absent members keep their value; the empty string removes a description or a key choice. */
  readonly description: string | undefined;
  readonly type: string | undefined;
  readonly kmsKeyId: string | undefined;
  readonly version: NewVersion | undefined;
  readonly limits: SecretLimits;
}

export interface UpdateSecretReply extends SecretTarget {
  readonly versionId: VersionId | undefined;
}

/**
 * A known token with the same content is a retry and succeeds, as AWS does and its API text denies.
 *
 * Refuses `secret_not_found`, `secret_deleted`, `token_in_use` and what a value write refuses.
 */
export function updateSecret(
  secret: SecretRecord | undefined,
  command: UpdateSecret,
  at: EpochMs,
): Outcome<SecretChange, UpdateSecretReply> {
  if (!isTarget(secret, command)) return refuse("secret_not_found", {});
  if (secret.deletion !== undefined) return refuse("secret_deleted", {});

  const successor: SecretRecord = {
    ...secret,
    changedAt: at,
    description: textAfter(secret.description, command.description),
    type: textAfter(secret.type, command.type),
    kmsKeyId: textAfter(secret.kmsKeyId, command.kmsKeyId),
  };
  const { version, limits } = command;
  if (version === undefined) {
    return accept(changeTo(successor), { ...identityOf(secret), versionId: undefined });
  }

  const { versionId } = version;
  const use = tokenUse(secret, versionId, version);
  if (use === "clash") return refuse("token_in_use", { token: versionId, arn: secret.arn });
  if (use === "retry") return accept(changeTo(secret), { ...identityOf(secret), versionId });

  const written = writeValue(successor, { version, stages: undefined, limits }, at);
  if (!written.ok) return written;
  return accept(written.state, { ...identityOf(secret), versionId });
}
