// The operations around a secret: its rotation, its resource policy and its replicas.
import {
  addReplicaRegions,
  clientRequestToken,
  externalRotationMetadata,
  externalRotationRoleArn,
  longSecretName,
  region,
  replicationStatus,
  resourcePolicy,
  rotationLambdaArn,
  rotationRules,
  secretArn,
  secretId,
  secretNamed,
  versionId,
} from "./member-shapes.ts";
import { operation } from "./operation.ts";
import { boolean, listOf, optional, required, structure, text } from "./shape.ts";

const rotateSecret = operation(
  "write",
  {
    secretId: required(secretId),
    clientRequestToken: optional(clientRequestToken),
    rotationLambdaArn: optional(rotationLambdaArn, "RotationLambdaARN"),
    rotationRules: optional(rotationRules),
    externalSecretRotationMetadata: optional(externalRotationMetadata),
    externalSecretRotationRoleArn: optional(externalRotationRoleArn),
    rotateImmediately: optional(boolean),
  },
  { ...secretNamed, versionId: optional(versionId) },
);

const cancelRotateSecret = operation(
  "write",
  { secretId: required(secretId) },
  { ...secretNamed, versionId: optional(versionId) },
);

/** The policy operations answer the name with the limit it really has. */
const secretLongNamed = {
  arn: optional(secretArn, "ARN"),
  name: optional(longSecretName),
} as const;

const putResourcePolicy = operation(
  "write",
  {
    secretId: required(secretId),
    resourcePolicy: required(resourcePolicy),
    blockPublicPolicy: optional(boolean),
  },
  secretLongNamed,
);

const getResourcePolicy = operation(
  "read",
  { secretId: required(secretId) },
  { ...secretLongNamed, resourcePolicy: optional(resourcePolicy) },
);

const deleteResourcePolicy = operation("write", { secretId: required(secretId) }, secretLongNamed);

const validateResourcePolicy = operation(
  "read",
  { secretId: optional(secretId), resourcePolicy: required(resourcePolicy) },
  {
    policyValidationPassed: optional(boolean),
    validationErrors: optional(
      listOf(structure({ checkName: optional(longSecretName), errorMessage: optional(text()) })),
    ),
  },
);

/** What the replication operations answer. */
const replicated = {
  arn: optional(secretArn, "ARN"),
  replicationStatus: optional(replicationStatus),
} as const;

const replicateSecretToRegions = operation(
  "write",
  {
    secretId: required(secretId),
    addReplicaRegions: required(addReplicaRegions),
    forceOverwriteReplicaSecret: optional(boolean),
  },
  replicated,
);

const removeRegionsFromReplication = operation(
  "write",
  { secretId: required(secretId), removeReplicaRegions: required(listOf(region, { min: 1 })) },
  replicated,
);

const stopReplicationToReplica = operation(
  "write",
  { secretId: required(secretId) },
  { arn: optional(secretArn, "ARN") },
);

export const governanceOperations = {
  RotateSecret: rotateSecret,
  CancelRotateSecret: cancelRotateSecret,
  PutResourcePolicy: putResourcePolicy,
  GetResourcePolicy: getResourcePolicy,
  DeleteResourcePolicy: deleteResourcePolicy,
  ValidateResourcePolicy: validateResourcePolicy,
  ReplicateSecretToRegions: replicateSecretToRegions,
  RemoveRegionsFromReplication: removeRegionsFromReplication,
  StopReplicationToReplica: stopReplicationToReplica,
} as const;
