// RotateSecret and CancelRotateSecret. Nothing runs a rotation yet: a request is checked in full,
// and then told that its function cannot be called. As with AWS, nothing is stored then.
import { refuseCall, RefusedError } from "../base/errors.ts";
import {
  isRotationFunction,
  isRotationRole,
  parseRotationRules,
} from "../secrets/rotation-rules.ts";
import { currentLabel, pendingLabel, type SecretRecord } from "../secrets/secret.ts";
import { findLiveSecret } from "./find-secret.ts";
import type { Handler, OperationCall } from "./operation-call.ts";
import type { RequestOf } from "./operations/operations.ts";

/**
 * AWS: RotateSecret. Throws `rotation_not_configured` without a function, `rotation_unfinished`
 * when a version waits for its rotation to end, and else `rotation_function_denied`.
 */
export const rotateSecret: Handler<"RotateSecret"> = async (call, request) => {
  if (request.clientRequestToken === undefined) throw refuseCall("rotation_token_missing", {});
  requireCompleteMetadata(request);

  const secret = await findLiveSecret(call, "RotateSecret", request.secretId);
  requireSoundRules(request);
  requireSoundFunction(call, request);
  requireSoundExternalRotation(request);
  if (request.rotationLambdaArn === undefined) throw refuseCall("rotation_not_configured", {});
  if (isRotationUnfinished(secret)) throw refuseCall("rotation_unfinished", {});
  throw refuseCall("rotation_function_denied", {});
};

/** AWS: CancelRotateSecret. Throws `rotation_not_configured`: no secret can have a rotation yet. */
export const cancelRotateSecret: Handler<"CancelRotateSecret"> = async (call, request) => {
  await findLiveSecret(call, "CancelRotateSecret", request.secretId);
  throw refuseCall("rotation_not_configured", {});
};

type RotationRequest = RequestOf<"RotateSecret">;

/** Throws `rotation_rules_invalid`. */
function requireSoundRules({ rotationRules }: RotationRequest): void {
  if (rotationRules === undefined) return;
  const rules = parseRotationRules(rotationRules);
  if (!rules.ok) throw new RefusedError(rules.refusal);
}

/** Throws `rotation_function_invalid`. */
function requireSoundFunction(
  { parts }: OperationCall,
  { rotationLambdaArn }: RotationRequest,
): void {
  if (rotationLambdaArn === undefined) return;
  if (!isRotationFunction(rotationLambdaArn, parts.identity)) {
    throw refuseCall("rotation_function_invalid", {});
  }
}

/** Throws `external_rotation_invalid`. */
function requireSoundExternalRotation(request: RotationRequest): void {
  const { externalSecretRotationRoleArn: role, externalSecretRotationMetadata = [] } = request;
  if (role !== undefined && !isRotationRole(role)) {
    throw refuseCall("external_rotation_invalid", { problem: "role_arn" });
  }
  const keys = new Set(externalSecretRotationMetadata.map(({ key }) => key));
  if (keys.size < externalSecretRotationMetadata.length) {
    throw refuseCall("external_rotation_invalid", { problem: "metadata_twice" });
  }
}

/** The model makes both members optional. Throws `validation_failed` for an item without either. */
function requireCompleteMetadata({
  externalSecretRotationMetadata: metadata = [],
}: RotationRequest): void {
  const missing = metadata.flatMap(({ key, value }, at) => {
    const path = `externalSecretRotationMetadata.${at + 1}.member`;
    return [
      ...(key === undefined ? [`${path}.key`] : []),
      ...(value === undefined ? [`${path}.value`] : []),
    ];
  });
  if (missing.length === 0) return;
  throw refuseCall("validation_failed", {
    violations: missing.map(
      (path) => `Value null at '${path}' failed to satisfy constraint: Member must not be null`,
    ),
  });
}

/** AWSPENDING on a version that is not the current one (AWS: "Troubleshoot rotation"). */
function isRotationUnfinished({ labels }: SecretRecord): boolean {
  const pending = labels.get(pendingLabel);
  return pending !== undefined && pending !== labels.get(currentLabel);
}
