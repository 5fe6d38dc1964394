// §4, idempotency: what a token that was seen before means.
import { cases, type ConformanceCase, type Row } from "../conformance-case.ts";
import { C, N, P, T, create, createEmpty, deleted, describeIt, empty, get, named, nothing, one, put, refused, remove, reply, restore, shows, stages, tag, tags, three, two, update, v, v1, v2, v3, v4, S } from "./vocabulary.ts";

const bytes = "AAECAw==";
const made = reply({ ARN: "{arn}", Name: "{s}", VersionId: v1 });
const put2 = reply({ ARN: "{arn}", Name: "{s}", VersionId: v2, VersionStages: [C] });

const creation: readonly Row[] = [
  ["4 CreateSecret unseen", "a new name and token create", nothing, create(), shows({ VersionId: v1 })],
  ["4 CreateSecret taken", "another token for a name that is taken", one, create({ ClientRequestToken: v2 }), refused(T.EXISTS)],
  ["4 CreateSecret taken", "another token, though the value is the same", one, create({ ClientRequestToken: v2, SecretString: "one" }), refused(T.EXISTS)],
  ["4 CreateSecret same", "the same token and value answer as before", one, create(), made],
  ["4 CreateSecret same", "also when the value is bytes", [create({ SecretString: undefined, SecretBinary: bytes })], create({ SecretString: undefined, SecretBinary: bytes }), made],
  ["4 CreateSecret same", "also when the version is not the current one any more", three, create(), made, [[get(), shows({ VersionId: v3 })]]],
  ["4 CreateSecret same", "a replay changes nothing: only values are compared", [create({ Description: "first" })], create({ Description: "second" }), made, [[describeIt, shows({ Description: "first" })]]],
  ["4 CreateSecret same", "tags of a replay are not put on", one, create({ Tags: tags(["a", "b"]) }), made, [[describeIt, shows({ Tags: "<absent>" })]]],
  ["4 CreateSecret different", "the same token with another value", one, create({ SecretString: "two" }), refused(T.INUSE(v1)), [[get(), shows({ SecretString: "one" })]]],
  ["4 CreateSecret different", "bytes are another value than the string they spell", one, create({ SecretString: undefined, SecretBinary: Buffer.from("one").toString("base64") }), refused(T.INUSE(v1))],
  ["4 CreateSecret different", "the token of a later version is in use too", two, create({ ClientRequestToken: v2 }), refused(T.INUSE(v2))],
  ["4 CreateSecret same", "a create without a value knows its retry", empty, createEmpty(), reply({ ARN: "{arn}", Name: "{s}" })],
  ["4 CreateSecret taken", "without a value, another token finds the name taken", empty, createEmpty({ ClientRequestToken: v2 }), refused(T.EXISTS)],
  ["4 CreateSecret same", "a retry on a secret that waits for its deletion is told so", deleted, create(), refused(T.SCH)],
  ["4 CreateSecret unseen", "a token may be used again after the secret is gone", [create(), remove({ ForceDeleteWithoutRecovery: true })], create({ SecretString: "anew" }), shows({ VersionId: v1 }), [[get(), shows({ SecretString: "anew" })]]],
  ["4 CreateSecret unseen", "one token may serve several secrets", one, create({ Name: "{s}/other" }), shows({ Name: "{s}/other", VersionId: v1 })],
];

