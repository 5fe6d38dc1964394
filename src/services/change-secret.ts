// The operations that change a secret and leave its values alone: labels, tags, deletion.
import { mintSecretArn, type SecretReference } from "../base/arn.ts";
import { refuseCall, RefusedError } from "../base/errors.ts";
import { recoveryWindowDays } from "../secrets/limits.ts";
import type { SecretRecord } from "../secrets/secret.ts";
import type { RequestOf, ResponseOf } from "./operations/operations.ts";
import { findLiveSecret, findSecret, lookUpSecret } from "./find-secret.ts";
import { carryOut, type Handler, type OperationCall } from "./operation-call.ts";
import { completeTags, requireDistinctKeys } from "./request-tags.ts";

/** AWS: UpdateSecretVersionStage. */
export const updateSecretVersionStage: Handler<"UpdateSecretVersionStage"> = async (
  call,
  request,
) => {
  const { secretId, versionStage, removeFromVersionId, moveToVersionId } = request;

  const { name, arn } = await findLiveSecret(call, "UpdateSecretVersionStage", secretId);
  if (removeFromVersionId === undefined && moveToVersionId === undefined) {
    throw refuseCall("label_change_missing", {});
  }
  return carryOut(call, {
    kind: "update_version_stage",
    name,
    arn,
    label: versionStage,
    removeFrom: removeFromVersionId,
    moveTo: moveToVersionId,
    limits: call.parts.limits.secret,
  });
};

/** AWS: TagResource. */
export const tagResource: Handler<"TagResource"> = async (call, request) => {
  const tags = completeTags(request.tags);

  const { name, arn } = await findLiveSecret(call, "TagResource", request.secretId);
  requireDistinctKeys(tags);
  const { secret: limits } = call.parts.limits;
  await carryOut(call, { kind: "tag_resource", name, arn, tags, limits });
  return {};
};

/** AWS: UntagResource. */
export const untagResource: Handler<"UntagResource"> = async (call, request) => {
  const { name, arn } = await findLiveSecret(call, "UntagResource", request.secretId);
  await carryOut(call, { kind: "untag_resource", name, arn, tagKeys: request.tagKeys });
  return {};
};

/** AWS: RestoreSecret. */
export const restoreSecret: Handler<"RestoreSecret"> = async (call, request) => {
  const { name, arn } = await findSecret(call, "RestoreSecret", request.secretId);
  return carryOut(call, { kind: "restore_secret", name, arn });
};

/**
 * AWS: DeleteSecret. By force, a secret that is not there is deleted as well as it can be: the
 * answer looks like any other, so that a retry after a lost answer succeeds.
 */
export const deleteSecret: Handler<"DeleteSecret"> = async (call, request) => {
  const { reference, secret } = await lookUpSecret(call, "DeleteSecret", request.secretId);
  if (request.forceDeleteWithoutRecovery !== true) requireUndeleted(secret);
  const days = recoveryWindow(request);
  if (secret === undefined) return nothingToDelete(call, reference);
  const { name, arn } = secret;
  const command = { kind: "delete_secret", name, arn, recoveryWindowDays: days } as const;
  const outcome = await call.parts.group.propose(command, call.caller);
  if (outcome.ok) return outcome.reply;
  // Somebody else deleted it between the look and the proposal.
  if (days === 0 && outcome.refusal.code === "secret_not_found") {
    return nothingToDelete(call, { kind: "arn", name, arn });
  }
  throw new RefusedError(outcome.refusal);
};

/** Throws `secret_not_found` and `secret_already_deleted`. */
function requireUndeleted(secret: SecretRecord | undefined): void {
  if (secret === undefined) throw refuseCall("secret_not_found", {});
  if (secret.deletion !== undefined) throw refuseCall("secret_already_deleted", {});
}

/** In days; 0 for none. Throws `recovery_window_with_force` and `recovery_window_out_of_range`. */
function recoveryWindow(request: RequestOf<"DeleteSecret">): number {
  const { recoveryWindowInDays: days, forceDeleteWithoutRecovery: isForced = false } = request;
  if (isForced) {
    if (days !== undefined) throw refuseCall("recovery_window_with_force", {});
    return 0;
  }
  if (days === undefined) return recoveryWindowDays.standard;
  if (days < recoveryWindowDays.least || days > recoveryWindowDays.most) {
    throw refuseCall("recovery_window_out_of_range", {});
  }
  return days;
}

/** Nothing is proposed. An ARN of another region or account is still none of ours. */
function nothingToDelete(
  { parts }: OperationCall,
  reference: SecretReference,
): ResponseOf<"DeleteSecret"> {
  const { identity, entropy, clock } = parts;
  if (reference.kind === "elsewhere") throw refuseCall("secret_not_found", {});
  const { name } = reference;
  const arn =
    reference.kind === "arn"
      ? reference.arn
      : mintSecretArn(identity, name, (limit) => entropy.below(limit));
  return { arn, name, deletionDate: clock.now() };
}
