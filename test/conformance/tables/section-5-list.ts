// §5.5 to §5.8: what reads several secrets, or all about one but its value.
import { cases, type AwsRequest, type ConformanceCase, type Expected, type Row, type Step } from "../conformance-case.ts";
import { C, N, P, S, T, create, createEmpty, deleted, describeIt, empty, get, invalid, malformed, moveLabel, nothing, one, parameter, put, refused, remove, reply, shows, some, tag, tags, three, tooLong, tooLittle, tooMuch, tooShort, two, v1, v2, v3, v4, v9, violates, x } from "./vocabulary.ts";

const batch = (request: AwsRequest): Step => ["BatchGetSecretValue", request];
const ids = (...SecretIdList: readonly string[]): Step => batch({ SecretIdList });
const others = (...names: readonly string[]): readonly Step[] => names.map((name) => create({ Name: `{s}${name}`, SecretString: name }));
const failed = (SecretId: string, [ErrorCode, Message]: readonly [string, string]) => ({ SecretId, ErrorCode, Message });
const read = (name: string): AwsRequest => ({ ARN: `{arn:${name}}`, Name: `{s}${name}`, VersionId: v1, SecretString: name, VersionStages: [C], CreatedDate: "<date>" });
const lists = (...names: readonly string[]): Expected => ({ lists: names.map((name) => `{s}${name}`) });
const either = "<like Invalid(Parameter|Request)Exception>";

const batches: readonly Row[] = [
  ["5.5 ids", "values come in the order they were asked for", others("/a", "/b"), ids("{s}/b", "{s}/a"), reply({ SecretValues: [read("/b"), read("/a")], Errors: [] })],
  ["5.5 ids", "a secret that is not there is an entry of Errors", others("/a"), ids("{s}/a", "{s}/nobody"), shows({ SecretValues: [read("/a")], Errors: [failed("{s}/nobody", T.NF)] })],
  ["5.5 ids", "all may be", nothing, ids("{s}/nobody", "{s}/none"), shows({ SecretValues: [], Errors: [failed("{s}/nobody", T.NF), failed("{s}/none", T.NF)] })],
  ["5.5 ids", "so is one that waits for its deletion", [...others("/a"), ["DeleteSecret", { SecretId: "{s}/a" }]], ids("{s}/a"), shows({ SecretValues: [], Errors: [failed("{s}/a", T.DEL)] })],
  ["5.5 ids", "and one without a value", [createEmpty()], ids("{s}"), shows({ SecretValues: [], Errors: [failed("{s}", T.NFS(C))] })],
  ["5.5 ids", "ARNs are as good as names", others("/a", "/b"), ids("{arn:/a}", "{prefix}{s}/b"), shows({ SecretValues: [read("/a"), read("/b")] })],
  ["5.5 AWSCURRENT", "always the current version", [create(), put(v2), put(v3, { VersionStages: [N] })], ids("{s}"), shows({ SecretValues: [{ ARN: "{arn}", Name: "{s}", VersionId: v2, SecretString: `value of ${v2}`, VersionStages: [C], CreatedDate: "<date>" }] })],
  ["5.5 bytes", "bytes stay bytes", [create({ SecretString: undefined, SecretBinary: "AAEC" })], ids("{s}"), shows({ SecretValues: [{ ARN: "{arn}", Name: "{s}", VersionId: v1, SecretBinary: "AAEC", VersionStages: [C], CreatedDate: "<date>" }] })],
  ["5.5 limits", "twenty-one ids are too many", nothing, ids(...Array.from({ length: 21 }, (_, at) => `{s}/${at}`)), refused(tooLong("secretIdList", 20))],
  ["5.5 limits", "twenty are taken", nothing, ids(...Array.from({ length: 20 }, (_, at) => `{s}/${at}`)), shows({ SecretValues: [] })],
  ["5.5 limits", "an id must not be empty", nothing, ids("{s}", ""), refused(tooShort("secretIdList.2.member", 1))],
  ["5.5 both", "ids and filters exclude each other", one, batch({ SecretIdList: ["{s}"], Filters: [{ Key: "name", Values: ["{s}"] }] }), refused([parameter, "Either 'SecretIdList' or 'Filters' must be provided, but not both."])],
  ["5.5 neither", "one of them must be there", nothing, batch({}), refused([either, "<any>"])],
  ["5.5 MaxResults", "it goes with filters only", one, batch({ SecretIdList: ["{s}"], MaxResults: 5 }), refused([parameter, "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided."])],
  ["5.5 MaxResults", "twenty-one are too many", nothing, batch({ Filters: [{ Key: "name", Values: ["{s}"] }], MaxResults: 21 }), refused(tooMuch("maxResults", 20))],
  ["5.5 MaxResults", "none is too few", nothing, batch({ Filters: [{ Key: "name", Values: ["{s}"] }], MaxResults: 0 }), refused(tooLittle("maxResults", 1))],
  ["5.5 filters", "by name", others("/a", "/b", "/c"), batch({ Filters: [{ Key: "name", Values: ["{s}"] }] }), lists("/a", "/b", "/c")],
  ["5.5 filters", "page by page", others("/a", "/b", "/c"), batch({ Filters: [{ Key: "name", Values: ["{s}"] }], MaxResults: 2 }), lists("/a", "/b", "/c")],
  ["5.5 filters", "a secret that waits for its deletion is not found", [...others("/a", "/b"), ["DeleteSecret", { SecretId: "{s}/a" }]], batch({ Filters: [{ Key: "name", Values: ["{s}"] }] }), lists("/b")],
  ["5.5 filters", "eleven filters are too many", nothing, batch({ Filters: Array.from({ length: 11 }, () => ({ Key: "name", Values: ["{s}"] })) }), refused(tooLong("filters", 10))],
  ["5.5 filters", "an unknown key", nothing, batch({ Filters: [{ Key: "nonsense", Values: ["a"] }] }), refused(violates("filters.1.member.key", "satisfy enum value set: \\[.*name.*\\]"))],
  ["5.5 NextToken", "one that nobody made", nothing, batch({ Filters: [{ Key: "name", Values: ["{s}"] }], NextToken: "nonsense" }), refused(some("InvalidNextTokenException"))],
  ["5.5 NextToken", "one of another operation", others("/a", "/b"), ["ListSecrets", { Filters: [{ Key: "name", Values: ["{s}"] }], MaxResults: 1 }], shows({ NextToken: "<token>" }), [[batch({ Filters: [{ Key: "name", Values: ["{s}"] }], NextToken: "{next}" }), refused(some("InvalidNextTokenException"))]]],
];

