// §5.1 to §5.4: CreateSecret, PutSecretValue, UpdateSecret and GetSecretValue.
import { cases, type ConformanceCase, type Row } from "../conformance-case.ts";
import { C, N, P, S, T, create, createEmpty, deleted, describeIt, empty, get, malformed, missing, named, nothing, one, parameter, put, refused, remove, reply, restore, shows, some, stages, tags, tooLong, tooShort, two, update, v1, v2, v4, v9, violates, x } from "./vocabulary.ts";

const tagsOf = (count: number) => Array.from({ length: count }, (_, at) => ({ Key: `key-${at}`, Value: "v" }));
const lengths = (Value: string) => create({ Tags: [{ Key: "a", Value }] });

const creation: readonly Row[] = [
  ["5.1 token", "a call without a token is refused", nothing, create({ ClientRequestToken: undefined }), refused(T.TOK)],
  ["5 T-TOK", "before the name is looked up", one, create({ ClientRequestToken: undefined }), refused(T.TOK)],
  ["5 T-TOK", "though there is no value", nothing, createEmpty({ ClientRequestToken: undefined }), refused(T.TOK)],
  ["5.1 value", "without a value there is no VersionId", nothing, createEmpty(), reply({ ARN: "<arn>", Name: "{s}" })],
  ["5.1 value", "with one it is the token", nothing, create(), reply({ ARN: "<arn>", Name: "{s}", VersionId: v1 })],
  ["5.1 Description", "it is shown by DescribeSecret", nothing, create({ Description: "for people" }), shows({ VersionId: v1 }), [[describeIt, shows({ Description: "for people" })]]],
  ["5.1 Description", "the empty one is not", nothing, create({ Description: "" }), shows({ VersionId: v1 }), [[describeIt, shows({ Description: "<absent>" })]]],
  ["5.1 Description", "2,048 characters are taken", nothing, create({ Description: x(2048) }), shows({ VersionId: v1 })],
  ["5.1 Description", "2,049 are not", nothing, create({ Description: x(2049) }), refused(tooLong("description", 2048))],
  ["5.1 Description", "characters count, not bytes", nothing, create({ Description: "é".repeat(2048) }), shows({ VersionId: v1 })],
  ["5.1 KmsKeyId", "2,049 characters are too many", nothing, create({ KmsKeyId: x(2049) }), refused(tooLong("kmsKeyId", 2048))],
  ["5.1 Tags", "they are shown in their order", nothing, create({ Tags: tags(["b", "1"], ["a", "2"]) }), shows({ VersionId: v1 }), [[describeIt, shows({ Tags: tags(["b", "1"], ["a", "2"]) })]]],
  ["5.1 Tags", "fifty are taken", nothing, create({ Tags: tagsOf(50) }), shows({ VersionId: v1 })],
  ["5.1 Tags", "fifty-one are not, and nothing is made", nothing, create({ Tags: tagsOf(51) }), refused(["<like .*Exception>", "<any>"]), [[describeIt, refused(T.NF)]]],
  ["5.1 Tags", "keys differ by the case of their letters", nothing, create({ Tags: tags(["a", "1"], ["A", "2"]) }), shows({ VersionId: v1 }), [[describeIt, shows({ Tags: tags(["a", "1"], ["A", "2"]) })]]],
  ["5.1 Tags", "aws: is reserved", nothing, create({ Tags: tags(["aws:a", "1"]) }), refused(some(parameter)), [[describeIt, refused(T.NF)]]],
  ["5.1 Tags", "aws without a colon is not", nothing, create({ Tags: tags(["awsome", "1"]) }), shows({ VersionId: v1 })],
  ["5.1 Tags", "a key has 128 characters at most", nothing, create({ Tags: tags([x(129), ""]) }), refused(tooLong("tags.1.member.key", 128))],
  ["5.1 Tags", "a key of 128 characters is taken", nothing, create({ Tags: tags([x(128), ""]) }), shows({ VersionId: v1 })],
  ["5.1 Tags", "an empty key is too short", nothing, create({ Tags: tags(["", "a"]) }), refused(tooShort("tags.1.member.key", 1))],
  ["5.1 Tags", "a value has 256 characters at most", nothing, lengths(x(257)), refused(tooLong("tags.1.member.value", 256))],
  ["5.1 Tags", "a value of 256 characters is taken", nothing, lengths(x(256)), shows({ VersionId: v1 })],
  ["5.1 Tags", "an empty value is taken", nothing, lengths(""), shows({ VersionId: v1 }), [[describeIt, shows({ Tags: [{ Key: "a", Value: "" }] })]]],
  ["5.1 Tags", "the second of two is named as such", nothing, create({ Tags: tags(["a", ""], [x(129), ""]) }), refused(tooLong("tags.2.member.key", 128))],
  ["5.1 AddReplicaRegions", "the own region is no replica's", nothing, create({ AddReplicaRegions: [{ Region: "{region}" }] }), refused(T.REPLICA), [[describeIt, refused(T.NF)]]],
  ["5.1 AddReplicaRegions", "nor is a region that is not known", nothing, create({ AddReplicaRegions: [{ Region: "xx-none-9" }] }), refused(T.REPLICA), [[describeIt, refused(T.NF)]]],
  ["5.1 AddReplicaRegions", "a region has a form", nothing, create({ AddReplicaRegions: [{ Region: "Nowhere" }] }), refused(violates("addReplicaRegions.1.member.region", "satisfy regular expression pattern: .*"))],
  ["5.1 Type", "256 characters are taken and shown", nothing, create({ Type: x(256) }), shows({ VersionId: v1 }), [[describeIt, shows({ Type: x(256) })]]],
  ["5.1 Type", "257 are not", nothing, create({ Type: x(257) }), refused(tooLong("type", 256))],
  ["5.1 ForceOverwriteReplicaSecret", "alone it means nothing", nothing, create({ ForceOverwriteReplicaSecret: true }), shows({ VersionId: v1 })],
  ["5 T-SCH", "a name that waits for its deletion", deleted, create({ ClientRequestToken: v2 }), refused(T.SCH)],
  ["5.1 several", "every violation is told at once", nothing, create({ ClientRequestToken: "short", Description: x(2049) }), refused(["ValidationException", "<like 2 validation errors detected: .*; .*>"])],
  ["5.1 order", "the model comes before the token", nothing, create({ ClientRequestToken: undefined, Description: x(2049) }), refused(tooLong("description", 2048))],
  ["5.1 order", "the token comes before the name's characters", nothing, create({ ClientRequestToken: undefined, Name: "{s} ?" }), refused(T.TOK)],
];

