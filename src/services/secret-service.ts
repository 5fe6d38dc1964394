// Which operations there are, and what answers each. An operation without an entry is refused as
// not available.
import { batchGetSecretValue } from "./batch-get.ts";
import { deleteSecret, restoreSecret, tagResource } from "./change-secret.ts";
import { untagResource, updateSecretVersionStage } from "./change-secret.ts";
import { listSecrets, listSecretVersionIds } from "./list-secrets.ts";
import type { Handler } from "./operation-call.ts";
import type { OperationName, SecretOperationName } from "./operations/operations.ts";
import { describeSecret, getRandomPassword, getSecretValue } from "./read-secret.ts";
import {
  removeRegionsFromReplication,
  replicateSecretToRegions,
  stopReplicationToReplica,
} from "./replication.ts";
import {
  deleteResourcePolicy,
  getResourcePolicy,
  putResourcePolicy,
  validateResourcePolicy,
} from "./resource-policy.ts";
import { cancelRotateSecret, rotateSecret } from "./rotation.ts";
import { createSecret, putSecretValue, updateSecret } from "./write-secret.ts";

export type Handlers = { readonly [Name in OperationName]?: Handler<Name> };

export const secretHandlers: Handlers & Required<Pick<Handlers, SecretOperationName>> = {
  BatchGetSecretValue: batchGetSecretValue,
  CancelRotateSecret: cancelRotateSecret,
  CreateSecret: createSecret,
  DeleteResourcePolicy: deleteResourcePolicy,
  DeleteSecret: deleteSecret,
  DescribeSecret: describeSecret,
  GetRandomPassword: getRandomPassword,
  GetResourcePolicy: getResourcePolicy,
  GetSecretValue: getSecretValue,
  ListSecrets: listSecrets,
  ListSecretVersionIds: listSecretVersionIds,
  PutResourcePolicy: putResourcePolicy,
  PutSecretValue: putSecretValue,
  RemoveRegionsFromReplication: removeRegionsFromReplication,
  ReplicateSecretToRegions: replicateSecretToRegions,
  RestoreSecret: restoreSecret,
  RotateSecret: rotateSecret,
  StopReplicationToReplica: stopReplicationToReplica,
  TagResource: tagResource,
  UntagResource: untagResource,
  UpdateSecret: updateSecret,
  UpdateSecretVersionStage: updateSecretVersionStage,
  ValidateResourcePolicy: validateResourcePolicy,
};
