// Requests that a region refuses, and the exception each is refused with; and requests that are as
// large as they may be. State is what `prepare` in bad-input.test.ts made. Limits and types are
// those of the service model and of the recordings of AWS (semantics.md 1.2, 3, 4, 5).
import { token, type AwsRequest } from "./aws-names.ts";

export interface RefusedRequest {
  readonly what: string;
  readonly request: AwsRequest;
  readonly awsType: string;
  /** Left out: both. gRPC cannot tell an empty list from none, nor send a value of a wrong type. */
  readonly face?: "https";
}

const invalid = "ValidationException";
const parameter = "InvalidParameterException";
const state = "InvalidRequestException";
const absent = "ResourceNotFoundException";
const exists = "ResourceExistsException";
const limit = "LimitExceededException";
const cursor = "InvalidNextTokenException";
const malformed = "SerializationException";

const x = (length: number): string => "x".repeat(length);
const bytes = (length: number): string => Buffer.alloc(length, 7).toString("base64");
const tag = (Key: string, Value = ""): object => ({ Key, Value });
const tags = (count: number): object[] =>
  Array.from({ length: count }, (_, at) => tag(`key-${at}`));

type Row = readonly [what: string, request: AwsRequest, awsType: string, face?: "https"];

function rows(good: AwsRequest, bad: readonly Row[]): readonly RefusedRequest[] {
  return bad.map(([what, request, awsType, face]) => ({
    what,
    request: { ...good, ...request },
    awsType,
    ...(face === undefined ? {} : { face }),
  }));
}

/** What every operation on one secret refuses. */
function secretIdRows(deleted: string | undefined, unknown = absent): readonly Row[] {
  return [
    ["no SecretId", { SecretId: undefined }, invalid],
    ["an empty SecretId", { SecretId: "" }, invalid],
    ["a SecretId of 2,049 characters", { SecretId: x(2049) }, invalid],
    ["a SecretId that is no name", { SecretId: "a b" }, invalid],
    ["a SecretId that is a number", { SecretId: 5 }, malformed, "https"],
    ["an unknown name", { SecretId: "nobody" }, unknown],
    ["an unknown ARN", { SecretId: arn("nobody-AbCdEf") }, unknown],
    ["the ARN of another region", { SecretId: arn("plain", "eu-west-1") }, unknown],
    ...(deleted === undefined
      ? []
      : [["a secret marked for deletion", { SecretId: "deleted" }, deleted] as Row]),
  ];
}

function arn(name: string, region = "us-east-1"): string {
  return `arn:aws:secretsmanager:${region}:000000000000:secret:${name}`;
}

const tokenRows: readonly Row[] = [
  ["no token", { ClientRequestToken: undefined }, state],
  ["a token of 31 characters", { ClientRequestToken: x(31) }, invalid],
  ["a token of 65 characters", { ClientRequestToken: x(65) }, invalid],
];

const valueRows: readonly Row[] = [
  ["an empty string", { SecretString: "" }, invalid],
  ["a string of 65,537 bytes", { SecretString: x(65_537) }, invalid],
  ["a string of 65,538 bytes in fewer characters", { SecretString: "é".repeat(32_769) }, invalid],
  ["no bytes", { SecretString: undefined, SecretBinary: "" }, invalid],
  ["65,537 bytes", { SecretString: undefined, SecretBinary: bytes(65_537) }, invalid],
  ["a string and bytes", { SecretBinary: bytes(3) }, parameter],
  ["bytes that are no base64", { SecretString: undefined, SecretBinary: "*" }, malformed, "https"],
];

const tagRows: readonly Row[] = [
  ["an empty tag key", { Tags: [tag("")] }, invalid],
  ["a tag key of 129 characters", { Tags: [tag(x(129))] }, invalid],
  ["a tag value of 257 characters", { Tags: [tag("a", x(257))] }, invalid],
  ["a tag without a key", { Tags: [{ Value: "a" }] }, invalid],
  ["a reserved tag key", { Tags: [tag("aws:a")] }, parameter],
  ["a tag key twice", { Tags: [tag("a"), tag("a")] }, parameter],
];