const rich: readonly Step[] = [create({ Description: "for people", Type: "t", Tags: tags(["b", "1"], ["a", "2"]) })];

const describing: readonly Row[] = [
  ["5.6 members", "of a secret with nothing but a name", empty, describeIt, reply({ ARN: "{arn}", Name: "{s}", CreatedDate: "<date>", LastChangedDate: "<date>" })],
  ["5.6 members", "of a secret with a value", one, describeIt, reply({ ARN: "{arn}", Name: "{s}", CreatedDate: "<date>", LastChangedDate: "<date>", VersionIdsToStages: { [v1]: [C] } })],
  ["5.6 members", "of a secret with all that can be given", rich, describeIt, reply({ ARN: "{arn}", Name: "{s}", Description: "for people", Type: "t", Tags: tags(["b", "1"], ["a", "2"]), CreatedDate: "<date>", LastChangedDate: "<date>", VersionIdsToStages: { [v1]: [C] } })],
  ["5.6 KmsKeyId", "it is left out for the default key", [create({ KmsKeyId: "alias/aws/secretsmanager" })], describeIt, shows({ KmsKeyId: "<absent>" })],
  ["5.6 RotationEnabled", "it is left out where rotation was never configured", one, describeIt, shows({ RotationEnabled: "<absent>", RotationRules: "<absent>", RotationLambdaARN: "<absent>", LastRotatedDate: "<absent>", NextRotationDate: "<absent>" })],
  ["5.6 VersionIdsToStages", "versions with labels only", three, describeIt, shows({ VersionIdsToStages: { [v2]: [P], [v3]: [C] } })],
  ["5.6 Tags", "left out if never tagged", one, describeIt, shows({ Tags: "<absent>" })],
  ["5.6 Tags", "an empty list after the last was taken off", [create(), tag(["a", "1"]), ["UntagResource", { ...S, TagKeys: ["a"] }]], describeIt, shows({ Tags: [] })],
  ["5.6 DeletedDate", "it is there while the secret waits for its deletion", deleted, describeIt, shows({ DeletedDate: "<date>", Name: "{s}" })],
  ["5.6 DeletedDate", "and gone when it is restored", [create(), remove(), ["RestoreSecret", S]], describeIt, shows({ DeletedDate: "<absent>" })],
  ["5.6 PrimaryRegion", "left out where there are no replicas", one, describeIt, shows({ PrimaryRegion: "<absent>", ReplicationStatus: "<absent>" })],
  ["5.6 OwningService", "left out for a secret of nobody's", one, describeIt, shows({ OwningService: "<absent>" })],
  ["5.6 LastAccessedDate", "a day at midnight", [create(), get()], describeIt, shows({ LastAccessedDate: "<day?>" })],
  ["5.6 unknown", "a secret that is not there", nothing, describeIt, refused(T.NF)],
  ["5.6 deleted", "labels and tags are still shown", [...rich, remove()], describeIt, shows({ Description: "for people", Tags: tags(["b", "1"], ["a", "2"]), VersionIdsToStages: { [v1]: [C] } })],
];

