// The policies that are attached to secrets. They are read, checked and kept as they were given;
// who may do what is decided elsewhere.
import { broadStatements } from "../access/policy-broad-access.ts";
import { findingsOn, malformedFindings } from "../access/policy-findings.ts";
import { parseResourcePolicy } from "../access/policy-parse.ts";
import { refuseCall } from "../base/errors.ts";
import type { SecretRecord } from "../secrets/secret.ts";
import { findLiveSecret, lookUpBehindBarrier, requireAllowedSecretId } from "./find-secret.ts";
import { carryOut, requireAllowed, type Handler, type OperationCall } from "./operation-call.ts";

/** AWS: PutResourcePolicy. Throws `policy_malformed`, and `policy_too_broad` when asked to look. */
export const putResourcePolicy: Handler<"PutResourcePolicy"> = async (call, request) => {
  const { secretId, resourcePolicy, blockPublicPolicy = false } = request;
  const { name, arn } = await findLiveSecret(call, "PutResourcePolicy", secretId);
  const parsing = parseResourcePolicy(resourcePolicy);
  if (!parsing.ok) {
    const problems = malformedFindings(parsing).map(({ sentence }) => sentence);
    throw refuseCall("policy_malformed", { problems });
  }
  if (blockPublicPolicy && broadStatements(parsing.policy).length > 0) {
    throw refuseCall("policy_too_broad", {});
  }
  return carryOut(call, { kind: "put_resource_policy", name, arn, policy: resourcePolicy });
};

/** AWS: GetResourcePolicy. Byte for byte what was put; absent when there is none. */
export const getResourcePolicy: Handler<"GetResourcePolicy"> = async (call, request) => {
  const { name, arn } = await findLiveSecret(call, "GetResourcePolicy", request.secretId);
  return { arn, name, resourcePolicy: call.parts.group.view.resourcePolicy(name) };
};

/** AWS: DeleteResourcePolicy. Succeeds too when there is none. */
export const deleteResourcePolicy: Handler<"DeleteResourcePolicy"> = async (call, request) => {
  const { name, arn } = await findLiveSecret(call, "DeleteResourcePolicy", request.secretId);
  return carryOut(call, { kind: "delete_resource_policy", name, arn });
};

/**
 * AWS: ValidateResourcePolicy. Everything that is to be said against a policy is an answer; nothing
 * of it is thrown. Without a secret, the policy is taken for one of whatever secret it names.
 */
export const validateResourcePolicy: Handler<"ValidateResourcePolicy"> = async (call, request) => {
  const { secretId, resourcePolicy } = request;
  const secret = await findValidated(call, secretId);
  const { principal: caller } = call.caller;
  const findings = findingsOn(resourcePolicy, { caller, resource: secret?.arn });
  return {
    policyValidationPassed: findings.length === 0,
    validationErrors: findings.map(({ check, sentence }) => ({
      checkName: check,
      errorMessage: sentence,
    })),
  };
};

/** Who validates a policy must also be allowed to put it (AWS: ValidateResourcePolicy). */
const neededActions = ["ValidateResourcePolicy", "PutResourcePolicy"] as const;

async function findValidated(
  call: OperationCall,
  secretId: string | undefined,
): Promise<SecretRecord | undefined> {
  if (secretId !== undefined) requireAllowedSecretId(secretId);
  await call.parts.group.readBarrier(call.caller);
  if (secretId === undefined) {
    for (const action of neededActions) requireAllowed(call, action, undefined);
    return undefined;
  }
  const [found] = neededActions.map((action) => lookUpBehindBarrier(call, action, secretId));
  const secret = found?.secret;
  if (secret === undefined) throw refuseCall("secret_not_found", {});
  if (secret.deletion !== undefined) throw refuseCall("secret_deleted", {});
  return secret;
}
