// The operations that write a value: CreateSecret, PutSecretValue, UpdateSecret. Each reads as its
// data flows: parse, authorize, find, seal, propose. What is proposed holds no plaintext.
import { mintSecretArn } from "../base/arn.ts";
import { refuseCall } from "../base/errors.ts";
import type { VersionId } from "../secrets/secret.ts";
import { requireDefaultKey } from "./default-key.ts";
import { findSecret, requireAllowedName, requireAllowedSecretId } from "./find-secret.ts";
import {
  carryOut,
  requireAllowed,
  requireToken,
  type Handler,
  type OperationCall,
} from "./operation-call.ts";
import { requireTags } from "./request-tags.ts";
import { requireValue, sealVersion, takeValue } from "./request-value.ts";

/**
 * AWS: CreateSecret. A retry plans another ARN and is answered with the one that was stored.
 *
 * Replicas are refused with `invalid_replica_region`: no other region is known.
 */
export const createSecret: Handler<"CreateSecret"> = async (call, request) => {
  const token = requireToken(request.clientRequestToken);
  const { name, description, type } = request;
  requireAllowedName(name);
  using value = takeValue(request);
  const tags = request.tags === undefined ? undefined : requireTags(request.tags);
  if (request.addReplicaRegions !== undefined) throw refuseCall("invalid_replica_region", {});

  const { group, identity, entropy, limits } = call.parts;
  await group.readBarrier(call.caller);
  const resource = { named: name, arn: group.view.secret(name)?.arn };
  requireAllowed(call, "CreateSecret", resource);
  if (tags !== undefined) requireAllowed(call, "TagResource", resource);
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
  });
  return { arn: reply.arn, name: reply.name, versionId: reply.versionId };
};

/** AWS: PutSecretValue. */
export const putSecretValue: Handler<"PutSecretValue"> = async (call, request) => {
  const versionId = requireToken(request.clientRequestToken);
  requireAllowedSecretId(request.secretId);
  using value = requireValue(request);

  const { name, arn } = await findSecret(call, "PutSecretValue", request.secretId);
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
  using value = takeValue(request);
  const { description, type, kmsKeyId } = request;

  const { name, arn } = await findSecret(call, "UpdateSecret", request.secretId);
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

function requireKnownKey({ keyring, parts }: OperationCall, kmsKeyId: string | undefined): void {
  requireDefaultKey(kmsKeyId, keyring.defaultKeyId, parts.identity);
}