const versionsOf = (request: AwsRequest = {}): Step => ["ListSecretVersionIds", { ...S, ...request }];
const version = (VersionId: string, ...VersionStages: readonly string[]) => ({
  VersionId,
  ...(VersionStages.length === 0 ? {} : { VersionStages }),
  CreatedDate: "<date>",
  LastAccessedDate: "<day?>",
  KmsKeyIds: ["DefaultEncryptionKey"],
});

const versionLists: readonly Row[] = [
  ["5.7 deprecated", "versions without labels are left out", three, versionsOf(), shows({ Versions: [version(v3, C), version(v2, P)] })],
  ["5.7 deprecated", "unless they are asked for; they have no VersionStages", three, versionsOf({ IncludeDeprecated: true }), shows({ Versions: [version(v3, C), version(v2, P), version(v1)] })],
  ["5.7 deprecated", "false is as good as nothing", three, versionsOf({ IncludeDeprecated: false }), shows({ Versions: [version(v3, C), version(v2, P)] })],
  ["5.7 reply", "ARN and name are the secret's; there is no NextToken", one, versionsOf(), reply({ ARN: "{arn}", Name: "{s}", Versions: [version(v1, C)] })],
  ["5.7 pages", "a page and where it goes on", two, versionsOf({ MaxResults: 1 }), reply({ ARN: "{arn}", Name: "{s}", Versions: [version(v2, C)], NextToken: "<token>" }), [[versionsOf({ MaxResults: 1, NextToken: "{next}" }), reply({ ARN: "{arn}", Name: "{s}", Versions: [version(v1, P)] })]]],
  ["5.7 pages", "another page size goes on as well", three, versionsOf({ MaxResults: 1, IncludeDeprecated: true }), shows({ Versions: [version(v3, C)] }), [[versionsOf({ MaxResults: 100, IncludeDeprecated: true, NextToken: "{next}" }), reply({ ARN: "{arn}", Name: "{s}", Versions: [version(v2, P), version(v1)] })]]],
  ["5.7 pages", "a token belongs to its query", two, versionsOf({ MaxResults: 1 }), shows({ NextToken: "<token>" }), [[versionsOf({ IncludeDeprecated: true, NextToken: "{next}" }), refused(some("InvalidNextTokenException"))]]],
  ["5.7 pages", "one that nobody made", one, versionsOf({ NextToken: "nonsense" }), refused(some("InvalidNextTokenException"))],
  ["5.7 MaxResults", "101 are too many", one, versionsOf({ MaxResults: 101 }), refused(tooMuch("maxResults", 100))],
  ["5.7 MaxResults", "none is too few", one, versionsOf({ MaxResults: 0 }), refused(tooLittle("maxResults", 1))],
  ["5.7 NextToken", "4,097 characters are too many", one, versionsOf({ NextToken: x(4097) }), refused(tooLong("nextToken", 4096))],
  ["5.7 deleted", "it works on a secret that waits for its deletion", deleted, versionsOf(), shows({ Versions: [version(v1, C)] })],
  ["5.7 unknown", "a secret that is not there", nothing, versionsOf(), refused(T.NF)],
];