const writing: readonly Row[] = [
  ["4 PutSecretValue unseen", "a new token makes a version", one, put(v2), put2],
  ["4 PutSecretValue unseen", "also of a value that is current already", one, put(v2, { SecretString: "one" }), put2, [[describeIt, stages({ [v1]: [P], [v2]: [C] })]]],
  ["4 PutSecretValue same", "a retry makes no version", two, put(v2), put2, [[describeIt, stages({ [v1]: [P], [v2]: [C] })]]],
  ["4 PutSecretValue same", "a retry tells the labels of now", three, put(v2), reply({ ARN: "{arn}", Name: "{s}", VersionId: v2, VersionStages: [P] })],
  ["4 PutSecretValue same", "a retry moves nothing, whatever labels it names", three, put(v2, { VersionStages: ["X"] }), shows({ VersionStages: [P] }), [[describeIt, stages({ [v2]: [P], [v3]: [C] })]]],
  ["4 PutSecretValue same", "the token of the creation is a retry too", one, put(v1, { SecretString: "one" }), reply({ ARN: "{arn}", Name: "{s}", VersionId: v1, VersionStages: [C] })],
  ["4 PutSecretValue different", "another value under a known token", two, put(v2, { SecretString: "other" }), refused(T.INUSE(v2)), [[get(), shows({ VersionId: v2 })]]],
  ["4 PutSecretValue different", "also of a version that lost its labels", three, put(v1, { SecretString: "other" }), refused(T.INUSE(v1))],
  ["4 PutSecretValue different", "the other kind of value", two, put(v2, { SecretString: undefined, SecretBinary: bytes }), refused(T.INUSE(v2))],
  ["4 UpdateSecret unseen", "a value under a new token makes a version", one, update({ SecretString: "b" }), reply({ ARN: "{arn}", Name: "{s}", VersionId: v4 })],
  ["4 UpdateSecret same", "a known token with the same value succeeds", [create(), update({ SecretString: "b" })], update({ SecretString: "b" }), reply({ ARN: "{arn}", Name: "{s}", VersionId: v4 }), [[describeIt, stages({ [v1]: [P], [v4]: [C] })]]],
  ["4 UpdateSecret same", "and does not take the current value back", three, update({ ClientRequestToken: v1, SecretString: "one" }), shows({ VersionId: v1 }), [[get(), shows({ VersionId: v3 })]]],
  ["4 UpdateSecret different", "a known token with another value", [create(), update({ SecretString: "b" })], update({ SecretString: "c" }), refused(T.INUSE(v4)), [[get(), shows({ SecretString: "b" })]]],
  ["4 UpdateSecret different", "and changes nothing else then", one, update({ ClientRequestToken: v1, SecretString: "c", Description: "new" }), refused(T.INUSE(v1)), [[describeIt, shows({ Description: "<absent>" })]]],
  ["4 UpdateSecret without value", "the token means nothing and makes no version", one, update({ Description: "new" }), named, [[describeIt, stages({ [v1]: [C] })]]],
  ["4 UpdateSecret without value", "though it is that of a version", one, update({ ClientRequestToken: v1, Description: "new" }), named, [[describeIt, shows({ Description: "new" })]]],
  ["4 UpdateSecret without value", "and it can be used for a value afterwards", [create(), update({ Description: "new" })], update({ SecretString: "b" }), shows({ VersionId: v4 })],
];

const others: readonly Row[] = [
  ["4 TagResource", "putting the same tag on twice is fine", [create(), tag(["a", "1"])], tag(["a", "1"]), reply({}), [[describeIt, shows({ Tags: tags(["a", "1"]) })]]],
  ["4 UntagResource", "a key that is not there is fine", one, ["UntagResource", { ...S, TagKeys: ["a"] }], reply({})],
  ["4 UntagResource", "also beside one that is", [create(), tag(["a", "1"])], ["UntagResource", { ...S, TagKeys: ["b", "a"] }], reply({}), [[describeIt, shows({ Tags: [] })]]],
  ["4 RestoreSecret", "restoring a live secret succeeds", one, restore, named, [[get(), shows({ SecretString: "one" })]]],
  ["4 RestoreSecret", "restoring twice succeeds", [create(), remove(), restore], restore, named],
  ["4 RemoveRegions", "removing a region that is not there is fine", one, ["RemoveRegionsFromReplication", { ...S, RemoveReplicaRegions: ["eu-west-1"] }], shows({ ARN: "{arn}" })],
  ["4 token length", "tokens of 32 and of 64 characters are different tokens", [create(), put("a".repeat(32))], put("a".repeat(64)), shows({ VersionId: "a".repeat(64) })],
  ["4 token", "tokens differ by the case of their letters", [create(), put("a".repeat(32))], put("A".repeat(32)), shows({ VersionId: "A".repeat(32) })],
  ["4 PutSecretValue unseen", "a pending version is filled under its own token", [create(), put(v2, { VersionStages: [N] })], put(v2, { VersionStages: [N] }), shows({ VersionStages: [N] })],
  ["4 PutSecretValue same", "a replay after a restore is still known", [create(), put(v2), remove(), restore], put(v2), put2],
  ["4 PutSecretValue different", "a version that was written by UpdateSecret is known to PutSecretValue", [create(), update({ SecretString: "b" })], put(v4, { SecretString: "b" }), shows({ VersionId: v4, VersionStages: [C] })],
  ["4 PutSecretValue unseen", "tokens are each secret's own", [create(), ["CreateSecret", { Name: "{s}/b", ClientRequestToken: v(7), SecretString: "z" }]], put(v(7), { SecretString: "other" }), shows({ VersionId: v(7) })],
];

export const section4: readonly ConformanceCase[] = cases([...creation, ...writing, ...others]);