const putting: readonly Row[] = [
  ["5.2 token", "a call without a token is refused before the secret is looked up", nothing, put(v2, { ClientRequestToken: undefined }), refused(T.TOK)],
  ["5 T-TOK", "also when the secret is there", one, put(v2, { ClientRequestToken: undefined }), refused(T.TOK)],
  ["5.2 reply", "it has ARN, name, version and labels", one, put(v2), reply({ ARN: "{arn}", Name: "{s}", VersionId: v2, VersionStages: [C] })],
  ["5 T-NF", "an unknown secret", nothing, put(v2), refused(T.NF)],
  ["5.2 empty secret", "it works on a secret without a value", empty, put(v2), shows({ VersionId: v2, VersionStages: [C] }), [[get(), shows({ SecretString: `value of ${v2}` })]]],
  ["5.2 keeps", "description, tags and type stay", [create({ Description: "d", Type: "t", Tags: tags(["a", "1"]) })], put(v2), shows({ VersionId: v2 }), [[describeIt, shows({ Description: "d", Type: "t", Tags: tags(["a", "1"]) })]]],
  ["5.2 deleted", "not on a secret marked for deletion", deleted, put(v2), refused(T.DEL)],
  ["5.2 order", "the deletion comes before the missing value", deleted, put(v2, { SecretString: undefined }), refused(T.DEL)],
  ["5.2 order", "the unknown secret comes before the two values", nothing, put(v2, { SecretBinary: "AA==" }), refused(T.NF)],
  ["5.2 RotationToken", "one of the right form is taken", one, put(v2, { RotationToken: v9 }), shows({ VersionId: v2 })],
];

