// §3, values, versions and staging labels.
import { cases, type ConformanceCase, type Row, type Step } from "../conformance-case.ts";
import { C, N, P, T, create, describeIt, empty, get, invalid, limit, malformed, moveLabel, named, nothing, one, parameter, put, refused, reply, shows, some, stages, state, three, tooLong, tooShort, two, update, v, v1, v2, v3, v4, v9, violates, x } from "./vocabulary.ts";

const bytes = (length: number): string => Buffer.alloc(length, 7).toString("base64");
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString("base64");
const fresh = { SecretId: "{s}", ClientRequestToken: v2 };
const stage = (...labels: readonly string[]) => ({ VersionStages: labels });

const value: readonly Row[] = [
  ["3.1 max", "a string has 65,536 bytes at most", one, put(v2, { SecretString: x(65_537) }), refused(tooLong("secretString", 65_536))],
  ["3.1 max", "a string of 65,536 bytes is kept", one, put(v2, { SecretString: x(65_536) }), shows({ VersionId: v2 }), [[get(), shows({ SecretString: x(65_536) })]]],
  ["3.1 max", "bytes are 65,536 at most", one, ["PutSecretValue", { ...fresh, SecretBinary: bytes(65_537) }], refused(tooLong("secretBinary", 65_536))],
  ["3.1 max", "65,536 bytes are kept", one, ["PutSecretValue", { ...fresh, SecretBinary: bytes(65_536) }], shows({ VersionId: v2 }), [[get(), shows({ SecretBinary: bytes(65_536) })]]],
  ["3.1 max", "characters of several bytes count as their bytes", one, put(v2, { SecretString: "é".repeat(32_769) }), refused(tooLong("secretString", 65_536))],
  ...(["CreateSecret", "UpdateSecret"] as const).flatMap((operation): readonly Row[] => [
    ["3.1 max", `${operation} has the same limit for strings`, operation === "CreateSecret" ? nothing : one, [operation, { Name: "{s}", ...fresh, SecretString: x(65_537) }], refused(tooLong("secretString", 65_536))],
    ["3.1 max", `${operation} has the same limit for bytes`, operation === "CreateSecret" ? nothing : one, [operation, { Name: "{s}", ...fresh, SecretBinary: bytes(65_537) }], refused(tooLong("secretBinary", 65_536))],
    ["3.1 empty string", `${operation} refuses the empty string`, operation === "CreateSecret" ? nothing : one, [operation, { Name: "{s}", ...fresh, SecretString: "" }], refused(tooShort("secretString", 1))],
    ["3.1 both", `${operation} refuses a string with bytes`, operation === "CreateSecret" ? nothing : one, [operation, { Name: "{s}", ...fresh, SecretString: "a", SecretBinary: bytes(1) }], refused(some(parameter))],
    ["3.1 binary", `${operation} takes bytes`, operation === "CreateSecret" ? nothing : one, [operation, { Name: "{s}", ...fresh, SecretBinary: everyByte }], shows({ VersionId: v2 }), [[get(), shows({ SecretBinary: everyByte, SecretString: "<absent>" })]]],
  ]),
  ["3.1 empty string", "PutSecretValue refuses the empty string", one, put(v2, { SecretString: "" }), refused(tooShort("secretString", 1))],
  ["3.1 empty string", "PutSecretValue refuses no bytes at all", one, ["PutSecretValue", { ...fresh, SecretBinary: "" }], refused(tooShort("secretBinary", 1))],
  ["3.1 neither", "PutSecretValue wants a value", one, ["PutSecretValue", fresh], refused([state, "You must provide either SecretString or SecretBinary."])],
  ["3.1 both", "PutSecretValue refuses a string with bytes", one, put(v2, { SecretBinary: bytes(1) }), refused(some(parameter)), [[get(), shows({ VersionId: v1 })]]],
  [
    "3.1 kinds",
    "the kinds may alternate: bytes after a string",
    one,
    ["PutSecretValue", { ...fresh, SecretBinary: everyByte }],
    shows({ VersionId: v2 }),
    [
      [get(), shows({ SecretBinary: everyByte, SecretString: "<absent>" })],
      [get({ VersionStage: P }), shows({ SecretString: "one", SecretBinary: "<absent>" })],
    ],
  ],
  [
    "3.1 kinds",
    "the kinds may alternate: a string after bytes",
    [create({ SecretString: undefined, SecretBinary: everyByte })],
    put(v2),
    shows({ VersionId: v2 }),
    [
      [get(), shows({ SecretBinary: "<absent>" })],
      [get({ VersionStage: P }), shows({ SecretBinary: everyByte })],
    ],
  ],
  ...['correct "horse" {battery}\n\tstaple £ 🔑', "\u0000\u0001\u001f", '{"username":"a","password":"b"}', "null", " ", "\\", "\uFEFFmark", "\u2028\u2029"].map((SecretString): Row => [
    "3.1 kinds",
    `the string ${JSON.stringify(SecretString)} comes back as it was`,
    nothing,
    create({ SecretString }),
    shows({ VersionId: v1 }),
    [[get(), shows({ SecretString })]],
  ]),
];

