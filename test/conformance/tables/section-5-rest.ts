// §5.14 to §5.17: passwords, resource policies, tags and replication.
import { cases, type AwsRequest, type ConformanceCase, type Refused, type Row, type Step } from "../conformance-case.ts";
import { S, T, create, describeIt, get, malformed, missing, named, nothing, one, parameter, refused, remove, reply, restore, shows, some, state, tag, tags, tooLittle, tooLong, tooMuch, tooShort, violates, x } from "./vocabulary.ts";

const password = (request: AwsRequest): Step => ["GetRandomPassword", request];
const made = (pattern: string) => reply({ RandomPassword: `<like ${pattern}>` });
const lower = "abcdefghijklmnopqrstuvwxyz";
const upper = lower.toUpperCase();
const digits = "0123456789";
const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const marks = "[!-/:-@\\[-`{-~]";
const each = "(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[!-/:-@\\[-`{-~])";
const tooShortPassword: Refused = [parameter, "Password length is too short based on the required types."];
const classGone: Refused = [parameter, "All characters of the desired type have been excluded."];
const allGone: Refused = [parameter, "All characters have been excluded from selection."];

const passwords: readonly Row[] = [
  ["5.14 PasswordLength", "32 characters unless said otherwise, of each type one", nothing, password({}), made(`${each}[!-~]{32}`)],
  ["5.14 PasswordLength", "four characters have one of each type", nothing, password({ PasswordLength: 4 }), made(`${each}[!-~]{4}`)],
  ["5.14 PasswordLength", "4,096 are the most", nothing, password({ PasswordLength: 4096 }), made("[!-~]{4096}")],
  ["5.14 length >4096 or <1", "4,097 are too many", nothing, password({ PasswordLength: 4097 }), refused(tooMuch("passwordLength", 4096))],
  ["5.14 length >4096 or <1", "none are too few", nothing, password({ PasswordLength: 0 }), refused(tooLittle("passwordLength", 1))],
  ["5.14 length < number of required classes", "three have no room for four types", nothing, password({ PasswordLength: 3 }), refused(tooShortPassword)],
  ["5.14 length < number of required classes", "one has room when nothing is required", nothing, password({ PasswordLength: 1, RequireEachIncludedType: false }), made("[!-~]")],
  ["5.14 length < number of required classes", "two for the two that are left", nothing, password({ PasswordLength: 2, ExcludeNumbers: true, ExcludePunctuation: true }), made("([a-z][A-Z]|[A-Z][a-z])")],
  ["5.14 ExcludeNumbers", "no digits", nothing, password({ PasswordLength: 1000, ExcludeNumbers: true }), made("[^0-9]{1000}")],
  ["5.14 ExcludePunctuation", "letters and digits only", nothing, password({ PasswordLength: 1000, ExcludePunctuation: true }), made("[A-Za-z0-9]{1000}")],
  ["5.14 ExcludeUppercase", "no capitals", nothing, password({ PasswordLength: 1000, ExcludeUppercase: true }), made("[^A-Z]{1000}")],
  ["5.14 ExcludeLowercase", "no small letters", nothing, password({ PasswordLength: 1000, ExcludeLowercase: true }), made("[^a-z]{1000}")],
  ["5.14 ExcludeCharacters", "not these", nothing, password({ PasswordLength: 1000, ExcludeCharacters: "aeiou0%" }), made("[^aeiou0%]{1000}")],
  ["5.14 ExcludeCharacters", "those that no password has do no harm", nothing, password({ ExcludeCharacters: "é名\n" }), made(`${each}[!-~]{32}`)],
  ["5.14 ExcludeCharacters", "4,097 are too many", nothing, password({ ExcludeCharacters: x(4097) }), refused(tooLong("excludeCharacters", 4096))],
  ["5.14 IncludeSpace", "no spaces unless they are asked for", nothing, password({ PasswordLength: 4096 }), made("[^ ]{4096}")],
  ["5.14 IncludeSpace", "with it they occur", nothing, password({ PasswordLength: 4096, IncludeSpace: true }), made("(?=.* )[ -~]{4096}")],
  ["5.14 space", "it is admitted, never required", nothing, password({ PasswordLength: 4, IncludeSpace: true }), made(`${each}[!-~]{4}`)],
  ["5.14 space", "it may be all that is left", nothing, password({ PasswordLength: 5, IncludeSpace: true, RequireEachIncludedType: false, ExcludeCharacters: lower + upper + digits + punctuation }), made(" {5}")],
  ["5.14 a required class emptied by ExcludeCharacters", "refused", nothing, password({ ExcludeCharacters: digits }), refused(classGone)],
  ["5.14 a required class emptied by ExcludeCharacters", "also of punctuation", nothing, password({ ExcludeCharacters: punctuation }), refused(classGone)],
  ["5.14 a required class emptied by ExcludeCharacters", "unless the type is excluded itself", nothing, password({ ExcludeCharacters: digits, ExcludeNumbers: true }), made("[^0-9]{32}")],
  ["5.14 same with RequireEachIncludedType=false", "the others serve", nothing, password({ ExcludeCharacters: digits, RequireEachIncludedType: false }), made("[^0-9]{32}")],
  ["5.14 nothing left", "every type excluded", nothing, password({ ExcludeNumbers: true, ExcludePunctuation: true, ExcludeUppercase: true, ExcludeLowercase: true }), refused(allGone)],
  ["5.14 nothing left", "every character excluded", nothing, password({ RequireEachIncludedType: false, ExcludeCharacters: lower + upper + digits + punctuation }), refused(allGone)],
  ["5.14 punctuation", "32 marks", nothing, password({ PasswordLength: 4096, ExcludeNumbers: true, ExcludeUppercase: true, ExcludeLowercase: true }), made(`(?=.*\\\\)(?=.*")(?=.*~)(?=.*\`)${marks}{4096}`)],
];