const updating: readonly Row[] = [
  ["5.3 token", "a call without a token is refused, value or none", one, update({ ClientRequestToken: undefined, Description: "d" }), refused(T.TOK)],
  ["5.3 token", "before the secret is looked up", nothing, update({ ClientRequestToken: undefined }), refused(T.TOK)],
  ["5 T-NF", "UpdateSecret of an unknown secret", nothing, update({ Description: "d" }), refused(T.NF)],
  ["5.3 description", "a description alone makes no version", one, update({ Description: "d" }), named, [[describeIt, shows({ Description: "d", VersionIdsToStages: { [v1]: [C] } })]]],
  ["5.3 description", "the empty one takes it away", [create({ Description: "d" })], update({ Description: "" }), named, [[describeIt, shows({ Description: "<absent>" })]]],
  ["5.3 description", "an absent one keeps it", [create({ Description: "d" })], update({ SecretString: "b" }), shows({ VersionId: v4 }), [[describeIt, shows({ Description: "d" })]]],
  ["5.3 description", "2,049 characters are too many", one, update({ Description: x(2049) }), refused(tooLong("description", 2048))],
  ["5.3 nothing", "a call that changes nothing succeeds", one, update({}), named, [[describeIt, stages({ [v1]: [C] })]]],
  ["5.3 value", "an equal value makes a version too", one, update({ SecretString: "one" }), reply({ ARN: "{arn}", Name: "{s}", VersionId: v4 }), [[describeIt, stages({ [v1]: [P], [v4]: [C] })]]],
  ["5.3 value", "bytes are a value", one, update({ SecretBinary: "AAEC" }), shows({ VersionId: v4 }), [[get(), shows({ SecretBinary: "AAEC" })]]],
  [
    "5.3 value",
    "value and description together",
    one,
    update({ SecretString: "b", Description: "d" }),
    shows({ VersionId: v4 }),
    [
      [describeIt, shows({ Description: "d" })],
      [get(), shows({ SecretString: "b" })],
    ],
  ],
  ["5.3 value", "of a secret without one", empty, update({ SecretString: "b" }), shows({ VersionId: v4 }), [[describeIt, stages({ [v4]: [C] })]]],
  ["5.3 Type", "it is changed", [create({ Type: "t" })], update({ Type: "u" }), named, [[describeIt, shows({ Type: "u" })]]],
  ["5.3 Type", "257 characters are too many", one, update({ Type: x(257) }), refused(tooLong("type", 256))],
  ["5.3 tags", "tags stay", [create({ Tags: tags(["a", "1"]) })], update({ Description: "d" }), named, [[describeIt, shows({ Tags: tags(["a", "1"]) })]]],
  ["5.3 KmsKeyId", "the empty one means the default key", one, update({ KmsKeyId: "" }), named, [[describeIt, shows({ KmsKeyId: "<absent>" })]]],
  ["5.3 deleted", "not on a secret marked for deletion", deleted, update({ Description: "d" }), refused(T.DEL)],
  ["5.3 restored", "again once it is restored", [create(), remove(), restore], update({ Description: "d" }), named],
];

