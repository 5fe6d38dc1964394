// UntagResource: remove tags by key; a key that is not there is no error.
import type { EpochMs } from "../../base/ids.ts";
import { accept, refuse, type Outcome } from "../../base/outcome.ts";
import { changeTo, identityOf, isTarget } from "../change.ts";
import type { SecretChange, SecretRecord, SecretTarget } from "../secret.ts";

export interface UntagResource extends SecretTarget {
  readonly kind: "untag_resource";
  readonly tagKeys: readonly string[];
}

export type UntagResourceReply = SecretTarget;

/** Refuses `secret_not_found` and `secret_deleted`. */
export function untagResource(
  secret: SecretRecord | undefined,
  command: UntagResource,
  at: EpochMs,
): Outcome<SecretChange, UntagResourceReply> {
  if (!isTarget(secret, command)) return refuse("secret_not_found", {});
  if (secret.deletion !== undefined) return refuse("secret_deleted", {});

  const before = secret.tags ?? [];
  const unwanted = new Set(command.tagKeys);
  const tags = before.filter(({ key }) => !unwanted.has(key));
  if (tags.length === before.length) return accept(changeTo(secret), identityOf(secret));
  return accept(changeTo({ ...secret, changedAt: at, tags }), identityOf(secret));
}