const createSecret = rows({ Name: "new", ClientRequestToken: token(1), SecretString: "s" }, [
  ["no Name", { Name: undefined }, invalid],
  ["an empty Name", { Name: "" }, invalid],
  ["a Name of 513 characters", { Name: x(513) }, invalid],
  ...["a b", "a*b", "a?b", "a]b", "a\\b", "a\nb", "ä"].map((Name): Row => [
    `the Name ${JSON.stringify(Name)}`,
    { Name },
    invalid,
  ]),
  ...tokenRows,
  ...valueRows,
  ...tagRows,
  ["51 tags", { Tags: tags(51) }, parameter],
  ["a Description of 2,049 characters", { Description: x(2049) }, invalid],
  ["a KmsKeyId of 2,049 characters", { KmsKeyId: x(2049) }, invalid],
  ["an unknown key", { KmsKeyId: "alias/nobody" }, parameter],
  ["a Type of 257 characters", { Type: x(257) }, invalid],
  ["an empty list of regions", { AddReplicaRegions: [] }, invalid, "https"],
  ["a region that is no name", { AddReplicaRegions: [{ Region: "nowhere" }] }, invalid],
  ["a region that is not there", { AddReplicaRegions: [{ Region: "eu-west-1" }] }, parameter],
  ["a name that is taken", { Name: "plain", ClientRequestToken: token(9) }, exists],
  ["a token in use for another value", { Name: "plain" }, exists],
  ["a name marked for deletion", { Name: "deleted" }, state],
]);

const labelRows: readonly Row[] = [
  ["an empty list of labels", { VersionStages: [] }, invalid, "https"],
  ["21 labels", { VersionStages: Array.from({ length: 21 }, (_, at) => `l${at}`) }, invalid],
  ["an empty label", { VersionStages: [""] }, invalid],
  ["a label of 257 characters", { VersionStages: [x(257)] }, invalid],
];

const putSecretValue = rows(
  { SecretId: "plain", ClientRequestToken: token(7), SecretString: "s" },
  [
    ...secretIdRows(state),
    ...tokenRows,
    ...valueRows,
    ["no value", { SecretString: undefined }, state],
    ...labelRows,
    ["a RotationToken of 35 characters", { RotationToken: x(35) }, invalid],
    ["a RotationToken of 257 characters", { RotationToken: x(257) }, invalid],
    ["a RotationToken with a space", { RotationToken: `${x(40)} ` }, invalid],
    ["a token in use for another value", { ClientRequestToken: token(1) }, exists],
    ["a 21st label", { SecretId: "labelled", VersionStages: ["one-more"] }, limit],
    ["a 101st version", { SecretId: "versions" }, limit],
  ],
);

const updateSecret = rows({ SecretId: "plain", ClientRequestToken: token(7), SecretString: "s" }, [
  ...secretIdRows(state),
  ...tokenRows,
  ...valueRows,
  ["a Description of 2,049 characters", { Description: x(2049) }, invalid],
  ["a KmsKeyId of 2,049 characters", { KmsKeyId: x(2049) }, invalid],
  ["an unknown key", { KmsKeyId: "alias/nobody" }, parameter],
  ["a Type of 257 characters", { Type: x(257) }, invalid],
  ["a token in use for another value", { ClientRequestToken: token(1) }, exists],
  ["a 101st version", { SecretId: "versions" }, limit],
]);

const getSecretValue = rows({ SecretId: "plain" }, [
  ...secretIdRows(state),
  ["a VersionId of 31 characters", { VersionId: x(31) }, invalid],
  ["a VersionId of 65 characters", { VersionId: x(65) }, invalid],
  ["an empty VersionStage", { VersionStage: "" }, invalid],
  ["a VersionStage of 257 characters", { VersionStage: x(257) }, invalid],
  ["an unknown version", { VersionId: token(999) }, absent],
  ["an unknown label", { VersionStage: "nothing" }, absent],
  [
    "a version and the label of another",
    { VersionId: token(1), VersionStage: "AWSCURRENT" },
    state,
  ],
  ["a secret without a value", { SecretId: "empty" }, absent],
]);

const describeSecret = rows({ SecretId: "plain" }, secretIdRows(undefined));