const jsonOnly: readonly Row[] = [
  ["3.1 binary", "bytes that are no base64 are malformed", one, ["PutSecretValue", { ...fresh, SecretBinary: "not base64!" }], refused(some(malformed))],
  ["3.1 binary", "a value that is a number is malformed", one, ["PutSecretValue", { ...fresh, SecretString: 5 }], refused(some(malformed))],
  ["3.1 kinds", "null is absence", one, put(v2, { SecretBinary: null }), shows({ VersionId: v2 })],
  ["3.3 per request", "no labels at all are too few", one, put(v2, stage()), refused(tooShort("versionStages", 1))],
];

const tokens: readonly Row[] = [
  ...(["CreateSecret", "PutSecretValue", "UpdateSecret"] as const).flatMap((operation): readonly Row[] => {
    const given = operation === "CreateSecret" ? nothing : one;
    const request = { Name: "{s}", SecretId: "{s}", SecretString: "two" };
    const asked = (ClientRequestToken: string): Step => [operation, { ...request, ClientRequestToken }];
    return [
      ["3.2 token", `${operation}: the version id is the token`, given, asked("any-characters-will-do-32-or-more!"), shows({ VersionId: "any-characters-will-do-32-or-more!" }), [[get(), shows({ VersionId: "any-characters-will-do-32-or-more!" })]]],
      ["3.2 token", `${operation}: a token of 31 characters is too short`, given, asked(x(31)), refused(tooShort("clientRequestToken", 32))],
      ["3.2 token", `${operation}: a token of 65 characters is too long`, given, asked(x(65)), refused(tooLong("clientRequestToken", 64))],
      ["3.2 token", `${operation}: a token of 64 characters is taken`, given, asked(x(64)), shows({ VersionId: x(64) })],
      ["3.2 token", `${operation}: an empty token is too short`, given, asked(""), refused(tooShort("clientRequestToken", 32))],
    ];
  }),
];