const statement = (rest: AwsRequest = {}): AwsRequest => ({ Effect: "Allow", Principal: { AWS: "arn:aws:iam::{account}:root" }, Action: "secretsmanager:GetSecretValue", Resource: "*", ...rest });
const policy = (...statements: readonly AwsRequest[]): string => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const good = policy(statement());
const other = policy(statement({ Effect: "Deny", Principal: "*", Action: "secretsmanager:*" }));
const open = policy(statement({ Principal: "*" }));
const openAws = policy(statement({ Principal: { AWS: "*" } }));
const putPolicy = (ResourcePolicy: string, rest: AwsRequest = {}): Step => ["PutResourcePolicy", { ...S, ResourcePolicy, ...rest }];
const getPolicy: Step = ["GetResourcePolicy", S];
const dropPolicy: Step = ["DeleteResourcePolicy", S];
const validate = (ResourcePolicy: string, rest: AwsRequest = {}): Step => ["ValidateResourcePolicy", { ResourcePolicy, ...rest }];
const withPolicy = [create(), putPolicy(good)];
const bad: Refused = some("MalformedPolicyDocumentException");

const broken: readonly (readonly [says: string, document: string])[] = [
  ["no JSON", "{"],
  ["a text", '"policy"'],
  ["a list", "[]"],
  ["no statements", JSON.stringify({ Version: "2012-10-17" })],
  ["another Effect", policy(statement({ Effect: "Maybe" }))],
  ["no Effect", policy(statement({ Effect: undefined }))],
  ["no Action", policy(statement({ Action: undefined }))],
  ["no Principal", policy(statement({ Principal: undefined }))],
  ["another Version", JSON.stringify({ Version: "2020-01-01", Statement: [statement()] })],
];