const pageRows: readonly Row[] = [
  ["MaxResults of 0", { MaxResults: 0 }, invalid],
  ["MaxResults of 101", { MaxResults: 101 }, invalid],
  ["MaxResults of 1.5", { MaxResults: 1.5 }, malformed, "https"],
  ["an empty NextToken", { NextToken: "" }, invalid],
  ["a NextToken of 4,097 characters", { NextToken: x(4097) }, invalid],
  ["a NextToken that nobody gave", { NextToken: x(200) }, cursor],
];

const name = { Key: "name", Values: ["a"] };

const listSecrets = rows({}, [
  ...pageRows,
  ["11 filters", { Filters: Array.from({ length: 11 }, () => name) }, invalid],
  ["an unknown filter", { Filters: [{ ...name, Key: "colour" }] }, invalid],
  ["a filter without a key", { Filters: [{ Values: ["a"] }] }, parameter],
  ["a filter without values", { Filters: [{ Key: "name" }] }, parameter],
  ["an empty list of values", { Filters: [{ ...name, Values: [] }] }, invalid, "https"],
  [
    "11 values",
    { Filters: [{ ...name, Values: Array.from({ length: 11 }, (_, at) => `v${at}`) }] },
    invalid,
  ],
  ["a value of 513 characters", { Filters: [{ ...name, Values: [x(513)] }] }, invalid],
  ["a value with a star", { Filters: [{ ...name, Values: ["a*"] }] }, invalid],
  ["an unknown SortOrder", { SortOrder: "up" }, invalid],
  ["an unknown SortBy", { SortBy: "size" }, invalid],
  ["a truth that is a text", { IncludePlannedDeletion: "yes" }, malformed, "https"],
]);

const listSecretVersionIds = rows({ SecretId: "plain" }, [...secretIdRows(undefined), ...pageRows]);

const updateSecretVersionStage = rows(
  { SecretId: "plain", VersionStage: "mine", MoveToVersionId: token(1) },
  [
    ...secretIdRows(state),
    ["no VersionStage", { VersionStage: undefined }, invalid],
    ["an empty VersionStage", { VersionStage: "" }, invalid],
    ["a VersionStage of 257 characters", { VersionStage: x(257) }, invalid],
    ["a MoveToVersionId of 31 characters", { MoveToVersionId: x(31) }, invalid],
    ["a MoveToVersionId of 65 characters", { MoveToVersionId: x(65) }, invalid],
    ["a RemoveFromVersionId of 31 characters", { RemoveFromVersionId: x(31) }, invalid],
    ["a RemoveFromVersionId of 65 characters", { RemoveFromVersionId: x(65) }, invalid],
    ["neither version", { MoveToVersionId: undefined }, parameter],
    ["a label that another version has", { VersionStage: "AWSCURRENT" }, parameter],
    [
      "another holder than there is",
      { VersionStage: "AWSCURRENT", RemoveFromVersionId: token(1) },
      parameter,
    ],
    [
      "AWSCURRENT taken off",
      { VersionStage: "AWSCURRENT", MoveToVersionId: undefined, RemoveFromVersionId: token(2) },
      parameter,
    ],
    ["an unknown version", { MoveToVersionId: token(999) }, absent],
    ["a 21st label", { SecretId: "labelled" }, limit],
  ],
);

const deleteSecret = rows({ SecretId: "plain" }, [
  ...secretIdRows(state),
  ...[-1, 0, 6, 31].map((days): Row => [
    `a window of ${days} days`,
    { RecoveryWindowInDays: days },
    parameter,
  ]),
  ["a window, and force", { RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true }, parameter],
  ["by force what is no name", { SecretId: "a b", ForceDeleteWithoutRecovery: true }, invalid],
]);

const restoreSecret = rows({ SecretId: "plain" }, secretIdRows(undefined));

const tagResource = rows({ SecretId: "plain", Tags: [tag("a", "b")] }, [
  ...secretIdRows(state),
  ["no Tags", { Tags: undefined }, invalid, "https"],
  ...tagRows,
  ["a 51st tag", { SecretId: "tagged", Tags: [tag("one-more")] }, parameter],
]);

const untagResource = rows({ SecretId: "plain", TagKeys: ["a"] }, [
  ...secretIdRows(state),
  ["no TagKeys", { TagKeys: undefined }, invalid, "https"],
  ["an empty key", { TagKeys: [""] }, invalid],
  ["a key of 129 characters", { TagKeys: [x(129)] }, invalid],
]);

