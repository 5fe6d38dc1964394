// §2, the identity of a secret: names, ARNs, and what a SecretId means.
import { cases, type AwsRequest, type ConformanceCase, type Row } from "../conformance-case.ts";
import { T, create, createEmpty, deleted, describeIt, missing, named, nothing, one, refused, remove, reply, shows, tags, tooLong, tooShort, v1, v2, x } from "./vocabulary.ts";

const made = (name: string): AwsRequest => ({ Name: name, ClientRequestToken: v1 });

const validNames = ["{s}", "{s}/_+=.@-Name", "Valid/_+=.@-{s}", "{s}-a1b2", "{s}-a1b2c3-", "{s}-abcdef", "{s}.", "-{s}", "/{s}", "{s}//", "@{s}=+", "{pad:512}", "{pad:257}"];

const invalidCharacters = [" ", "*", "?", "]", "\\", "[", "(", "#", "$", "%", "&", ",", ":", ";", "<", "'", '"', "|", "~", "^", "\n", "\t", "é", "名", "🔑"];

const names: readonly Row[] = [
  ...validNames.map((name): Row => ["2.1 valid", `a name such as ${name} is taken`, nothing, ["CreateSecret", made(name)], shows({ Name: name, ARN: "<arn>" })]),
  ...invalidCharacters.map((character): Row => ["2.1 invalid", `a name with ${JSON.stringify(character)} is not`, nothing, ["CreateSecret", made(`{s}${character}`)], refused(T.NAME)]),
  ["2.1 length", "an empty name is too short", nothing, ["CreateSecret", made("")], refused(tooShort("name", 1))],
  ["2.1 length", "a name has 512 characters at most", nothing, ["CreateSecret", made("{pad:513}")], refused(tooLong("name", 512))],
  ["2.1 length", "a name must be there", nothing, ["CreateSecret", { ClientRequestToken: v1 }], refused(missing("name"))],
  ["2.1 immutable", "UpdateSecret changes neither name nor ARN", one, ["UpdateSecret", { SecretId: "{s}", ClientRequestToken: v2, Description: "new" }], named],
  ["2.1 uniqueness", "a name is taken once", one, createEmpty({ ClientRequestToken: v2 }), refused(T.EXISTS)],
  ["2.1 uniqueness", "a secret that waits for its deletion keeps its name", deleted, createEmpty({ ClientRequestToken: v2 }), refused(T.SCH)],
  [
    "2.1 uniqueness",
    "names differ by the case of their letters",
    one,
    ["CreateSecret", made("{s}X")],
    shows({ Name: "{s}X" }),
    [
      [["CreateSecret", made("{s}x")], shows({ Name: "{s}x" })],
      [["DescribeSecret", { SecretId: "{s}" }], shows({ Name: "{s}" })],
    ],
  ],
  ["2.1 ending", "a name that ends as an ARN does is taken", nothing, ["CreateSecret", made("{s}-a1b2c3")], shows({ Name: "{s}-a1b2c3" })],
];

const arns: readonly Row[] = [
  [
    "2.2 form",
    "an ARN has the region, the account, the name and six characters",
    nothing,
    create(),
    reply({
      ARN: "<like arn:aws:secretsmanager:us-east-1:[0-9]{12}:secret:{s}-[A-Za-z0-9]{6}>",
      Name: "{s}",
      VersionId: v1,
    }),
  ],
  ["2.2 form", "slashes of a name stand in its ARN", nothing, ["CreateSecret", made("{s}/a/b")], shows({ ARN: "<like .*:secret:{s}/a/b-[A-Za-z0-9]{6}>" })],
  ["2.2 stable", "the ARN is the same at every call", one, describeIt, shows({ ARN: "{arn}" })],
  [
    "2.2 recreated",
    "a secret made anew has another ARN: the old one means nobody",
    [create(), ["TagResource", { SecretId: "{s}", Tags: tags(["a", "b"]) }]],
    remove({ ForceDeleteWithoutRecovery: true }),
    shows({ ARN: "{arn}" }),
    [
      [["GetSecretValue", { SecretId: "{arn}" }], refused(T.NF)],
      [["CreateSecret", { Name: "{s}", ClientRequestToken: v2 }], shows({ ARN: "<arn>" })],
      [describeIt, shows({ Tags: "<absent>" })],
    ],
  ],
];

/** Every operation that takes a SecretId and works on a live secret, and what else it wants. */
const working: readonly (readonly [operation: string, request: AwsRequest])[] = [
  ["DeleteResourcePolicy", {}],
  ["DeleteSecret", {}],
  ["DescribeSecret", {}],
  ["GetResourcePolicy", {}],
  ["GetSecretValue", {}],
  ["ListSecretVersionIds", {}],
  ["PutSecretValue", { ClientRequestToken: v2, SecretString: "two" }],
  ["RestoreSecret", {}],
  ["UpdateSecret", { ClientRequestToken: v2, Description: "new" }],
  ["UpdateSecretVersionStage", { VersionStage: "X", MoveToVersionId: v1 }],
];