const versions: readonly Row[] = [
  [
    "3.2 fields",
    "a version shows its id, dates, labels and key",
    one,
    ["ListSecretVersionIds", { SecretId: "{s}" }],
    reply({
      ARN: "{arn}",
      Name: "{s}",
      Versions: [
        {
          VersionId: v1,
          VersionStages: [C],
          CreatedDate: "<date>",
          LastAccessedDate: "<day?>",
          KmsKeyIds: ["DefaultEncryptionKey"],
        },
      ],
    }),
  ],
  [
    "3.2 deprecated",
    "a version without labels is still read by its id",
    three,
    get({ VersionId: v1 }),
    reply({
      ARN: "{arn}",
      Name: "{s}",
      VersionId: v1,
      SecretString: "one",
      CreatedDate: "<date>",
    }),
  ],
  ["3.2 deprecated", "a version without labels has no label to be read by", three, get({ VersionId: v1, VersionStage: P }), refused(T.MIS)],
  ["3.2 deprecated", "a version without labels can get one again", three, moveLabel({ VersionStage: "OLD", MoveToVersionId: v1 }), named, [[get({ VersionStage: "OLD" }), shows({ VersionId: v1, SecretString: "one" })]]],
  ["3.2 immutable", "a version keeps its content: the same token with another value is refused", one, put(v1, { SecretString: "other" }), refused(T.INUSE(v1)), [[get(), shows({ SecretString: "one" })]]],
  ["3.2 quota", "beyond a hundred versions none younger than a day makes room", [create(), ...Array.from({ length: 99 }, (_, at) => put(v(at + 2)))], put(v(101)), refused(some(limit)), [[get(), shows({ VersionId: v(100) })]]],
  [
    "3.2 quota",
    "UpdateSecret meets the same quota, and changes nothing else then",
    [create(), ...Array.from({ length: 99 }, (_, at) => put(v(at + 2)))],
    update({ ClientRequestToken: v(101), SecretString: "b", Description: "new" }),
    refused(some(limit)),
    [
      [describeIt, shows({ Description: "<absent>" })],
      [put(v(100)), shows({ VersionId: v(100) })],
    ],
  ],
];

const labels: readonly Row[] = [
  ["3.3 length", "a label has 256 characters at most", one, put(v2, stage(x(257))), refused(tooLong("versionStages.1.member", 256))],
  ["3.3 length", "a label of 256 characters is taken", one, put(v2, stage(x(256))), shows({ VersionStages: [x(256)] })],
  ["3.3 length", "an empty label is too short", one, put(v2, stage("a", "")), refused(tooShort("versionStages.2.member", 1))],
  ["3.3 per request", "a request has twenty labels at most", one, put(v2, stage(...Array.from({ length: 21 }, (_, at) => `L${at}`))), refused(tooLong("versionStages", 20))],
  ["3.3 quota", "a secret has twenty labels on all its versions together", one, put(v2, stage(...Array.from({ length: 20 }, (_, at) => `L${at}`))), refused(some(limit)), [[describeIt, stages({ [v1]: [C] })]]],
  ["3.3 quota", "twenty labels fit", one, put(v2, stage(...Array.from({ length: 19 }, (_, at) => `L${at}`))), shows({ VersionId: v2 })],
  ["3.3 quota", "labels that only move do not count twice", [create(), put(v2, stage(...Array.from({ length: 19 }, (_, at) => `L${at}`)))], put(v3, stage(...Array.from({ length: 19 }, (_, at) => `L${at}`))), shows({ VersionId: v3 })],
  ["3.3 quota", "AWSPREVIOUS, which comes by itself, counts", [create(), put(v2, stage(...Array.from({ length: 19 }, (_, at) => `L${at}`)))], put(v3), refused(some(limit))],
  ["3.3 reserved", "other labels that begin with AWS are taken", one, put(v2, stage("AWSSOMETHING")), shows({ VersionStages: ["AWSSOMETHING"] }), [[get({ VersionStage: "AWSSOMETHING" }), shows({ VersionId: v2 })]]],
  ["3.3 uniqueness", "a label that is named twice is there once", one, put(v2, stage("A", "A")), shows({ VersionStages: ["A"] })],
  ["3.3 uniqueness", "labels differ by the case of their letters", [create(), put(v2, stage("a"))], put(v3, stage("A")), shows({ VersionStages: ["A"] }), [[describeIt, stages({ [v1]: [C], [v2]: ["a"], [v3]: ["A"] })]]],
  [
    "3.3 without value",
    "a secret without a value has no versions",
    empty,
    describeIt,
    shows({ VersionIdsToStages: "<absent>", Name: "{s}" }),
    [
      [get(), refused(T.NFS(C))],
      [["ListSecretVersionIds", { SecretId: "{s}" }], reply({ ARN: "{arn}", Name: "{s}", Versions: [] })],
    ],
  ],
  ["3.3 invariant", "AWSCURRENT cannot be taken off", one, moveLabel({ VersionStage: C, RemoveFromVersionId: v1 }), refused(some(parameter)), [[get(), shows({ VersionId: v1 })]]],
];