const getting: readonly Row[] = [
  ["5.4 default", "AWSCURRENT is meant", two, get(), reply({ ARN: "{arn}", Name: "{s}", VersionId: v2, SecretString: `value of ${v2}`, VersionStages: [C], CreatedDate: "<date>" })],
  ["5.4 stage", "by label", two, get({ VersionStage: P }), shows({ VersionId: v1, SecretString: "one", VersionStages: [P] })],
  ["5.4 id", "by id", two, get({ VersionId: v1 }), shows({ VersionId: v1, SecretString: "one", VersionStages: [P] })],
  ["5.4 both", "id and label that agree", two, get({ VersionId: v1, VersionStage: P }), shows({ VersionId: v1 })],
  ["5.4 Unknown secret", "an unknown secret", nothing, get(), refused(T.NF)],
  ["5.4 Empty secret", "a secret without a value", empty, get(), refused(T.NFS(C))],
  ["5 T-NFS", "a secret without a value, by another label", empty, get({ VersionStage: N }), refused(T.NFS(N))],
  ["5.4 Unknown VersionId", "an id of nobody", one, get({ VersionId: v9 }), refused(T.NFV(v9))],
  ["5 T-NFV", "an id in a secret without a value", empty, get({ VersionId: v1 }), refused(T.NFV(v1))],
  ["5.4 Unknown label", "a label of nobody", one, get({ VersionStage: "NOBODY" }), refused(T.NFS("NOBODY"))],
  ["5.4 Unknown label", "labels differ by the case of their letters", one, get({ VersionStage: "awscurrent" }), refused(T.NFS("awscurrent"))],
  ["5.4 Id and label of different versions", "they must agree", two, get({ VersionId: v1, VersionStage: C }), refused(T.MIS)],
  ["5 T-MIS", "a label that nobody has, with an id", one, get({ VersionId: v1, VersionStage: "NOBODY" }), refused(T.MIS)],
  ["5.4 Unknown VersionId", "an unknown id with a label that is there", one, get({ VersionId: v9, VersionStage: C }), refused(["ResourceNotFoundException", "<any>"])],
  ["5.4 Marked for deletion", "nothing is read of it", deleted, get(), refused(T.DEL)],
  ["5 T-DEL", "nor by id", deleted, get({ VersionId: v1 }), refused(T.DEL)],
  ["5 T-DEL", "nor of an id that it does not have", deleted, get({ VersionId: v9 }), refused(T.DEL)],
  ["5.4 Marked for deletion", "again once it is restored", [create(), remove(), restore], get(), shows({ SecretString: "one" })],
  ["5.4 side effect", "a secret nobody has read shows no LastAccessedDate", one, describeIt, shows({ LastAccessedDate: "<absent>" })],
  ["5.4 side effect", "after a read it is a day", [create(), get()], describeIt, shows({ LastAccessedDate: "<day?>" })],
  ["5.4 members", "a VersionStage must not be empty", one, get({ VersionStage: "" }), refused(tooShort("versionStage", 1))],
  ["5.4 members", "a SecretId must be there", nothing, ["GetSecretValue", {}], refused(missing("secretId"))],
];

const jsonOnly: readonly Row[] = [
  ["5.1 types", "a name that is a number", nothing, ["CreateSecret", { Name: 5, ClientRequestToken: v1 }], refused(some(malformed))],
  ["5.1 types", "tags that are an object", nothing, create({ Tags: { a: "b" } }), refused(some(malformed))],
  ["5.1 types", "a flag that is a text", nothing, create({ ForceOverwriteReplicaSecret: "true" }), refused(some(malformed))],
  ["5.1 AddReplicaRegions", "an empty list is too short", nothing, create({ AddReplicaRegions: [] }), refused(tooShort("addReplicaRegions", 1))],
  ["1 unknown members", "they are ignored", nothing, create({ Nonsense: { a: [1] } }), shows({ VersionId: v1 })],
  ["1 absent members", "null is absence", nothing, create({ Description: null, Tags: null, KmsKeyId: null }), shows({ VersionId: v1 }), [[describeIt, shows({ Description: "<absent>", Tags: "<absent>" })]]],
  ["1 unknown members", "names of members have a case", nothing, ["CreateSecret", { name: "{s}", ClientRequestToken: v1 }], refused(missing("name"))],
  ["5.4 types", "a SecretId that is a list", nothing, ["GetSecretValue", { SecretId: ["{s}"] }], refused(some(malformed))],
  ["1 request", "a request that is a list", nothing, ["GetSecretValue", [S] as unknown as object as Readonly<Record<string, unknown>>], refused(some(malformed))],
  ["5.1 Tags", "an empty list of tags is none", nothing, create({ Tags: [] }), shows({ VersionId: v1 }), [[describeIt, shows({ Tags: "<absent>" })]]],
];

export const section5Write: readonly ConformanceCase[] = [...cases([...creation, ...putting, ...updating, ...getting]), ...cases(jsonOnly, "https")];