const list = (request: AwsRequest = {}): Step => ["ListSecrets", request];
const own = { Key: "name", Values: ["{s}"] } as const;
const filter = (Key: string, ...Values: readonly string[]): Step => list({ Filters: [own, { Key, Values }] });
const text = (name: string, Description: string): Step => createEmpty({ Name: `{s}${name}`, Description });
const tagged = (name: string, ...pairs: readonly (readonly [string, string])[]): Step => createEmpty({ Name: `{s}${name}`, Tags: tags(...pairs) });
const bare = (...names: readonly string[]): readonly Step[] => names.map((name) => createEmpty({ Name: `{s}${name}` }));

const four: readonly Step[] = [text("/1", "a secret"), text("/2", "an secret"), text("/3", "asecret"), text("/4", "thesecret")];
const colours: readonly Step[] = [tagged("/1", ["colour", "red"]), tagged("/2", ["Colour", "Red"]), tagged("/3", ["colourless", "reddish"]), ...bare("/4")];
const split: readonly Step[] = [text("/1", "SecretOne"), text("/2", "Thirdsecret"), text("/3", "DescTwo"), text("/4", "COMPANYthings")];
const paths: readonly Step[] = bare("/prod/AppBeta/x", "/uat/COMPANY/x", "/plain");

const matching: readonly Row[] = [
  ["5.8 name", "a prefix of the name", bare("/a", "/ab", "/b"), list({ Filters: [{ Key: "name", Values: ["{s}/a"] }] }), lists("/a", "/ab")],
  ["5.8 name", "case counts", bare("/a", "/A"), list({ Filters: [{ Key: "name", Values: ["{s}/A"] }] }), lists("/A")],
  ["5.8 name", "it is not broken into words", bare("/testing1/one", "/testing1-one"), list({ Filters: [{ Key: "name", Values: ["{s}/testing1 one"] }] }), lists()],
  ["5.8 name", "nothing in the middle matches", bare("/a"), list({ Filters: [own, { Key: "name", Values: ["/a"] }] }), lists()],
  ["5.8 name", "negated", bare("/a", "/ab", "/b"), filter("name", "!{s}/a"), lists("/b")],
  ["5.8 name", "one of several values will do", bare("/a", "/b", "/c"), list({ Filters: [{ Key: "name", Values: ["{s}/a", "{s}/c"] }] }), lists("/a", "/c")],
  ["5.8 description", "each word begins a word of it", four, filter("description", "a"), lists("/1", "/2", "/3")],
  ["5.8 description", "negated", four, filter("description", "!a"), lists("/4")],
  ["5.8 description", "every word is wanted", four, filter("description", "a secret"), lists("/1", "/2")],
  ["5.8 description", "negated, what nothing begins with", four, filter("description", "!c"), lists("/1", "/2", "/3", "/4")],
  ["5.8 description", "in any order", four, filter("description", "secret a"), lists("/1", "/2")],
  ["5.8 description", "in any case", four, filter("description", "SECRET"), lists("/1", "/2")],
  ["5.8 description", "a secret without one has none of its words", [text("/1", "word"), ...bare("/2")], filter("description", "word"), lists("/1")],
  ["5.8 description", "and is found by what is not wanted", [text("/1", "word"), ...bare("/2")], filter("description", "!word"), lists("/2")],
  ["5.8 tag-key", "a prefix, case counts", colours, filter("tag-key", "colour"), lists("/1", "/3")],
  ["5.8 tag-key", "negated", colours, filter("tag-key", "!colour"), lists("/2", "/4")],
  ["5.8 tag-value", "a prefix, case counts", colours, filter("tag-value", "red"), lists("/1", "/3")],
  ["5.8 tag-value", "the whole value may be named", colours, filter("tag-value", "Red"), lists("/2")],
  ["5.8 tag-value", "negated", colours, filter("tag-value", "!red"), lists("/2", "/4")],
  ["5.8 primary-region", "the own region is that of a secret of one's own", bare("/a"), filter("primary-region", "us-"), lists("/a")],
  ["5.8 primary-region", "another region is not", bare("/a"), filter("primary-region", "eu-"), lists()],
  ["5.8 owning-service", "nothing is managed by a service", bare("/a"), filter("owning-service", "rds"), lists()],
  ["5.8 owning-service", "negated: everything", bare("/a"), filter("owning-service", "!rds"), lists("/a")],
  ["5.8 all", "a word of the name, in any case", paths, filter("all", "PLAIN"), lists("/plain")],
  ["5.8 all", "a word of the description", [text("/1", "find me"), ...bare("/2")], filter("all", "fin"), lists("/1")],
  ["5.8 all", "a tag key", colours, filter("all", "colourl"), lists("/3")],
  ["5.8 all", "a tag value, in any case", colours, filter("all", "RED"), lists("/1", "/2", "/3")],
  ["5.8 all", "each word in another place", [create({ Name: "{s}/apple", Description: "green", Tags: tags(["taste", "sour"]) }), ...bare("/apple2")], filter("all", "green sour apple"), lists("/apple")],
  ["5.8 all", "negated", paths, filter("all", "!plain"), lists("/prod/AppBeta/x", "/uat/COMPANY/x")],
];

