// Valid requests of all operations: where every changed one begins. Values carry a mark that must
// never be met in a refusal.
import type { SecretOperationName } from "../../src/services/operations/operations.ts";
import type { Json } from "./json-mutator.ts";

/** In every value that is written, and nowhere else. */
export const canary = "CANARY-5d1f7c";

export interface Seed {
  readonly operation: SecretOperationName;
  readonly request: Json;
}

const token = (number: number): string =>
  `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const bytes = Buffer.from(`${canary}-bytes`).toString("base64");
const tags = [
  { Key: "team", Value: "payments" },
  { Key: "env", Value: "" },
];
const regions = [{ Region: "eu-west-1", KmsKeyId: "alias/x" }, { Region: "eu-west-2" }];
const statement = {
  Sid: "one",
  Effect: "Allow",
  Principal: { AWS: ["arn:aws:iam::000000000000:user/reader", "000000000000"] },
  Action: ["secretsmanager:Get*", "secretsmanager:DescribeSecret"],
  Resource: "*",
  Condition: {
    StringLike: { "secretsmanager:SecretId": ["arn:aws:*", "db?"] },
    Bool: { "aws:SecureTransport": "true" },
    IpAddress: { "aws:SourceIp": "192.0.2.0/24" },
    DateLessThan: { "aws:CurrentTime": "2030-01-01T00:00:00Z" },
    NumericLessThanEquals: { "secretsmanager:RecoveryWindowInDays": "30" },
    "ForAnyValue:StringEquals": { "aws:TagKeys": ["a", "b"] },
    Null: { "aws:PrincipalTag/team": "false" },
  },
};
const { Principal, Action, ...bare } = statement;
export const policies: readonly Json[] = [
  { Version: "2012-10-17", Id: "p", Statement: [statement] },
  { Version: "2012-10-17", Statement: { ...statement, Effect: "Deny", Principal: "*" } },
  {
    Version: "2008-10-17",
    Statement: [
      { ...bare, NotAction: Action, Principal },
      {
        ...bare,
        Sid: "two",
        Effect: "Deny",
        Action: "*",
        NotPrincipal: { Service: "lambda.amazonaws.com" },
      },
    ],
  },
];
const filters = [
  { Key: "name", Values: ["db", "!x"] },
  { Key: "description", Values: ["the one", "!two"] },
  { Key: "tag-key", Values: ["te"] },
  { Key: "tag-value", Values: ["pay"] },
  { Key: "primary-region", Values: ["us"] },
  { Key: "owning-service", Values: ["rds"] },
  { Key: "all", Values: ["DescTwo prod/AppBeta"] },
];

/** Requests of the operation, one after the other; what they say of state is in fuzz-node.ts. */
const requests: Readonly<Record<SecretOperationName, readonly Json[]>> = {
  CreateSecret: [
    { Name: "new/one", ClientRequestToken: token(70), SecretString: canary, Tags: tags },
    { Name: "new-two", ClientRequestToken: token(71), SecretBinary: bytes, Description: "two" },
    {
      Name: "new_three",
      ClientRequestToken: token(72),
      KmsKeyId: "alias/aws/secretsmanager",
      AddReplicaRegions: regions,
      ForceOverwriteReplicaSecret: false,
      Type: "x",
    },
  ],
  PutSecretValue: [
    { SecretId: "db", ClientRequestToken: token(73), SecretString: canary },
    {
      SecretId: "bin",
      ClientRequestToken: token(74),
      SecretBinary: bytes,
      VersionStages: ["AWSPENDING", "blue"],
      RotationToken: `${canary}-${token(9)}`,
    },
  ],
  UpdateSecret: [
    { SecretId: "db", ClientRequestToken: token(75), SecretString: `${canary}!`, Description: "d" },
    { SecretId: "tagged", ClientRequestToken: token(76), Description: "", KmsKeyId: "" },
  ],
  UpdateSecretVersionStage: [
    {
      SecretId: "db",
      VersionStage: "AWSCURRENT",
      RemoveFromVersionId: token(2),
      MoveToVersionId: token(1),
    },
    { SecretId: "bin", VersionStage: "green", MoveToVersionId: token(1) },
  ],
  GetSecretValue: [
    { SecretId: "db" },
    { SecretId: "db", VersionId: token(1), VersionStage: "AWSPREVIOUS" },
    { SecretId: "arn:aws:secretsmanager:us-east-1:000000000000:secret:bin" },
  ],
  BatchGetSecretValue: [
    { SecretIdList: ["db", "bin", "absent", "gone"] },
    { Filters: filters.slice(0, 2), MaxResults: 2 },
  ],
  DescribeSecret: [{ SecretId: "gone" }, { SecretId: "tagged" }],
  ListSecrets: [
    { MaxResults: 2, Filters: filters, SortOrder: "asc", SortBy: "name" },
    { IncludePlannedDeletion: true, SortBy: "last-changed-date", SortOrder: "desc" },
    { Filters: [{ Key: "all", Values: ["a", "b c", "!d"] }], SortBy: "created-date" },
  ],
  ListSecretVersionIds: [
    { SecretId: "db", MaxResults: 1, IncludeDeprecated: true },
    { SecretId: "bin" },
  ],
  DeleteSecret: [
    { SecretId: "tagged", RecoveryWindowInDays: 7 },
    { SecretId: "absent", ForceDeleteWithoutRecovery: true },
  ],
  RestoreSecret: [{ SecretId: "gone" }],
  TagResource: [{ SecretId: "db", Tags: tags }],
  UntagResource: [{ SecretId: "tagged", TagKeys: ["team", "none"] }],
  GetRandomPassword: [
    { PasswordLength: 32, ExcludeCharacters: "abc\"'", IncludeSpace: true },
    {
      PasswordLength: 4096,
      ExcludeNumbers: false,
      ExcludePunctuation: true,
      ExcludeUppercase: false,
      ExcludeLowercase: false,
      RequireEachIncludedType: true,
    },
  ],
  RotateSecret: [
    {
      SecretId: "db",
      ClientRequestToken: token(77),
      RotationLambdaARN: "arn:aws:lambda:us-east-1:000000000000:function:rotate",
      RotationRules: { AutomaticallyAfterDays: 30, Duration: "3h" },
      RotateImmediately: false,
    },
    {
      SecretId: "db",
      ClientRequestToken: token(78),
      RotationRules: { ScheduleExpression: "cron(0 8 1 * ? *)", Duration: "2h" },
    },
    {
      SecretId: "bin",
      ClientRequestToken: token(79),
      RotationRules: { ScheduleExpression: "rate(10 days)" },
      ExternalSecretRotationMetadata: [{ Key: "a", Value: "b" }],
      ExternalSecretRotationRoleArn: "arn:aws:iam::000000000000:role/rotate",
    },
  ],
  CancelRotateSecret: [{ SecretId: "db" }],
  PutResourcePolicy: policies.map((policy) => ({
    SecretId: "db",
    ResourcePolicy: JSON.stringify(policy),
    BlockPublicPolicy: true,
  })),
  GetResourcePolicy: [{ SecretId: "db" }],
  DeleteResourcePolicy: [{ SecretId: "bin" }],
  ValidateResourcePolicy: policies.map((policy) => ({ ResourcePolicy: JSON.stringify(policy) })),
  ReplicateSecretToRegions: [
    { SecretId: "db", AddReplicaRegions: regions, ForceOverwriteReplicaSecret: true },
  ],
  RemoveRegionsFromReplication: [{ SecretId: "db", RemoveReplicaRegions: ["eu-west-1"] }],
  StopReplicationToReplica: [{ SecretId: "db" }],
};

export const corpus: readonly Seed[] = Object.entries(requests).flatMap(([operation, list]) =>
  list.map((request) => ({ operation: operation as SecretOperationName, request })),
);

/** Those of some operations only. */
export function seedsOf(...operations: readonly SecretOperationName[]): readonly Seed[] {
  return corpus.filter(({ operation }) => operations.includes(operation));
}

/** Pieces of JSON that mean something to those who read these requests. */
export const words: readonly Uint8Array[] = [
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "null",
  "true",
  "1e400",
  "-0",
  "0x1",
  "1.5",
  "9007199254740993",
  '"__proto__":{"a":1}',
  '"constructor":{"prototype":{}}',
  '"toString":1',
  '"SecretId":"db",',
  '"\\ud800"',
  '"\\u0000"',
  "\ufeff",
  "\u2028",
  "[".repeat(40),
  '{"a":'.repeat(40),
  "[],".repeat(500),
  " ".repeat(500),
  "\\".repeat(99),
].map((text) => new TextEncoder().encode(text));
