// The shapes that several operations share, with the limits of the service model
// (AWS: secretsmanager 2017-10-17).
import { valueLimitBytes } from "../../secrets/limits.ts";
import {
  boolean,
  integer,
  listOf,
  mapOf,
  oneOf,
  optional,
  structure,
  text,
  timestamp,
  type BlobShape,
  type StringShape,
} from "./shape.ts";

export const secretId = text({ min: 1, max: 2048 });
export const secretArn = text({ min: 20, max: 2048 });
/** The model still says 256 in most answers, though a name may have 512 characters. */
const secretName = text({ min: 1, max: 256 });
export const longSecretName = text({ min: 1, max: 512 });

export const clientRequestToken = text({ min: 32, max: 64 });
export const versionId = text({ min: 32, max: 64 });
export const versionStage = text({ min: 1, max: 256 });
export const versionStages = listOf(versionStage, { min: 1, max: 20 });
export const versionsToStages = mapOf(versionId, versionStages);

export const description = text({ max: 2048 });
export const kmsKeyId = text({ max: 2048 });
export const secretType = text({ max: 256 });

/** The quota of AWS counts the bytes of a string too, where its model counts characters. */
export const secretString: StringShape = {
  kind: "string",
  unit: "bytes",
  min: 1,
  max: valueLimitBytes,
  sensitive: true,
};
export const secretBinary: BlobShape = {
  kind: "blob",
  min: 1,
  max: valueLimitBytes,
  sensitive: true,
};

export const tagKey = text({ min: 1, max: 128 });
export const tags = listOf(
  structure({ key: optional(tagKey), value: optional(text({ max: 256 })) }),
);

export const region = text({ min: 1, max: 128, pattern: "^([a-z]+-)+\\d+$" });
export const addReplicaRegions = listOf(
  structure({ region: optional(region), kmsKeyId: optional(kmsKeyId) }),
  { min: 1 },
);
export const replicationStatus = listOf(
  structure({
    region: optional(region),
    kmsKeyId: optional(kmsKeyId),
    status: optional(oneOf("InSync", "Failed", "InProgress")),
    statusMessage: optional(text({ min: 1, max: 4096 })),
    lastAccessedDate: optional(timestamp),
  }),
);

export const rotationLambdaArn = text({ max: 2048 });
export const rotationRules = structure({
  automaticallyAfterDays: optional(integer({ min: 1, max: 1000 })),
  duration: optional(text({ min: 2, max: 3, pattern: "[0-9]+h" })),
  scheduleExpression: optional(
    text({ min: 1, max: 256, pattern: "[0-9A-Za-z\\(\\)#\\?\\*\\-\\/, ]+" }),
  ),
});
export const externalRotationMetadata = listOf(
  structure({
    key: optional(text({ min: 1, max: 256 })),
    value: optional(text({ min: 1, max: 2048 })),
  }),
);
export const externalRotationRoleArn = text({ min: 20, max: 2048 });

export const resourcePolicy = text({ min: 1, max: 20_480 });

export const nextToken = text({ min: 1, max: 4096 });
export const pageSize = integer({ min: 1, max: 100 });
export const filters = listOf(
  structure({
    key: optional(
      oneOf(
        "description",
        "name",
        "tag-key",
        "tag-value",
        "primary-region",
        "owning-service",
        "all",
      ),
    ),
    values: optional(
      listOf(text({ max: 512, pattern: "^\\!?[a-zA-Z0-9 :_@\\/\\+\\=\\.\\-\\!]*$" }), {
        min: 1,
        max: 10,
      }),
    ),
  }),
  { max: 10 },
);

/** What most operations on one secret answer. */
export const secretNamed = {
  arn: optional(secretArn, "ARN"),
  name: optional(secretName),
} as const;

/** What DescribeSecret and ListSecrets tell of a secret under the same names, before its labels. */
export const secretDescription = {
  ...secretNamed,
  type: optional(secretType),
  description: optional(description),
  kmsKeyId: optional(kmsKeyId),
  rotationEnabled: optional(boolean),
  rotationLambdaArn: optional(rotationLambdaArn, "RotationLambdaARN"),
  rotationRules: optional(rotationRules),
  externalSecretRotationMetadata: optional(externalRotationMetadata),
  externalSecretRotationRoleArn: optional(externalRotationRoleArn),
  lastRotatedDate: optional(timestamp),
  lastChangedDate: optional(timestamp),
  lastAccessedDate: optional(timestamp),
  deletedDate: optional(timestamp),
  nextRotationDate: optional(timestamp),
  tags: optional(tags),
} as const;

/** The rest of it, after the labels. */
export const secretOrigin = {
  owningService: optional(text({ min: 1, max: 128 })),
  createdDate: optional(timestamp),
  primaryRegion: optional(region),
} as const;

/** One version with its value, as GetSecretValue and BatchGetSecretValue answer it. */
export const versionWithValue = {
  ...secretNamed,
  versionId: optional(versionId),
  secretBinary: optional(secretBinary),
  secretString: optional(secretString),
  versionStages: optional(versionStages),
  createdDate: optional(timestamp),
} as const;
