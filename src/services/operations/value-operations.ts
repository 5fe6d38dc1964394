// The operations that write and read values, and the one that makes up a password.
import {
  addReplicaRegions,
  clientRequestToken,
  description,
  filters,
  kmsKeyId,
  longSecretName,
  nextToken,
  replicationStatus,
  secretBinary,
  secretId,
  secretNamed,
  secretString,
  secretType,
  tags,
  versionId,
  versionStage,
  versionStages,
  versionWithValue,
} from "./member-shapes.ts";
import { operation } from "./operation.ts";
import { boolean, integer, listOf, optional, required, structure, text } from "./shape.ts";

const createSecret = operation(
  "write",
  {
    name: required(longSecretName),
    clientRequestToken: optional(clientRequestToken),
    description: optional(description),
    kmsKeyId: optional(kmsKeyId),
    secretBinary: optional(secretBinary),
    secretString: optional(secretString),
    tags: optional(tags),
    addReplicaRegions: optional(addReplicaRegions),
    forceOverwriteReplicaSecret: optional(boolean),
    type: optional(secretType),
  },
  {
    ...secretNamed,
    versionId: optional(versionId),
    replicationStatus: optional(replicationStatus),
  },
);

const putSecretValue = operation(
  "write",
  {
    secretId: required(secretId),
    clientRequestToken: optional(clientRequestToken),
    secretBinary: optional(secretBinary),
    secretString: optional(secretString),
    versionStages: optional(versionStages),
    rotationToken: optional(
      text({ min: 36, max: 256, pattern: "^[a-zA-Z0-9\\-]+$", sensitive: true }),
    ),
  },
  {
    ...secretNamed,
    versionId: optional(versionId),
    versionStages: optional(versionStages),
  },
);

const updateSecret = operation(
  "write",
  {
    secretId: required(secretId),
    clientRequestToken: optional(clientRequestToken),
    description: optional(description),
    kmsKeyId: optional(kmsKeyId),
    secretBinary: optional(secretBinary),
    secretString: optional(secretString),
    type: optional(secretType),
  },
  { ...secretNamed, versionId: optional(versionId) },
);

const updateSecretVersionStage = operation(
  "write",
  {
    secretId: required(secretId),
    versionStage: required(versionStage),
    removeFromVersionId: optional(versionId),
    moveToVersionId: optional(versionId),
  },
  secretNamed,
);

const getSecretValue = operation(
  "read",
  {
    secretId: required(secretId),
    versionId: optional(versionId),
    versionStage: optional(versionStage),
  },
  versionWithValue,
);

const batchGetSecretValue = operation(
  "read",
  {
    secretIdList: optional(listOf(secretId, { min: 1, max: 20 })),
    filters: optional(filters),
    maxResults: optional(integer({ min: 1, max: 20 })),
    nextToken: optional(nextToken),
  },
  {
    secretValues: optional(listOf(structure(versionWithValue))),
    nextToken: optional(nextToken),
    errors: optional(
      listOf(
        structure({
          secretId: optional(secretId),
          errorCode: optional(text()),
          message: optional(text()),
        }),
      ),
    ),
  },
);

const getRandomPassword = operation(
  "local",
  {
    passwordLength: optional(integer({ min: 1, max: 4096 })),
    excludeCharacters: optional(text({ max: 4096 })),
    excludeNumbers: optional(boolean),
    excludePunctuation: optional(boolean),
    excludeUppercase: optional(boolean),
    excludeLowercase: optional(boolean),
    includeSpace: optional(boolean),
    requireEachIncludedType: optional(boolean),
  },
  { randomPassword: optional(text({ max: 4096, sensitive: true })) },
);

export const valueOperations = {
  CreateSecret: createSecret,
  PutSecretValue: putSecretValue,
  UpdateSecret: updateSecret,
  UpdateSecretVersionStage: updateSecretVersionStage,
  GetSecretValue: getSecretValue,
  BatchGetSecretValue: batchGetSecretValue,
  GetRandomPassword: getRandomPassword,
} as const;
