// The operations that tell what secrets there are, tag them, delete them and bring them back.
import {
  filters,
  kmsKeyId,
  nextToken,
  pageSize,
  replicationStatus,
  secretDescription,
  secretId,
  secretNamed,
  secretOrigin,
  tagKey,
  tags,
  versionId,
  versionStages,
  versionsToStages,
} from "./member-shapes.ts";
import { operation } from "./operation.ts";
import {
  boolean,
  integer,
  listOf,
  oneOf,
  optional,
  required,
  structure,
  timestamp,
} from "./shape.ts";

const describeSecret = operation(
  "read",
  { secretId: required(secretId) },
  {
    ...secretDescription,
    versionIdsToStages: optional(versionsToStages),
    ...secretOrigin,
    replicationStatus: optional(replicationStatus),
  },
);

const listSecrets = operation(
  "read",
  {
    includePlannedDeletion: optional(boolean),
    maxResults: optional(pageSize),
    nextToken: optional(nextToken),
    filters: optional(filters),
    sortOrder: optional(oneOf("asc", "desc")),
    sortBy: optional(oneOf("created-date", "last-accessed-date", "last-changed-date", "name")),
  },
  {
    secretList: optional(
      listOf(
        structure({
          ...secretDescription,
          secretVersionsToStages: optional(versionsToStages),
          ...secretOrigin,
        }),
      ),
    ),
    nextToken: optional(nextToken),
  },
);

const listSecretVersionIds = operation(
  "read",
  {
    secretId: required(secretId),
    maxResults: optional(pageSize),
    nextToken: optional(nextToken),
    includeDeprecated: optional(boolean),
  },
  {
    versions: optional(
      listOf(
        structure({
          versionId: optional(versionId),
          versionStages: optional(versionStages),
          lastAccessedDate: optional(timestamp),
          createdDate: optional(timestamp),
          kmsKeyIds: optional(listOf(kmsKeyId)),
        }),
      ),
    ),
    nextToken: optional(nextToken),
    ...secretNamed,
  },
);

const deleteSecret = operation(
  "write",
  {
    secretId: required(secretId),
    recoveryWindowInDays: optional(integer()),
    forceDeleteWithoutRecovery: optional(boolean),
  },
  { ...secretNamed, deletionDate: optional(timestamp) },
);

const restoreSecret = operation("write", { secretId: required(secretId) }, secretNamed);

const tagResource = operation("write", { secretId: required(secretId), tags: required(tags) }, {});

const untagResource = operation(
  "write",
  { secretId: required(secretId), tagKeys: required(listOf(tagKey)) },
  {},
);

export const catalogueOperations = {
  DescribeSecret: describeSecret,
  ListSecrets: listSecrets,
  ListSecretVersionIds: listSecretVersionIds,
  DeleteSecret: deleteSecret,
  RestoreSecret: restoreSecret,
  TagResource: tagResource,
  UntagResource: untagResource,
} as const;