const words: readonly Row[] = [
  ["5.8 words SecretOne", "Secret and One: `secret` finds it", split, filter("all", "secret"), lists("/1")],
  ["5.8 words SecretOne", "`sec` too", split, filter("all", "sec"), lists("/1")],
  ["5.8 words SecretOne", "`one` too", split, filter("all", "one"), lists("/1")],
  ["5.8 words SecretOne", "`ret` does not", split, filter("all", "ret"), lists()],
  ["5.8 words Thirdsecret", "one word: `third` finds it", split, filter("all", "third"), lists("/2")],
  ["5.8 words DescTwo", "`d`", split, filter("all", "d"), lists("/3")],
  ["5.8 words DescTwo", "`d t`", split, filter("all", "d t"), lists("/3")],
  ["5.8 words DescTwo", "`t` begins Thirdsecret too", split, filter("all", "t"), lists("/2", "/3")],
  ["5.8 words prod/AppBeta/x", "`AppBeta` is App and Beta", paths, filter("all", "AppBeta"), lists("/prod/AppBeta/x")],
  ["5.8 words prod/AppBeta/x", "`Beta`", paths, filter("all", "Beta"), lists("/prod/AppBeta/x")],
  ["5.8 words prod/AppBeta/x", "`prod`", paths, filter("all", "prod"), lists("/prod/AppBeta/x")],
  ...["_", "+", "=", ".", "@", "-"].map((mark): Row => ["5.8 words prod/AppBeta/x", `${mark} parts words too`, bare(`/${["prod", "AppBeta", "x"].join(mark)}`), filter("all", "Beta"), lists(`/${["prod", "AppBeta", "x"].join(mark)}`)]),
  ["5.8 words prod-AppBeta/x", "two kinds of marks part words like one", bare("/prod-AppBeta/x"), filter("all", "AppBeta"), lists("/prod-AppBeta/x")],
  ["5.8 words uat/COMPANY/x", "`company`", paths, filter("all", "company"), lists("/uat/COMPANY/x")],
  ["5.8 words uat/COMPANY/x", "`pany` does not find it", paths, filter("all", "pany"), lists()],
  ["5.8 words uat/COMPANY/x", "`N` does not", paths, filter("all", "N"), lists()],
  ["5.8 words COMPANYthings", "the last capital belongs to the next word: `Ythings`", split, filter("all", "Ythings"), lists("/4")],
  ["5.8 words COMPANYthings", "`company` does not find it", split, filter("all", "company"), lists()],
  ["5.8 words COMPANYthings", "`things` does not", split, filter("all", "things"), lists()],
  ["5.8 words +", "a value without words matches nothing", paths, filter("all", "+"), lists()],
];

