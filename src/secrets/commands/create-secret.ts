// CreateSecret: a new secret, with its first version when the caller gave a value.
import type { EpochMs } from "../../base/ids.ts";
import { accept, refuse, type Outcome } from "../../base/outcome.ts";
import { changeTo, identityOf } from "../change.ts";
import { textAfter } from "../given-text.ts";
import { mergeTags } from "../tags.ts";
import { tokenUse, writeValue } from "../write-value.ts";
import type {
  NewVersion,
  SecretChange,
  SecretLimits,
  SecretRecord,
  SecretTarget,
  Tag,
  VersionId,
} from "../secret.ts";

export interface CreateSecret extends SecretTarget {
  readonly kind: "create_secret";
  readonly token: VersionId;
  readonly description: string | undefined;
  readonly type: string | undefined;
  readonly kmsKeyId: string | undefined;
  readonly tags: readonly Tag[] | undefined;
  readonly version: NewVersion | undefined;
  readonly limits: SecretLimits;
  /** How many secrets the region may hold; absent: any number. */
  readonly regionSecretLimit?: number | undefined;
  /** Absent in commands from before records kept a token: they write what they wrote then. */
  readonly keepsToken?: true;
}

export interface CreateSecretReply extends SecretTarget {
  readonly versionId: VersionId | undefined;
}

/** What the region knows that no record of a secret does. */
export interface RegionCount {
  /** The `order` of the next secret. */
  readonly nextOrder: number;
  readonly secretCount: number;
}

/**
 * Here the name is what counts, not the ARN: the one in the command was made for this attempt, and
 * whoever retries is told the one that was stored. A retry of a create with a value is known by the
 * version that the first one made; one without, by the token that the record keeps.
 *
 * Refuses `secret_name_scheduled`, `token_in_use`, `secret_exists`, `too_many_secrets`,
 * `reserved_tag_key`, `too_many_tags` and what a value write refuses.
 */
export function createSecret(
  secret: SecretRecord | undefined,
  command: CreateSecret,
  at: EpochMs,
  region: RegionCount,
): Outcome<SecretChange, CreateSecretReply> {
  if (secret !== undefined) return answerTaken(secret, command);

  const { name, arn, version, limits, regionSecretLimit: limit } = command;
  if (limit !== undefined && region.secretCount >= limit) {
    return refuse("too_many_secrets", { limit });
  }
  const tags = mergeTags([], command.tags ?? [], limits.tags);
  if (!tags.ok) return tags;

  const created: SecretRecord = {
    name,
    arn,
    order: region.nextOrder,
    createdAt: at,
    changedAt: at,
    description: textAfter(undefined, command.description),
    type: textAfter(undefined, command.type),
    kmsKeyId: textAfter(undefined, command.kmsKeyId),
    tags: tags.state.length === 0 ? undefined : tags.state,
    deletion: undefined,
    versions: new Map(),
    labels: new Map(),
    ...keptToken(command),
  };
  if (version === undefined) return accept(changeTo(created), { name, arn, versionId: undefined });

  const written = writeValue(created, { version, stages: undefined, limits }, at);
  if (!written.ok) return written;
  return accept(written.state, { name, arn, versionId: version.versionId });
}

function keptToken({
  token,
  version,
  keepsToken,
}: CreateSecret): Pick<SecretRecord, "creationToken"> {
  return version === undefined && keepsToken ? { creationToken: token } : {};
}

/** Whether a create with this token may be a retry of one before, for all that is known of it. */
export function mayBeRetry(secret: SecretRecord, token: VersionId): boolean {
  return secret.versions.has(token) || secret.creationToken === token;
}

function answerTaken(
  secret: SecretRecord,
  { name, token, version }: CreateSecret,
): Outcome<SecretChange, CreateSecretReply> {
  if (secret.deletion !== undefined) return refuse("secret_name_scheduled", {});
  if (version === undefined && secret.creationToken === token) {
    return accept(changeTo(secret), { ...identityOf(secret), versionId: undefined });
  }
  switch (tokenUse(secret, token, version)) {
    case "retry":
      return accept(changeTo(secret), { ...identityOf(secret), versionId: token });
    case "clash":
      return refuse("token_in_use", { token, arn: secret.arn });
    case "unseen":
      return refuse("secret_exists", { name });
  }
}
