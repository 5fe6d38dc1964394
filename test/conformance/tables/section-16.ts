// §16, traps that other implementations fell into: `16 #n` is the row of the table there.
import { cases, type ConformanceCase, type Refused, type Row, type Step } from "../conformance-case.ts";
import { C, N, P, S, T, create, createEmpty, deleted, describeIt, empty, get, lambda, malformed, moveLabel, named, nothing, one, parameter, put, refused, remove, reply, restore, shows, some, stages, tag, tags, three, two, update, v, v1, v2, v3, v4, v9 } from "./vocabulary.ts";

const list = (...Filters: readonly object[]): Step => ["ListSecrets", { Filters: [{ Key: "name", Values: ["{s}"] }, ...Filters] }];
const rotate = (request: object = {}): Step => ["RotateSecret", { ...S, ClientRequestToken: v2, ...request }];
const window: Refused = [parameter, "RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."];
const versionsOf = (request: object = {}): Step => ["ListSecretVersionIds", { ...S, ...request }];
const version = (VersionId: string, ...VersionStages: readonly string[]) => ({ VersionId, ...(VersionStages.length === 0 ? {} : { VersionStages }), CreatedDate: "<date>", LastAccessedDate: "<day?>", KmsKeyIds: ["DefaultEncryptionKey"] });
const force = remove({ ForceDeleteWithoutRecovery: true });
const open = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: "*", Action: "secretsmanager:GetSecretValue", Resource: "*" }] });
const unconfigured = shows({ RotationEnabled: "<absent>", RotationRules: "<absent>", RotationLambdaARN: "<absent>" });
const noLambda: Refused = ["AccessDeniedException", "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com."];