/** Those whose answer has no name, or that refuse here after the secret was found. */
const others: readonly (readonly [operation: string, request: AwsRequest])[] = [
  ["CancelRotateSecret", {}],
  ["PutResourcePolicy", { ResourcePolicy: "{}" }],
  ["RemoveRegionsFromReplication", { RemoveReplicaRegions: ["eu-west-1"] }],
  ["ReplicateSecretToRegions", { AddReplicaRegions: [{ Region: "eu-west-1" }] }],
  ["RotateSecret", { ClientRequestToken: v2 }],
  ["StopReplicationToReplica", {}],
  ["TagResource", { Tags: tags(["a", "b"]) }],
  ["UntagResource", { TagKeys: ["a"] }],
];

const wrongIds: readonly (readonly [says: string, secretId: string])[] = [
  ["an unknown name", "{s}/nobody"],
  ["a complete ARN with another suffix", "{prefix}{s}-000000"],
  ["a partial ARN of nobody", "{prefix}{s}/nobody"],
  ["an ARN of another region", "arn:aws:secretsmanager:eu-west-1:{account}:secret:{s}"],
  ["an ARN of another account", "arn:aws:secretsmanager:{region}:999999999999:secret:{s}"],
];

const resolving: readonly Row[] = [
  ...working.flatMap(([operation, request]): readonly Row[] => [
    ["2.3 full ARN", `${operation} finds a secret by its ARN`, one, [operation, { SecretId: "{arn}", ...request }], shows({ ARN: "{arn}", Name: "{s}" })],
    ["2.3 partial ARN", `${operation} finds a secret by its ARN without the six characters`, one, [operation, { SecretId: "{prefix}{s}", ...request }], shows({ ARN: "{arn}", Name: "{s}" })],
  ]),
  ...(["TagResource", "UntagResource"] as const).flatMap((operation) =>
    (["{s}", "{arn}", "{prefix}{s}"] as const).map((SecretId): Row => [SecretId === "{s}" ? "2.3 friendly name" : "2.3 full ARN", `${operation} finds a secret by ${SecretId}`, one, [operation, { SecretId, Tags: tags(["a", "b"]), TagKeys: ["a"] }], reply({})]),
  ),
  ...[...working, ...others].flatMap(([operation, request]) => wrongIds.map(([says, SecretId]): Row => ["2.3 not found", `${operation} does not find ${says}`, one, [operation, { SecretId, ...request }], refused(T.NF)])),
  ...working.map(([operation, request]): Row => ["2.3 friendly name", `${operation} finds a secret by its name`, one, [operation, { SecretId: "{s}", ...request }], shows({ ARN: "{arn}", Name: "{s}" })]),
  [
    "2.3 tail of the name",
    "a partial ARN whose name ends as an ARN does is taken for a complete one",
    [["CreateSecret", made("{s}-abcdef")]],
    ["DescribeSecret", { SecretId: "{prefix}{s}-abcdef" }],
    refused(T.NF),
    [
      [["DescribeSecret", { SecretId: "{s}-abcdef" }], shows({ Name: "{s}-abcdef" })],
      [["DescribeSecret", { SecretId: "{arn:-abcdef}" }], shows({ Name: "{s}-abcdef" })],
    ],
  ],
  ["2.3 tail of the name", "a tail of five characters belongs to the name", [["CreateSecret", made("{s}-abcde")]], ["DescribeSecret", { SecretId: "{prefix}{s}-abcde" }], shows({ Name: "{s}-abcde" })],
  ["2.3 prefix", "a partial ARN is not a prefix", [["CreateSecret", made("{s}/long")]], ["DescribeSecret", { SecretId: "{prefix}{s}" }], refused(T.NF)],
];

const everyOperation = [...working, ...others];

const charset: readonly Row[] = everyOperation.flatMap(([operation, request]): readonly Row[] => [
  ["1.2 charset", `${operation} refuses a SecretId that is no name`, nothing, [operation, { SecretId: "{s} ?", ...request }], refused(T.NAME)],
  ["2.3 length", `${operation} refuses a SecretId of 2,049 characters`, nothing, [operation, { SecretId: x(2049), ...request }], refused(tooLong("secretId", 2048))],
  ["2.3 length", `${operation} refuses an empty SecretId`, nothing, [operation, { SecretId: "", ...request }], refused(tooShort("secretId", 1))],
  ["2.3 length", `${operation} wants a SecretId`, nothing, [operation, request], refused(missing("secretId"))],
]);

export const section2: readonly ConformanceCase[] = cases([
  ...names,
  ...arns,
  ...resolving,
  ...charset,
  ["1.2 charset", "DeleteSecret checks the name by force too", nothing, ["DeleteSecret", { SecretId: "{s} ?", ForceDeleteWithoutRecovery: true }], refused(T.NAME)],
  ["1.2 charset", "ValidateResourcePolicy checks it too", nothing, ["ValidateResourcePolicy", { SecretId: "{s} ?", ResourcePolicy: "{}" }], refused(T.NAME)],
]);
