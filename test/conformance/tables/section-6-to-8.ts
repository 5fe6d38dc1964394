// §6 to §8: keys, quotas and consistency, as far as a caller can see them.
import { cases, type ConformanceCase, type Row, type Step } from "../conformance-case.ts";
import { C, S, T, create, createEmpty, describeIt, get, limit, named, nothing, one, parameter, put, refused, remove, reply, shows, some, tag, tooLong, two, update, v, v1, v2, v4, x } from "./vocabulary.ts";

const alias = "alias/aws/secretsmanager";
const aliasArn = "arn:aws:kms:{region}:{account}:alias/aws/secretsmanager";
const usualKey = shows({ KmsKeyId: "<absent>" });

const keys: readonly Row[] = [
  ...[alias, aliasArn].map((KmsKeyId): Row => [
    "6 Default",
    `the default key is known as ${KmsKeyId}`,
    nothing,
    create({ KmsKeyId }),
    shows({ VersionId: v1 }),
    [
      [describeIt, usualKey],
      [get(), shows({ SecretString: "one" })],
    ],
  ]),
  ["6 Default", "the empty name means it too", one, update({ KmsKeyId: "" }), named, [[describeIt, usualKey]]],
  ["6 Default", "UpdateSecret may name it", one, update({ KmsKeyId: alias }), named, [[describeIt, usualKey]]],
  ["6 Default", "versions show it as DefaultEncryptionKey", one, ["ListSecretVersionIds", S], shows({ Versions: [{ VersionId: v1, VersionStages: [C], CreatedDate: "<date>", KmsKeyIds: ["DefaultEncryptionKey"], LastAccessedDate: "<day?>" }] })],
  ...["alias/nobody", "arn:aws:kms:{region}:{account}:key/12345678-1234-1234-1234-123456789012", "12345678-1234-1234-1234-123456789012", "arn:aws:kms:eu-west-1:{account}:alias/aws/secretsmanager"].map((KmsKeyId): Row => [
    "6 Key types",
    `${KmsKeyId} is no key here`,
    nothing,
    create({ KmsKeyId }),
    refused(some(parameter)),
    [[describeIt, refused(T.NF)]],
  ]),
  ["6 Key types", "UpdateSecret does not know it either, and changes nothing", one, update({ KmsKeyId: "alias/nobody", Description: "d" }), refused(some(parameter)), [[describeIt, shows({ Description: "<absent>" })]]],
  ["6 Scheme", "every version is opened by itself, with the same value twice", [create(), put(v2, { SecretString: "one" })], get({ VersionId: v1 }), shows({ SecretString: "one" }), [[get({ VersionId: v2 }), shows({ SecretString: "one" })]]],
  [
    "6 Not encrypted",
    "names, descriptions, tags and labels can be searched",
    [createEmpty({ Description: "plainword" })],
    [
      "ListSecrets",
      {
        Filters: [
          { Key: "name", Values: ["{s}"] },
          { Key: "description", Values: ["plainword"] },
        ],
      },
    ],
    { lists: ["{s}"] },
  ],
  ["6 RotateSecret", "a refused rotation leaves the value", [create()], ["RotateSecret", { ...S, ClientRequestToken: v2 }], refused(T.NOL), [[get(), shows({ SecretString: "one" })]]],
];

const tagsOf = (count: number) => Array.from({ length: count }, (_, at) => ({ Key: `key-${at}`, Value: "v" }));
const labels = (count: number) => ({ VersionStages: Array.from({ length: count }, (_, at) => `L${at}`) });
const hundred: readonly Step[] = [create(), ...Array.from({ length: 99 }, (_, at) => put(v(at + 2)))];

const quotas: readonly Row[] = [
  ["7 Versions per secret", "a hundred", hundred, ["ListSecretVersionIds", { ...S, IncludeDeprecated: true, MaxResults: 100 }], shows({ NextToken: "<absent>" }), [[put(v(101)), refused(some(limit))]]],
  ["7 Versions per secret", "one with a label of its own counts too", hundred, put(v(101), { VersionStages: ["X"] }), refused(some(limit))],
  ["7 Labels across versions of a secret", "twenty", two, put(v4, labels(18)), shows({ VersionId: v4 }), [[put(v(5), { VersionStages: ["X"] }), refused(some(limit))]]],
  ["7 Labels across versions of a secret", "not twenty-one", two, put(v4, labels(19)), refused(some(limit))],
  ["7 Resource policy", "20,480 characters", one, ["PutResourcePolicy", { ...S, ResourcePolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}`.padEnd(20_480) }], named],
  ["7 Resource policy", "not 20,481", one, ["PutResourcePolicy", { ...S, ResourcePolicy: "{}".padEnd(20_481) }], refused(tooLong("resourcePolicy", 20_480))],
  ["7 Value", "65,536 bytes", nothing, create({ SecretString: x(65_536) }), shows({ VersionId: v1 })],
  ["7 Value", "not one more", nothing, create({ SecretString: x(65_537) }), refused(tooLong("secretString", 65_536))],
  ["7 Tags", "fifty", nothing, create({ Tags: tagsOf(50) }), shows({ VersionId: v1 }), [[tag(["more", ""]), refused(["<like .*Exception>", "<any>"])]]],
];

const own = { Filters: [{ Key: "name", Values: ["{s}"] }] } as const;

const consistency: readonly Row[] = [
  ["8 stricter", "a list has what was just made", [createEmpty()], ["ListSecrets", own], { lists: ["{s}"] }],
  ["8 stricter", "a list has lost what was just deleted", [create(), remove()], ["ListSecrets", own], { lists: [] }],
  [
    "8 stricter",
    "a search finds the description of now",
    [createEmpty({ Description: "before" }), ["UpdateSecret", { ...S, ClientRequestToken: v2, Description: "after" }]],
    ["ListSecrets", { Filters: [...own.Filters, { Key: "description", Values: ["after"] }] }],
    { lists: ["{s}"] },
    [[["ListSecrets", { Filters: [...own.Filters, { Key: "description", Values: ["before"] }] }], { lists: [] }]],
  ],
  [
    "8 stricter",
    "a search finds the tags of now",
    [createEmpty({ Tags: [{ Key: "before", Value: "" }] }), tag(["after", ""]), ["UntagResource", { ...S, TagKeys: ["before"] }]],
    ["ListSecrets", { Filters: [...own.Filters, { Key: "tag-key", Values: ["after"] }] }],
    { lists: ["{s}"] },
    [[["ListSecrets", { Filters: [...own.Filters, { Key: "tag-key", Values: ["before"] }] }], { lists: [] }]],
  ],
  ["8 stricter", "a read has the value that was just put", [create(), put(v2)], get(), shows({ VersionId: v2 })],
  ["8 stricter", "a secret that was removed is gone at once, and its name free", [create(), remove({ ForceDeleteWithoutRecovery: true })], get(), refused(T.NF), [[create({ ClientRequestToken: v2 }), reply({ ARN: "<arn>", Name: "{s}", VersionId: v2 })]]],
];

export const section6To8: readonly ConformanceCase[] = cases([...keys, ...quotas, ...consistency]);