const traps: readonly Row[] = [
  ["16 #1", "not found is HTTP 400 like every mistake", nothing, get(), refused(T.NF)],
  ["16 #2", "the token becomes the version id", one, put(v2), shows({ VersionId: v2 }), [[get(), shows({ VersionId: v2 })]]],
  ["16 #3", "a second create with another token is refused", one, create({ ClientRequestToken: v2, SecretString: "one" }), refused(T.EXISTS)],
  ["16 #4", "a known token with another value is refused, with token and ARN", two, put(v2, { SecretString: "other" }), refused(T.INUSE(v2))],
  ["16 #5", "a missing token is refused", one, put(v2, { ClientRequestToken: undefined }), refused(T.TOK)],
  ["16 #5", "RotateSecret's type differs", one, rotate({ ClientRequestToken: undefined }), refused(T.TOKrotate)],
  ["16 #6", "a label of one's own moves", [create(), put(v2, { VersionStages: ["X"] }), put(v3, { VersionStages: ["X"] })], get({ VersionId: v2 }), shows({ VersionStages: "<absent>" }), [[get({ VersionStage: "X" }), shows({ VersionId: v3 })]]],
  ["16 #7", "one version is the previous one", [...three, put(v4)], describeIt, stages({ [v3]: [P], [v4]: [C] })],
  ["16 #7", "also after a move by hand", [...three, moveLabel({ VersionStage: C, RemoveFromVersionId: v3, MoveToVersionId: v1 })], describeIt, stages({ [v1]: [C], [v3]: [P] })],
  ["16 #8", "own labels stay on the former current version", [create(), moveLabel({ VersionStage: "X", MoveToVersionId: v1 }), put(v2)], describeIt, stages({ [v1]: [P, "X"], [v2]: [C] })],
  ["16 #8", "also after a move by hand", [create(), put(v2, { VersionStages: ["X"] }), moveLabel({ VersionStage: "Y", MoveToVersionId: v1 }), moveLabel({ VersionStage: C, RemoveFromVersionId: v1, MoveToVersionId: v2 })], describeIt, stages({ [v1]: [P, "Y"], [v2]: [C, "X"] })],
  ["16 #9", "AWSPENDING leaves the former current version with a plain put", [create(), moveLabel({ VersionStage: N, MoveToVersionId: v1 })], put(v2), shows({ VersionStages: [C] }), [[describeIt, stages({ [v1]: [P], [v2]: [C] })]]],
  ["16 #10", "versions without labels are kept", [...three, put(v4)], versionsOf({ IncludeDeprecated: true }), shows({ Versions: [version(v4, C), version(v3, P), version(v2), version(v1)] }), [[get({ VersionId: v1 }), shows({ SecretString: "one" })]]],
  ["16 #11", "a first put under a label of one's own is current too", empty, put(v2, { VersionStages: ["X"] }), shows({ VersionStages: [C, "X"] }), [[get(), shows({ VersionId: v2 })]]],
  ["16 #12", "PutSecretValue works on an empty secret", empty, put(v2), shows({ VersionStages: [C] })],
  ["16 #13", "a create without a value has no VersionId", nothing, createEmpty(), reply({ ARN: "<arn>", Name: "{s}" })],
  ["16 #14", "VersionIdsToStages is there", one, describeIt, shows({ VersionIdsToStages: { [v1]: [C] } })],
  ["16 #15", "DescribeSecret has no SecretVersionsToStages", one, describeIt, shows({ SecretVersionsToStages: "<absent>" })],
  ["16 #15", "ListSecrets has no VersionIdsToStages", one, list(), reply({ SecretList: [{ ARN: "{arn}", Name: "{s}", CreatedDate: "<date>", LastChangedDate: "<date>", SecretVersionsToStages: { [v1]: [C] } }] })],
  ["16 #16", "VersionIdsToStages has labelled versions only", three, describeIt, stages({ [v2]: [P], [v3]: [C] })],
  ["16 #17", "ListSecretVersionIds has the ARN and no empty NextToken", one, versionsOf(), reply({ ARN: "{arn}", Name: "{s}", Versions: [version(v1, C)] })],
  [
    "16 #18",
    "the suffix has six characters and stays",
    one,
    describeIt,
    shows({ ARN: "{arn}" }),
    [
      [get(), shows({ ARN: "<like .*-[A-Za-z0-9]{6}>" })],
      [get(), shows({ ARN: "{arn}" })],
    ],
  ],
  ["16 #19", "a partial ARN is understood", one, get({ SecretId: "{prefix}{s}" }), shows({ Name: "{s}" })],
  ["16 #19", "and is not a prefix", [create({ Name: "{s}/a" })], get({ SecretId: "{prefix}{s}" }), refused(T.NF)],
  ["16 #20", "a full ARN is understood by a write", one, put(v2, { SecretId: "{arn}" }), shows({ VersionId: v2 })],
  ["16 #20", "and by a restore", deleted, ["RestoreSecret", { SecretId: "{arn}" }], named],
  ["16 #21", "invalid names are refused", nothing, create({ Name: "{s} *" }), refused(T.NAME)],
  ["16 #21", "everywhere", nothing, get({ SecretId: "{s}*" }), refused(T.NAME)],
  ["16 #22", "LastAccessedDate is absent before the first read", one, describeIt, shows({ LastAccessedDate: "<absent>" })],
  ["16 #22", "and then a day, without a time", [create(), get()], describeIt, shows({ LastAccessedDate: "<day?>" })],
  ["16 #23", "LastChangedDate has milliseconds", [create(), put(v2)], describeIt, shows({ LastChangedDate: "<date>" })],
  ["16 #24", "an update keeps the description", [create({ Description: "d" })], update({ SecretString: "b" }), shows({ VersionId: v4 }), [[describeIt, shows({ Description: "d" })]]],
  ["16 #25", "no member is null", empty, describeIt, reply({ ARN: "{arn}", Name: "{s}", CreatedDate: "<date>", LastChangedDate: "<date>" })],
  ["16 #26", "RotationEnabled is absent where nothing ever rotated", one, describeIt, unconfigured],
  ["16 #27", "a bad rotation function stores nothing", one, rotate({ RotationLambdaARN: "arn:aws:lambda:nowhere", RotationRules: { AutomaticallyAfterDays: 5 } }), refused(some(parameter)), [[describeIt, unconfigured]]],
  ["16 #28", "a function that is not there is access denied", one, rotate({ RotationLambdaARN: lambda }), refused(noLambda)],
  ["16 #36", "a rotation without a function promotes nothing", [create(), put(v3, { VersionStages: [N] })], rotate(), refused(T.NOL), [[describeIt, stages({ [v1]: [C], [v3]: [N] })]]],
  ["16 #37", "a name filter is a prefix, not a part", [createEmpty({ Name: "{s}/abc" })], list({ Key: "name", Values: ["bc"] }), { lists: [] }],
  ["16 #37", "a description filter goes by words", [createEmpty({ Description: "the database" })], list({ Key: "description", Values: ["data"] }), { lists: ["{s}"] }, [[list({ Key: "description", Values: ["base"] }), { lists: [] }]]],
  ["16 #38", "! negates", [createEmpty({ Name: "{s}/a" }), createEmpty({ Name: "{s}/b" })], list({ Key: "name", Values: ["!{s}/a"] }), { lists: ["{s}/b"] }],
  ["16 #39", "deleted secrets are hidden unless asked for", deleted, list(), { lists: [] }],
  ["16 #40", "a window of 0 days is refused", one, remove({ RecoveryWindowInDays: 0 }), refused(window)],
  ["16 #41", "force on an unknown secret succeeds", nothing, force, shows({ Name: "{s}", ARN: "<arn>", DeletionDate: "<date>" })],
  ["16 #42", "force on a deleted secret succeeds", deleted, force, shows({ ARN: "{arn}" }), [[describeIt, refused(T.NF)]]],
  ["16 #43", "create over a planned deletion", deleted, create({ ClientRequestToken: v2 }), refused(T.SCH)],
  ["16 #44", "tagging a deleted secret", deleted, tag(["a", "1"]), refused(T.DEL)],
  ["16 #44", "untagging it", deleted, ["UntagResource", { ...S, TagKeys: ["a"] }], refused(T.DEL)],
  ["16 #45", "after the last tag there is an empty list", [create({ Tags: tags(["a", "1"]) }), ["UntagResource", { ...S, TagKeys: ["a"] }]], describeIt, shows({ Tags: [] })],
  ["16 #45", "a key is there once", [create({ Tags: tags(["a", "1"]) }), tag(["a", "2"])], describeIt, shows({ Tags: tags(["a", "2"]) })],
  ["16 #46", "bytes are base64 once", [create({ SecretString: undefined, SecretBinary: "aGVsbG8=" })], get(), shows({ SecretBinary: "aGVsbG8=" })],
  ["16 #47", "the empty string is not absence", nothing, create({ SecretString: "" }), refused(["ValidationException", "<any>"]), [[describeIt, refused(T.NF)]]],
  ["16 #48", "an unknown label has its text", one, get({ VersionStage: "X" }), refused(T.NFS("X"))],
  ["16 #48", "an unknown id has another", one, get({ VersionId: v9 }), refused(T.NFV(v9))],
  ["16 #49", "a password has the length that was asked for, with no space by force", nothing, ["GetRandomPassword", { PasswordLength: 4, IncludeSpace: true }], reply({ RandomPassword: "<like [!-~]{4}>" })],
  ["16 #54", "BlockPublicPolicy is honoured", one, ["PutResourcePolicy", { ...S, ResourcePolicy: open, BlockPublicPolicy: true }], refused(some("PublicPolicyException"))],
  ["16 #54", "a policy is checked", one, ["PutResourcePolicy", { ...S, ResourcePolicy: "{" }], refused(some("MalformedPolicyDocumentException"))],
  [
    "16 #55",
    "what BatchGetSecretValue cannot read is no error of the call",
    one,
    ["BatchGetSecretValue", { SecretIdList: ["{s}/nobody", "{s}"] }],
    reply({ SecretValues: [{ ARN: "{arn}", Name: "{s}", VersionId: v1, SecretString: "one", VersionStages: [C], CreatedDate: "<date>" }], Errors: [{ SecretId: "{s}/nobody", ErrorCode: T.NF[0], Message: T.NF[1] }] }),
  ],
  ["16 #56", "a text begins as AWS begins it", one, remove({ RecoveryWindowInDays: 3 }), refused(window)],
  ["16 #60", "KmsKeyIds is there", one, versionsOf(), shows({ Versions: [version(v1, C)] })],
  ["16 #10", "a hundred unlabelled versions are not cut to fewer", [create(), ...Array.from({ length: 50 }, (_, at) => put(v(at + 2)))], get({ VersionId: v1 }), shows({ SecretString: "one" })],
  ["16 #42", "and then there is nothing to restore", [...deleted, force], restore, refused(T.NF)],
];

const jsonOnly: readonly Row[] = [
  ["16 #59", "dates are numbers", one, describeIt, shows({ CreatedDate: "<date>" })],
  ["16 #46", "what is no base64 is refused", nothing, create({ SecretString: undefined, SecretBinary: "a" }), refused(some(malformed))],
];

export const section16: readonly ConformanceCase[] = [...cases(traps), ...cases(jsonOnly, "https")];