/** `[number, state before, call, labels after]` as the table has them. */
const transitions: readonly Row[] = [
  ["3.3.1 #1", "a secret made with a value has it as the current one", nothing, create(), shows({ VersionId: v1 }), [[describeIt, stages({ [v1]: [C] })]]],
  ["3.3.1 #2", "the first value of an empty secret becomes current", empty, put(v2), reply({ ARN: "{arn}", Name: "{s}", VersionId: v2, VersionStages: [C] }), [[describeIt, stages({ [v2]: [C] })]]],
  ["3.3.1 #3", "so does one that is put under another label", empty, put(v2, stage("X")), shows({ VersionStages: [C, "X"] }), [[describeIt, stages({ [v2]: [C, "X"] })]]],
  ["3.3.1 #4", "PutSecretValue makes the former one previous", one, put(v2), shows({ VersionStages: [C] }), [[describeIt, stages({ [v1]: [P], [v2]: [C] })]]],
  ["3.3.1 #4", "so does UpdateSecret", one, update({ SecretString: "b" }), named4(), [[describeIt, stages({ [v1]: [P], [v4]: [C] })]]],
  ["3.3.1 #5", "the one before that is deprecated", two, put(v3), shows({ VersionStages: [C] }), [[describeIt, stages({ [v2]: [P], [v3]: [C] })]]],
  ["3.3.1 #5", "by UpdateSecret too", two, update({ SecretString: "b" }), named4(), [[describeIt, stages({ [v2]: [P], [v4]: [C] })]]],
  ["3.3.1 #6", "labels of one's own leave AWSCURRENT where it is", one, put(v2, stage("A", "B")), shows({ VersionStages: ["A", "B"] }), [[describeIt, stages({ [v1]: [C], [v2]: ["A", "B"] })]]],
  ["3.3.1 #7", "a label moves from the version that had it", [create(), put(v2, stage("A", "B"))], put(v3, stage("A", "B")), shows({ VersionStages: ["A", "B"] }), [[describeIt, stages({ [v1]: [C], [v3]: ["A", "B"] })]]],
  ["3.3.1 #8", "the others stay", [create(), put(v2, stage("one", "two", "three"))], put(v3, stage("one", "two", "four")), shows({ VersionStages: ["four", "one", "two"] }), [[describeIt, stages({ [v1]: [C], [v2]: ["three"], [v3]: ["one", "two", "four"] })]]],
  ["3.3.1 #9", "AWSCURRENT may be named among others", one, put(v2, stage(C, "PUT0")), shows({ VersionStages: [C, "PUT0"] }), [[describeIt, stages({ [v1]: [P], [v2]: [C, "PUT0"] })]]],
  ["3.3.1 #10", "a move by hand leaves AWSPENDING alone", [create(), put(v2, stage(N))], moveLabel({ VersionStage: C, RemoveFromVersionId: v1, MoveToVersionId: v2 }), named, [[describeIt, stages({ [v1]: [P], [v2]: [C, N] })]]],
  ["3.3.1 #11", "a value that becomes current takes AWSPENDING off the former one", pendingCurrent(), put(v3), shows({ VersionStages: [C] }), [[describeIt, stages({ [v2]: [P], [v3]: [C] })]]],
  ["3.3.1 #11", "UpdateSecret does so too", pendingCurrent(), update({ SecretString: "b" }), named4(), [[describeIt, stages({ [v2]: [P], [v4]: [C] })]]],
  ["3.3.1 #12", "AWSPENDING moves to a new version", pendingCurrent(), put(v3, stage(N)), shows({ VersionStages: [N] }), [[describeIt, stages({ [v1]: [P], [v2]: [C], [v3]: [N] })]]],
  [
    "3.3.1 #13",
    "own labels stay where they were when AWSCURRENT moves by hand",
    [...pendingCurrent(), moveLabel({ VersionStage: "X", MoveToVersionId: v2 }), moveLabel({ VersionStage: "PUT1", MoveToVersionId: v2 }), put(v3, stage(N))],
    moveLabel({ VersionStage: C, RemoveFromVersionId: v2, MoveToVersionId: v3 }),
    named,
    [[describeIt, stages({ [v2]: [P, "X", "PUT1"], [v3]: [C, N] })]],
  ],
  [
    "3.3.1 #14",
    "AWSPREVIOUS leaves the older version, whose own labels stay",
    [create(), put(v2, stage(C)), moveLabel({ VersionStage: "PUT0", MoveToVersionId: v1 }), put(v3, stage(N, "Y"))],
    moveLabel({ VersionStage: C, RemoveFromVersionId: v2, MoveToVersionId: v3 }),
    named,
    [[describeIt, stages({ [v1]: ["PUT0"], [v2]: [P], [v3]: [C, N, "Y"] })]],
  ],
  ["3.3.1 #15", "AWSPENDING is taken off by hand", pendingCurrent(), moveLabel({ VersionStage: N, RemoveFromVersionId: v2 }), named, [[describeIt, stages({ [v1]: [P], [v2]: [C] })]]],
  [
    "3.3.1 back",
    "AWSCURRENT moved back changes places with AWSPREVIOUS",
    two,
    moveLabel({ VersionStage: C, RemoveFromVersionId: v2, MoveToVersionId: v1 }),
    named,
    [
      [describeIt, stages({ [v1]: [C], [v2]: [P] })],
      [get(), shows({ SecretString: "one" })],
    ],
  ],
  ["3.3.1 follows", "a value put as previous too gives AWSPREVIOUS to the former current one", two, put(v3, stage(C, P)), shows({ VersionStages: [C] }), [[describeIt, stages({ [v2]: [P], [v3]: [C] })]]],
  ["3.3.1 follows", "AWSPREVIOUS can be put on a version of its own", two, put(v3, stage(P)), shows({ VersionStages: [P] }), [[describeIt, stages({ [v2]: [C], [v3]: [P] })]]],
  ["3.3.1 pending", "AWSPENDING on another version stays when a value becomes current", [create(), put(v2, stage(N))], put(v3), shows({ VersionStages: [C] }), [[describeIt, stages({ [v1]: [P], [v2]: [N], [v3]: [C] })]]],
];