const combining: readonly Row[] = [
  ["5.8 combination", "several filters must all hold", colours, list({ Filters: [own, { Key: "tag-key", Values: ["colour"] }, { Key: "tag-value", Values: ["reddish"] }] }), lists("/3")],
  [
    "5.8 combination",
    "also of the same key",
    bare("/ab", "/ac"),
    list({
      Filters: [
        { Key: "name", Values: ["{s}/a"] },
        { Key: "name", Values: ["{s}/ab"] },
      ],
    }),
    lists("/ab"),
  ],
  ["5.8 combination", "of several values one must hold", four, filter("description", "an", "thesecret"), lists("/2", "/4")],
  ["5.8 combination", "also of negated ones", four, filter("description", "!a", "!thesecret"), lists("/1", "/2", "/3", "/4")],
  ["5.8 deleted", "what waits for its deletion is hidden", [...bare("/a", "/b"), remove({ SecretId: "{s}/a" })], list({ Filters: [own] }), lists("/b")],
  ["5.8 deleted", "unless it is asked for", [...bare("/a", "/b"), remove({ SecretId: "{s}/a" })], list({ Filters: [own], IncludePlannedDeletion: true }), lists("/a", "/b")],
  ["5.8 deleted", "what was deleted by force is gone", [...bare("/a", "/b"), remove({ SecretId: "{s}/a", ForceDeleteWithoutRecovery: true })], list({ Filters: [own], IncludePlannedDeletion: true }), lists("/b")],
  ["5.8 order", "creation, oldest first, unless said otherwise", bare("/c", "/a", "/b"), list({ Filters: [own] }), lists("/c", "/a", "/b")],
  ["5.8 order", "newest first", bare("/c", "/a", "/b"), list({ Filters: [own], SortOrder: "desc" }), lists("/b", "/a", "/c")],
  ["5.8 order", "by name", bare("/c", "/a", "/b"), list({ Filters: [own], SortBy: "name" }), lists("/a", "/b", "/c")],
  ["5.8 order", "by name, descending", bare("/c", "/a", "/b"), list({ Filters: [own], SortBy: "name", SortOrder: "desc" }), lists("/c", "/b", "/a")],
  ["5.8 order", "by creation, ascending", bare("/c", "/a", "/b"), list({ Filters: [own], SortBy: "created-date", SortOrder: "asc" }), lists("/c", "/a", "/b")],
  ["5.8 order", "by the last change", [...bare("/c", "/a", "/b"), ["UpdateSecret", { SecretId: "{s}/c", ClientRequestToken: v2, Description: "d" }]], list({ Filters: [own], SortBy: "last-changed-date" }), lists("/a", "/b", "/c")],
  ["5.8 order", "by the last read, where nobody read: by creation", bare("/c", "/a", "/b"), list({ Filters: [own], SortBy: "last-accessed-date" }), lists("/c", "/a", "/b")],
];

const listing: readonly Row[] = [
  ["5.8 members", "labels are in SecretVersionsToStages", rich, list({ Filters: [own] }), reply({ SecretList: [{ ARN: "{arn}", Name: "{s}", Description: "for people", Type: "t", Tags: tags(["b", "1"], ["a", "2"]), CreatedDate: "<date>", LastChangedDate: "<date>", SecretVersionsToStages: { [v1]: [C] } }] })],
  ["5.8 members", "a secret without a value has none", empty, list({ Filters: [own] }), reply({ SecretList: [{ ARN: "{arn}", Name: "{s}", CreatedDate: "<date>", LastChangedDate: "<date>" }] })],
  ["5.8 members", "one that waits for its deletion shows when", [createEmpty(), remove()], list({ Filters: [own], IncludePlannedDeletion: true }), reply({ SecretList: [{ ARN: "{arn}", Name: "{s}", CreatedDate: "<date>", LastChangedDate: "<date>", DeletedDate: "<date>" }] })],
  ["5.8 members", "nothing found is an empty list", nothing, list({ Filters: [own] }), reply({ SecretList: [] })],
  ["5.8 pages", "a page at a time", bare("/a", "/b", "/c"), list({ Filters: [own], MaxResults: 2 }), lists("/a", "/b", "/c")],
  ["5.8 pages", "one by one, in another order", bare("/c", "/a", "/b"), list({ Filters: [own], MaxResults: 1, SortBy: "name", SortOrder: "desc" }), lists("/c", "/b", "/a")],
  ["5.8 pages", "by the last change", bare("/c", "/a", "/b"), list({ Filters: [own], MaxResults: 1, SortBy: "last-changed-date" }), lists("/c", "/a", "/b")],
  ["5.8 pages", "a token belongs to its filters", bare("/a", "/b"), list({ Filters: [own], MaxResults: 1 }), shows({ NextToken: "<token>" }), [[list({ NextToken: "{next}" }), refused(some("InvalidNextTokenException"))]]],
  ["5.8 pages", "and to its order", bare("/a", "/b"), list({ Filters: [own], MaxResults: 1 }), shows({ NextToken: "<token>" }), [[list({ Filters: [own], SortOrder: "desc", NextToken: "{next}" }), refused(some("InvalidNextTokenException"))]]],
  ["5.8 pages", "the size of the page may change", bare("/a", "/b"), list({ Filters: [own], MaxResults: 1 }), shows({ NextToken: "<token>" }), [[list({ Filters: [own], MaxResults: 50, NextToken: "{next}" }), lists("/b")]]],
  ["5.8 NextToken", "one that nobody made", nothing, list({ NextToken: "nonsense" }), refused(some("InvalidNextTokenException"))],
  ["5.8 NextToken", "4,097 characters are too many", nothing, list({ NextToken: x(4097) }), refused(tooLong("nextToken", 4096))],
  ["5.8 NextToken", "an empty one is too short", nothing, list({ NextToken: "" }), refused(tooShort("nextToken", 1))],
  ["5.8 MaxResults", "101 are too many", nothing, list({ MaxResults: 101 }), refused(tooMuch("maxResults", 100))],
  ["5.8 MaxResults", "none is too few", nothing, list({ MaxResults: 0 }), refused(tooLittle("maxResults", 1))],
  ["5.8 Filters", "an unknown key", nothing, list({ Filters: [{ Key: "nonsense", Values: ["a"] }] }), refused([invalid, "<like 1 validation error detected: Value 'nonsense' at 'filters.1.member.key' failed to satisfy constraint: Member must satisfy enum value set: \\[.+\\]>"])],
  ["5.8 Filters", "no key", nothing, list({ Filters: [{ Values: ["a"] }] }), refused([parameter, "Invalid filter key"])],
  ["5.8 Filters", "eleven are too many", nothing, list({ Filters: Array.from({ length: 11 }, () => own) }), refused(tooLong("filters", 10))],
  ["5.8 Filters", "eleven values are too many", nothing, list({ Filters: [{ Key: "name", Values: Array.from({ length: 11 }, () => "a") }] }), refused(tooLong("filters.1.member.values", 10))],
  ["5.8 Filters", "a value of 513 characters is too long", nothing, list({ Filters: [{ Key: "name", Values: [x(513)] }] }), refused(tooLong("filters.1.member.values.1.member", 512))],
  ["5.8 Filters", "a value has letters, digits and some marks only", nothing, list({ Filters: [{ Key: "name", Values: ["a*"] }] }), refused(violates("filters.1.member.values.1.member", "satisfy regular expression pattern: .*"))],
  ["5.8 SortOrder", "asc or desc", nothing, list({ SortOrder: "up" }), refused(violates("sortOrder", "satisfy enum value set: \\[asc, desc\\]"))],
  ["5.8 SortBy", "one of four", nothing, list({ SortBy: "size" }), refused(violates("sortBy", "satisfy enum value set: \\[.*\\]"))],
];

