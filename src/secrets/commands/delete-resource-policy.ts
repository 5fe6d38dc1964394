// DeleteResourcePolicy: take a secret's policy away. One that has none is left as it is.
import type { EpochMs } from "../../base/ids.ts";
import { accept, refuse, type Outcome } from "../../base/outcome.ts";
import { changeTo, identityOf, isTarget } from "../change.ts";
import type { SecretChange, SecretRecord, SecretTarget } from "../secret.ts";

export interface DeleteResourcePolicy extends SecretTarget {
  readonly kind: "delete_resource_policy";
}

export type DeleteResourcePolicyReply = SecretTarget;

/** Refuses `secret_not_found` and `secret_deleted`. */
export function deleteResourcePolicy(
  secret: SecretRecord | undefined,
  command: DeleteResourcePolicy,
  at: EpochMs,
): Outcome<SecretChange, DeleteResourcePolicyReply> {
  if (!isTarget(secret, command)) return refuse("secret_not_found", {});
  if (secret.deletion !== undefined) return refuse("secret_deleted", {});

  const { hasResourcePolicy, ...rest } = secret;
  if (hasResourcePolicy === undefined) return accept(changeTo(secret), identityOf(secret));
  return accept({ ...changeTo({ ...rest, changedAt: at }), policy: null }, identityOf(secret));
}