const letters = "abcdefghijklmnopqrstuvwxyz";

const getRandomPassword = rows({}, [
  ["a length of 0", { PasswordLength: 0 }, invalid],
  ["a length of -1", { PasswordLength: -1 }, invalid],
  ["a length of 4,097", { PasswordLength: 4097 }, invalid],
  ["4,097 characters to exclude", { ExcludeCharacters: x(4097) }, invalid],
  ["a length below the number of classes", { PasswordLength: 3 }, parameter],
  ["a class without characters", { ExcludeCharacters: letters }, parameter],
  [
    "no characters at all",
    {
      ExcludeLowercase: true,
      ExcludeUppercase: true,
      ExcludeNumbers: true,
      ExcludePunctuation: true,
    },
    parameter,
  ],
]);

/** By operation. */
export const refusedRequests: Readonly<Record<string, readonly RefusedRequest[]>> = {
  CreateSecret: createSecret,
  GetSecretValue: getSecretValue,
  PutSecretValue: putSecretValue,
  UpdateSecret: updateSecret,
  DescribeSecret: describeSecret,
  ListSecrets: listSecrets,
  ListSecretVersionIds: listSecretVersionIds,
  UpdateSecretVersionStage: updateSecretVersionStage,
  DeleteSecret: deleteSecret,
  RestoreSecret: restoreSecret,
  TagResource: tagResource,
  UntagResource: untagResource,
  GetRandomPassword: getRandomPassword,
};

const tenFilters = Array.from({ length: 10 }, () => ({
  Key: "all",
  Values: Array.from({ length: 10 }, () => x(512)),
}));

/**
 * As much as is allowed. `face` keeps the two runs apart: each makes secrets of its own.
 */
export function largestRequests(
  face: "grpc" | "https",
): readonly (readonly [operation: string, request: AwsRequest])[] {
  const SecretId = `${face}-${x(512 - face.length - 1)}`;
  const ClientRequestToken = `${face}-${x(64 - face.length - 1)}`;
  return [
    [
      "CreateSecret",
      {
        Name: SecretId,
        ClientRequestToken: x(32),
        SecretString: "é".repeat(32_768),
        Description: x(2048),
        Type: x(256),
        Tags: Array.from({ length: 50 }, (_, at) => tag(String(at).padStart(128, "k"), x(256))),
      },
    ],
    ["PutSecretValue", { SecretId, ClientRequestToken, SecretBinary: bytes(65_536) }],
    [
      "PutSecretValue",
      {
        SecretId,
        ClientRequestToken: token(20),
        SecretString: "s",
        VersionStages: Array.from({ length: 18 }, (_, at) => String(at).padStart(256, "l")),
        RotationToken: x(256),
      },
    ],
    // As JSON, six bytes for each of these.
    [
      "UpdateSecret",
      { SecretId, ClientRequestToken: x(64), SecretString: "\u0001".repeat(65_536) },
    ],
    ["UpdateSecret", { SecretId, ClientRequestToken: x(64), Description: "" }],
    ["GetSecretValue", { SecretId, VersionId: x(32) }],
    ["GetSecretValue", { SecretId, VersionStage: "17".padStart(256, "l") }],
    ["DescribeSecret", { SecretId }],
    ["ListSecretVersionIds", { SecretId, MaxResults: 100, IncludeDeprecated: true }],
    ["ListSecrets", { MaxResults: 100, Filters: tenFilters, SortOrder: "desc", SortBy: "name" }],
    ["UntagResource", { SecretId, TagKeys: ["0".padStart(128, "k")] }],
    ["TagResource", { SecretId, Tags: [tag(x(128), x(256))] }],
    ["DeleteSecret", { SecretId, RecoveryWindowInDays: 30 }],
    ["RestoreSecret", { SecretId }],
    ["DeleteSecret", { SecretId, RecoveryWindowInDays: 7 }],
    ["DeleteSecret", { SecretId, ForceDeleteWithoutRecovery: true }],
    ["GetRandomPassword", { PasswordLength: 4096, ExcludeCharacters: "x" }],
    ["GetRandomPassword", { PasswordLength: 1, RequireEachIncludedType: false }],
  ];
}