const jsonOnly: readonly Row[] = [
  ["5.5 limits", "an empty list of ids is too short", nothing, batch({ SecretIdList: [] }), refused(tooShort("secretIdList", 1))],
  ["5.8 Filters", "an empty list of values is too short", nothing, list({ Filters: [{ Key: "name", Values: [] }] }), refused(tooShort("filters.1.member.values", 1))],
  ["5.8 Filters", "no values", nothing, list({ Filters: [{ Key: "name" }] }), refused([parameter, "Invalid filter values for key: name"])],
  ["5.8 Filters", "none at all are as good as absent", bare("/a"), list({ Filters: [], MaxResults: 1 }), shows({ SecretList: "<any>" })],
  ["5.8 MaxResults", "a text is malformed", nothing, list({ MaxResults: "5" }), refused(some(malformed))],
  ["5.8 MaxResults", "a fraction is malformed", nothing, list({ MaxResults: 1.5 }), refused(some(malformed))],
  ["5.7 MaxResults", "a text is malformed", one, versionsOf({ MaxResults: "5" }), refused(some(malformed))],
  ["5.6 types", "a SecretId that is an object", nothing, ["DescribeSecret", { SecretId: {} }], refused(some(malformed))],
];

const moving: readonly Row[] = [
  ["5.7 deprecated", "a version that gets a label again is listed", [...three, moveLabel({ VersionStage: "OLD", MoveToVersionId: v1 })], versionsOf(), shows({ Versions: [version(v3, C), version(v2, P), version(v1, "OLD")] })],
  ["5.4 id", "a deprecated version is read by its id", [...three, put(v4)], get({ VersionId: v2 }), shows({ VersionStages: "<absent>", VersionId: v2 })],
  ["5.4 id", "not one that was never there", three, get({ VersionId: v9 }), refused(T.NFV(v9))],
];

export const section5List: readonly ConformanceCase[] = [...cases([...batches, ...describing, ...versionLists, ...matching, ...words, ...combining, ...listing, ...moving]), ...cases(jsonOnly, "https")];