const policies: readonly Row[] = [
  ["5.15 PutResourcePolicy", "the answer has ARN and name", one, putPolicy(good), named, [[getPolicy, reply({ ARN: "{arn}", Name: "{s}", ResourcePolicy: `<json ${good}>` })]]],
  ["5.15 PutResourcePolicy", "it replaces the whole document", withPolicy, putPolicy(other), named, [[getPolicy, shows({ ResourcePolicy: `<json ${other}>` })]]],
  ["5.15 PutResourcePolicy", "the same again is fine", withPolicy, putPolicy(good), named],
  ["5.15 PutResourcePolicy", "several statements", one, putPolicy(policy(statement({ Sid: "a" }), statement({ Sid: "b", Action: ["secretsmanager:DescribeSecret", "secretsmanager:ListSecretVersionIds"] }))), named],
  ["5.15 PutResourcePolicy", "conditions are kept", one, putPolicy(policy(statement({ Condition: { StringEquals: { "secretsmanager:VersionStage": "AWSCURRENT" } } }))), named],
  ["5.15 PutResourcePolicy", "everybody is accepted unless BlockPublicPolicy says otherwise", one, putPolicy(open), named],
  ["5.15 PutResourcePolicy", "also when it says false", one, putPolicy(open, { BlockPublicPolicy: false }), named],
  ["5.15 BlockPublicPolicy", "everybody is refused", one, putPolicy(open, { BlockPublicPolicy: true }), refused(["PublicPolicyException", "You can't attach a resource-based policy that allows broad access to the secret."]), [[getPolicy, reply({ ARN: "{arn}", Name: "{s}" })]]],
  ["5.15 BlockPublicPolicy", "also as an AWS principal", one, putPolicy(openAws, { BlockPublicPolicy: true }), refused(some("PublicPolicyException"))],
  ["5.15 BlockPublicPolicy", "a named principal is not everybody", one, putPolicy(good, { BlockPublicPolicy: true }), named],
  ["5.15 BlockPublicPolicy", "denying everybody is not broad access", one, putPolicy(other, { BlockPublicPolicy: true }), named],
  ...broken.map(([says, document]): Row => ["5.15 syntax", `a policy with ${says} is malformed`, one, putPolicy(document), refused(bad), [[getPolicy, shows({ ResourcePolicy: "<absent>" })]]]),
  ["5.15 PutResourcePolicy", "20,481 characters are too many", one, putPolicy(x(20_481)), refused(tooLong("resourcePolicy", 20_480))],
  ["5.15 PutResourcePolicy", "none are too few", one, putPolicy(""), refused(tooShort("resourcePolicy", 1))],
  ["5.15 PutResourcePolicy", "a policy must be there", one, ["PutResourcePolicy", S], refused(missing("resourcePolicy"))],
  ["5.15 PutResourcePolicy", "of a secret that is there", nothing, putPolicy(good), refused(T.NF)],
  ["5.15 GetResourcePolicy", "where there is none the member is absent", one, getPolicy, reply({ ARN: "{arn}", Name: "{s}" })],
  ["5.15 GetResourcePolicy", "of a secret that is there", nothing, getPolicy, refused(T.NF)],
  ["5.15 DeleteResourcePolicy", "it is gone", withPolicy, dropPolicy, named, [[getPolicy, reply({ ARN: "{arn}", Name: "{s}" })]]],
  ["5.15 DeleteResourcePolicy", "where there is none nothing happens", one, dropPolicy, named],
  ["5.15 DeleteResourcePolicy", "of a secret that is there", nothing, dropPolicy, refused(T.NF)],
  ["5.15 restored", "a policy outlives a deletion that is taken back", [...withPolicy, remove(), restore], getPolicy, shows({ ResourcePolicy: `<json ${good}>` })],
  ["5.15 recreated", "but not the secret", [...withPolicy, remove({ ForceDeleteWithoutRecovery: true }), create()], getPolicy, reply({ ARN: "<arn>", Name: "{s}" })],
  ["5.15 ValidateResourcePolicy", "a good one passes", nothing, validate(good), shows({ PolicyValidationPassed: true })],
  ["5.15 ValidateResourcePolicy", "with the secret it is for", one, validate(good, S), shows({ PolicyValidationPassed: true })],
  ["5.15 ValidateResourcePolicy", "broad access is found", nothing, validate(open), shows({ PolicyValidationPassed: false, ValidationErrors: "<any>" })],
  ["5.15 ValidateResourcePolicy", "20,481 characters are too many", nothing, validate(x(20_481)), refused(tooLong("resourcePolicy", 20_480))],
  ["5.15 ValidateResourcePolicy", "a policy must be there", nothing, ["ValidateResourcePolicy", {}], refused(missing("resourcePolicy"))],
  ["5.15 ValidateResourcePolicy", "it puts nothing", one, validate(good, S), shows({ PolicyValidationPassed: true }), [[getPolicy, reply({ ARN: "{arn}", Name: "{s}" })]]],
];