function named4() {
  return reply({ ARN: "{arn}", Name: "{s}", VersionId: v4 });
}

/** v1[P], v2[C,N]: the state after row 10. */
function pendingCurrent(): readonly Step[] {
  return [create(), put(v2, stage(N)), moveLabel({ VersionStage: C, RemoveFromVersionId: v1, MoveToVersionId: v2 })];
}

const reading: readonly Row[] = [
  ["3.2 token", "a VersionId of 31 characters is too short", one, get({ VersionId: x(31) }), refused(tooShort("versionId", 32))],
  ["3.2 token", "a VersionId of 65 characters is too long", one, get({ VersionId: x(65) }), refused(tooLong("versionId", 64))],
  ["3.2 token", "an unknown VersionId is not found", one, get({ VersionId: v9 }), refused(T.NFV(v9))],
  ["3.3 length", "a VersionStage of 257 characters is too long", one, get({ VersionStage: x(257) }), refused(tooLong("versionStage", 256))],
  ["3.1 rotation token", "a RotationToken has 36 characters at least", one, put(v2, { RotationToken: x(35) }), refused(tooShort("rotationToken", 36))],
  ["3.1 rotation token", "a RotationToken has letters, digits and hyphens only", one, put(v2, { RotationToken: `${x(36)}_` }), refused(violates("rotationToken", "satisfy regular expression pattern: .*"))],
  ["3.1 rotation token", "a sensitive value is not repeated", one, put(v2, { RotationToken: x(35) }), refused([invalid, "1 validation error detected: Value at 'rotationToken' failed to satisfy constraint: Member must have length greater than or equal to 36"])],
];

export const section3: readonly ConformanceCase[] = [...cases([...value, ...tokens, ...versions, ...labels, ...transitions, ...reading]), ...cases(jsonOnly, "https")];
