// TagResource: add tags, or give known keys new values.
import type { EpochMs } from "../../base/ids.ts";
import { accept, refuse, type Outcome } from "../../base/outcome.ts";
import { changeTo, identityOf, isTarget } from "../change.ts";
import { hasTags, mergeTags } from "../tags.ts";
import type { SecretChange, SecretLimits, SecretRecord, SecretTarget, Tag } from "../secret.ts";

export interface TagResource extends SecretTarget {
  readonly kind: "tag_resource";
  readonly tags: readonly Tag[];
  readonly limits: SecretLimits;
}

export type TagResourceReply = SecretTarget;

/** Refuses `secret_not_found`, `secret_deleted`, `reserved_tag_key` and `too_many_tags`. */
export function tagResource(
  secret: SecretRecord | undefined,
  command: TagResource,
  at: EpochMs,
): Outcome<SecretChange, TagResourceReply> {
  if (!isTarget(secret, command)) return refuse("secret_not_found", {});
  if (secret.deletion !== undefined) return refuse("secret_deleted", {});

  const before = secret.tags ?? [];
  if (hasTags(before, command.tags)) return accept(changeTo(secret), identityOf(secret));
  const merged = mergeTags(before, command.tags, command.limits.tags);
  if (!merged.ok) return merged;
  return accept(changeTo({ ...secret, changedAt: at, tags: merged.state }), identityOf(secret));
}