const tagsOf = (count: number) => Array.from({ length: count }, (_, at) => ({ Key: `key-${at}`, Value: "v" }));
const put = (Tags: unknown): Step => ["TagResource", { ...S, Tags }];
const untag = (...TagKeys: readonly string[]): Step => ["UntagResource", { ...S, TagKeys }];

const tagging: readonly Row[] = [
  ["5.16 TagResource", "tags are added behind the others", [create(), tag(["b", "1"])], tag(["a", "2"]), reply({}), [[describeIt, shows({ Tags: tags(["b", "1"], ["a", "2"]) })]]],
  ["5.16 TagResource", "a known key keeps its place and gets the value", [create(), tag(["b", "1"], ["a", "2"])], tag(["b", "3"]), reply({}), [[describeIt, shows({ Tags: tags(["b", "3"], ["a", "2"]) })]]],
  ["5.16 TagResource", "fifty are the most", [create(), put(tagsOf(50))], tag(["one-more", ""]), refused(["<like .*Exception>", "<any>"]), [[describeIt, shows({ Tags: tagsOf(50) })]]],
  ["5.16 TagResource", "with fifty, a value still changes", [create(), put(tagsOf(50))], tag(["key-0", "w"]), reply({})],
  ["5.16 TagResource", "aws: is reserved", one, tag(["aws:a", "1"]), refused(some(parameter)), [[describeIt, shows({ Tags: "<absent>" })]]],
  ["5.16 TagResource", "in any case", one, tag(["AWS:a", "1"]), refused(some(parameter))],
  ["5.16 TagResource", "keys differ by the case of their letters", [create(), tag(["a", "1"])], tag(["A", "2"]), reply({}), [[describeIt, shows({ Tags: tags(["a", "1"], ["A", "2"]) })]]],
  ["5.16 TagResource", "a key of 129 characters is too long", one, tag([x(129), ""]), refused(tooLong("tags.1.member.key", 128))],
  ["5.16 TagResource", "a value of 257 is too long", one, tag(["a", x(257)]), refused(tooLong("tags.1.member.value", 256))],
  ["5.16 TagResource", "an empty value is taken", one, tag(["a", ""]), reply({}), [[describeIt, shows({ Tags: [{ Key: "a", Value: "" }] })]]],
  ["5.16 TagResource", "of a secret that is there", nothing, tag(["a", "1"]), refused(T.NF)],
  ["5.16 UntagResource", "the others stay in their order", [create(), tag(["a", "1"], ["b", "2"], ["c", "3"])], untag("b"), reply({}), [[describeIt, shows({ Tags: tags(["a", "1"], ["c", "3"]) })]]],
  ["5.16 UntagResource", "the last one leaves an empty list", [create(), tag(["a", "1"])], untag("a"), reply({}), [[describeIt, shows({ Tags: [] })]]],
  ["5.16 UntagResource", "case counts", [create(), tag(["a", "1"])], untag("A"), reply({}), [[describeIt, shows({ Tags: tags(["a", "1"]) })]]],
  ["5.16 UntagResource", "where nothing was tagged, nothing is there after", one, untag("a"), reply({}), [[describeIt, shows({ Tags: "<absent>" })]]],
  ["5.16 UntagResource", "a key of 129 characters is too long", one, untag(x(129)), refused(tooLong("tagKeys.1.member", 128))],
  ["5.16 UntagResource", "an empty key is too short", one, untag("a", ""), refused(tooShort("tagKeys.2.member", 1))],
  ["5.16 UntagResource", "of a secret that is there", nothing, untag("a"), refused(T.NF)],
  ["5.16 value", "tags do not touch the value", [create(), tag(["a", "1"])], get(), shows({ SecretString: "one" })],
];

