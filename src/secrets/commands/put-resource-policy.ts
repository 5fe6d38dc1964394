// PutResourcePolicy: give a secret a policy that says who may do what with it, or another one.
import type { EpochMs } from "../../base/ids.ts";
import { accept, refuse, type Outcome } from "../../base/outcome.ts";
import { changeTo, identityOf, isTarget } from "../change.ts";
import type { SecretChange, SecretRecord, SecretTarget } from "../secret.ts";

export interface PutResourcePolicy extends SecretTarget {
  readonly kind: "put_resource_policy";
  /** The JSON text of the policy, as it was given; whoever proposes has read and checked it. */
  readonly policy: string;
}

export type PutResourcePolicyReply = SecretTarget;

/** Refuses `secret_not_found` and `secret_deleted`. */
export function putResourcePolicy(
  secret: SecretRecord | undefined,
  command: PutResourcePolicy,
  at: EpochMs,
): Outcome<SecretChange, PutResourcePolicyReply> {
  if (!isTarget(secret, command)) return refuse("secret_not_found", {});
  if (secret.deletion !== undefined) return refuse("secret_deleted", {});

  const successor: SecretRecord = { ...secret, changedAt: at, hasResourcePolicy: true };
  return accept({ ...changeTo(successor), policy: command.policy }, identityOf(secret));
}
