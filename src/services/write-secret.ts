// The operations that write a value: CreateSecret, PutSecretValue, UpdateSecret. Each reads as its
// data flows: parse, authorize, find, check, seal, propose. What is proposed holds no plaintext.
//
// What is wrong with a request by itself comes after what is wrong with the secret: AWS looks for
// the secret, and whether it is deleted, before it compares parameters or asks for a key.
import { mintSecretArn } from "../base/arn.ts";
import { refuseCall } from "../base/errors.ts";
import { mayBeRetry } from "../secrets/commands/create-secret.ts";
import type { SecretRecord, VersionId } from "../secrets/secret.ts";
import { requireDefaultKey } from "./default-key.ts";
import { findLiveSecret, requireAllowedName, requireAllowedSecretId } from "./find-secret.ts";
import {
  carryOut,
  requireAllowed,
  requireToken,
  type Handler,
  type OperationCall,
} from "./operation-call.ts";
import { requireReplicaRegions } from "./replication.ts";
import { completeTags, requireDistinctKeys } from "./request-tags.ts";
import { requireValue, sealVersion, takeValue } from "./request-value.ts";

/**
 * AWS: CreateSecret. A retry plans another ARN and is answered with the one that was stored.
 *
 * Replicas are refused with `invalid_replica_region`: no other region is known.
 */
export const createSecret: Handler<"CreateSecret"> = async (call, request) => {
  const token = requireToken(request.clientRequestToken);
  const { name, description, type, addReplicaRegions } = request;
  requireAllowedName(name);
  const tags = request.tags === undefined ? undefined : completeTags(request.tags);

  const { group, identity, entropy, limits } = call.parts;
  await group.readBarrier(call.caller);
  const existing = group.view.secret(name);
  const resource = { named: name, arn: existing?.arn };
  requireAllowed(call, "CreateSecret", resource);
  if (tags !== undefined) requireAllowed(call, "TagResource", resource);
  if (addReplicaRegions !== undefined) requireAllowed(call, "ReplicateSecretToRegions", resource);
  if (existing !== undefined) requirePossibleRetry(existing, token);

  using value = takeValue(request);
  requireDistinctKeys(tags ?? []);
  if (addReplicaRegions !== undefined) requireReplicaRegions(addReplicaRegions);
  requireKnownKey(call, request.kmsKeyId);

  const arn = mintSecretArn(identity, name, (limit) => entropy.below(limit));
  const home = { name, arn, versionId: token };
  const reply = await carryOut(call, {
    kind: "create_secret",
    name,
    arn,
    token,
    description,
    type,
    kmsKeyId: undefined,
    tags,
    version: value === undefined ? undefined : sealVersion(call.keyring, home, value),
    limits: limits.secret,
    regionSecretLimit: limits.secretsPerRegion,
    keepsToken: true,
  });
  return { arn: reply.arn, name: reply.name, versionId: reply.versionId };
};

/** AWS: PutSecretValue. */
export const putSecretValue: Handler<"PutSecretValue"> = async (call, request) => {
  const versionId = requireToken(request.clientRequestToken);
  requireAllowedSecretId(request.secretId);

  const { name, arn } = await findLiveSecret(call, "PutSecretValue", request.secretId);
  using value = requireValue(request);
  const reply = await carryOut(call, {
    kind: "put_secret_value",
    name,
    arn,
    version: sealVersion(call.keyring, { name, arn, versionId }, value),
    stages: request.versionStages,
    limits: call.parts.limits.secret,
  });
  return {
    arn: reply.arn,
    name: reply.name,
    versionId: reply.versionId,
    // A retry may find that its version has lost its labels: absent, as AWS leaves empty lists out.
    versionStages: reply.stages.length === 0 ? undefined : reply.stages,
  };
};

/** AWS: UpdateSecret. Without a value the token is required and means nothing. */
export const updateSecret: Handler<"UpdateSecret"> = async (call, request) => {
  const versionId: VersionId = requireToken(request.clientRequestToken);
  requireAllowedSecretId(request.secretId);
  const { description, type, kmsKeyId } = request;

  const { name, arn } = await findLiveSecret(call, "UpdateSecret", request.secretId);
  using value = takeValue(request);
  requireKnownKey(call, kmsKeyId);
  const reply = await carryOut(call, {
    kind: "update_secret",
    name,
    arn,
    description,
    type,
    // Every key there is, is the default one; the empty string says so whatever was chosen before.
    kmsKeyId: kmsKeyId === undefined ? undefined : "",
    version:
      value === undefined ? undefined : sealVersion(call.keyring, { name, arn, versionId }, value),
    limits: call.parts.limits.secret,
  });
  return { arn: reply.arn, name: reply.name, versionId: reply.versionId };
};

/**
 * Throws `secret_name_scheduled` and `secret_exists`, unless the request may be a retry: whether it
 * is one, the state machine decides.
 */
function requirePossibleRetry(existing: SecretRecord, token: VersionId): void {
  if (existing.deletion !== undefined) throw refuseCall("secret_name_scheduled", {});
  if (!mayBeRetry(existing, token)) throw refuseCall("secret_exists", { name: existing.name });
}

function requireKnownKey({ keyring, parts }: OperationCall, kmsKeyId: string | undefined): void {
  requireDefaultKey(kmsKeyId, keyring.defaultKeyId, parts.identity);
}