const replicate = (...regions: readonly string[]): Step => ["ReplicateSecretToRegions", { ...S, AddReplicaRegions: regions.map((Region) => ({ Region })) }];
const unreplicate = (...RemoveReplicaRegions: readonly string[]): Step => ["RemoveRegionsFromReplication", { ...S, RemoveReplicaRegions }];
const eitherType: Refused = ["<like Invalid(Parameter|Request)Exception>", "<any>"];

const replicas: readonly Row[] = [
  ["5.17 ReplicateSecretToRegions", "the own region is refused", one, replicate("{region}"), refused(T.REPLICA), [[describeIt, shows({ ReplicationStatus: "<absent>" })]]],
  ["5.17 ReplicateSecretToRegions", "a region that is not known is refused", one, replicate("xx-none-9"), refused(T.REPLICA)],
  ["5.17 ReplicateSecretToRegions", "a region has a form", one, replicate("nowhere"), refused(violates("addReplicaRegions.1.member.region", "satisfy regular expression pattern: .*"))],
  ["5.17 ReplicateSecretToRegions", "a secret that is not there", nothing, replicate("eu-west-1"), refused(T.NF)],
  ["5.17 RemoveRegionsFromReplication", "a region without a copy is fine", one, unreplicate("eu-west-1"), shows({ ARN: "{arn}" })],
  ["5.17 RemoveRegionsFromReplication", "a region has a form", one, unreplicate("nowhere"), refused(violates("removeReplicaRegions.1.member", "satisfy regular expression pattern: .*"))],
  ["5.17 RemoveRegionsFromReplication", "a secret that is not there", nothing, unreplicate("eu-west-1"), refused(T.NF)],
  ["5.17 StopReplicationToReplica", "a secret that is no replica", one, ["StopReplicationToReplica", S], refused(eitherType), [[get(), shows({ SecretString: "one" })]]],
  ["5.17 StopReplicationToReplica", "a secret that is not there", nothing, ["StopReplicationToReplica", S], refused(T.NF)],
];

const jsonOnly: readonly Row[] = [
  ["5.14 PasswordLength", "a text is malformed", nothing, password({ PasswordLength: "5" }), refused(some(malformed))],
  ["5.15 PutResourcePolicy", "a policy that is an object is malformed", one, ["PutResourcePolicy", { ...S, ResourcePolicy: {} }], refused(some(malformed))],
  ["5.16 TagResource", "tags must be there", one, ["TagResource", S], refused(missing("tags"))],
  ["5.16 TagResource", "an empty list is fine", one, put([]), reply({}), [[describeIt, shows({ Tags: "<absent>" })]]],
  ["5.16 UntagResource", "keys must be there", one, ["UntagResource", S], refused(missing("tagKeys"))],
  ["5.17 ReplicateSecretToRegions", "an empty list is too short", one, replicate(), refused(tooShort("addReplicaRegions", 1))],
  ["5.17 ReplicateSecretToRegions", "regions must be there", one, ["ReplicateSecretToRegions", S], refused(missing("addReplicaRegions"))],
  ["5.17 RemoveRegionsFromReplication", "an empty list is too short", one, unreplicate(), refused(tooShort("removeReplicaRegions", 1))],
  ["5.15 ValidateResourcePolicy", "nothing is found in a good one", nothing, validate(good), reply({ PolicyValidationPassed: true, ValidationErrors: [] })],
];

export const section5Rest: readonly ConformanceCase[] = [
  ...cases([...passwords, ...policies, ...tagging, ...replicas, ["5.15 state", "a policy is no reason to refuse a read", withPolicy, get(), shows({ SecretString: "one" })], ["5.15 deleted", "nothing is put on a secret that waits for its deletion", [create(), remove()], putPolicy(good), refused([state, T.DEL[1]])]]),
  ...cases(jsonOnly, "https"),
];
