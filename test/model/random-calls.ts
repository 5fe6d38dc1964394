// Sequences of calls from a seed: few names, tokens, labels and values, so that they meet again and
// again, and a part of them wrong in every way the model knows.
import fc from "fast-check";
import type { Json } from "./model-requests.ts";

/**
 * One step. A `SecretId` of `{arn:n}` is the ARN that `n` has or had last, `{old:n}` one before.
 * `advance` lets milliseconds pass, `kill` ends the leader of several nodes.
 */
export type Call = readonly [operation: string, request: Json];

export interface CallChoices {
  /** Real time is no node's to foretell: nothing is ordered by it, and nothing waits. */
  readonly time: "set" | "real";
  readonly kills: boolean;
}

const names = ["a", "a/b", "B-c1", "prod/AppBeta", "uat_COMPANY-x9"];
const prefix = "arn:aws:secretsmanager:us-east-1:000000000000:secret:";
const labels = ["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS", "A", "B", "C", "D"];
const token = (number: number): string => `token-of-thirty-two-characters-${number}`;
const descriptions = ["", "some words here", "an DescTwo", "COMPANYthings", "words12"];
const policies = [
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [statement("arn:aws:iam::000000000000:root")],
  }),
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Sid: "b", ...statement("*") }] }).replace(
    '{"AWS":"*"}',
    '"*"',
  ),
  "{",
];
const texts = [
  "a",
  "some",
  "WORDS",
  "beta",
  "App",
  "COMPANY",
  "x",
  "k",
  "k1",
  "v",
  "prod",
  "us-",
  "12",
  "+",
  "B c",
];

function statement(AWS: string): Json {
  return {
    Effect: "Allow",
    Principal: { AWS },
    Action: "secretsmanager:GetSecretValue",
    Resource: "*",
  };
}

const pick = <Item>(...items: readonly Item[]): fc.Arbitrary<Item> => fc.constantFrom(...items);

/** Mostly one, now and then the other. */
const mostly = <Item>(usual: fc.Arbitrary<Item>, rare: fc.Arbitrary<Item>): fc.Arbitrary<Item> =>
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: rare });

const maybe = <Item>(arbitrary: fc.Arbitrary<Item>): fc.Arbitrary<Item | undefined> =>
  fc.option(arbitrary, { nil: undefined });

const name = mostly(pick(...names), pick("nobody", "a b", "?"));
const secretId = fc.oneof(
  { weight: 6, arbitrary: name },
  { weight: 1, arbitrary: pick(...names).map((each) => `{arn:${each}}`) },
  { weight: 1, arbitrary: pick(...names).map((each) => `{old:${each}}`) },
  { weight: 1, arbitrary: pick(...names).map((each) => prefix + each) },
);
const tokens = Array.from({ length: 14 }, (_, at) => token(at));
const requestToken = mostly(
  pick<string | undefined>(...tokens),
  pick(undefined, "short", "x".repeat(65)),
);
const versionId = mostly(pick(...tokens), pick("short", token(99)));
const label = mostly(pick(...labels), pick("E", "x".repeat(257)));
const value = fc.oneof(
  { weight: 8, arbitrary: pick("x", "y", "é🔑").map((SecretString): Json => ({ SecretString })) },
  { weight: 3, arbitrary: pick("AAE=", "eA==").map((SecretBinary): Json => ({ SecretBinary })) },
  {
    weight: 1,
    arbitrary: pick<Json>({}, { SecretString: "" }, { SecretString: "x", SecretBinary: "eA==" }),
  },
);
const tag = fc.record({
  Key: mostly(pick("k1", "k2", "key", "K1", "other"), pick("aws:x")),
  Value: pick("", "v1", "v2", "Value"),
});
const someTags = fc.uniqueArray(tag, { maxLength: 4, selector: ({ Key }) => Key });
const filter = fc.record({
  Key: pick(
    "name",
    "description",
    "tag-key",
    "tag-value",
    "all",
    "primary-region",
    "owning-service",
  ),
  Values: fc.array(
    fc.tuple(pick("", "", "!"), pick(...texts, ...names)).map(([sign, text]) => sign + text),
    { minLength: 1, maxLength: 3 },
  ),
});
const filters = fc.array(filter, { minLength: 1, maxLength: 3 });
const pageSize = maybe(pick(1, 2, 3, 50));

const onSecret = (
  operation: string,
  members: Readonly<Record<string, fc.Arbitrary<unknown>>> = {},
) => fc.record({ SecretId: secretId, ...members }).map((request): Call => [operation, request]);

const withValue = (operation: string, members: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
  fc
    .tuple(fc.record(members), value)
    .map(([request, given]): Call => [operation, { ...request, ...given }]);

const writing = [
  withValue("CreateSecret", {
    Name: name,
    ClientRequestToken: requestToken,
    Description: maybe(pick(...descriptions)),
    Tags: maybe(someTags),
  }),
  withValue("PutSecretValue", {
    SecretId: secretId,
    ClientRequestToken: requestToken,
    VersionStages: maybe(fc.uniqueArray(label, { minLength: 1, maxLength: 3 })),
  }),
  withValue("UpdateSecret", {
    SecretId: secretId,
    ClientRequestToken: requestToken,
    Description: maybe(pick(...descriptions)),
  }),
];

function listing({ time }: CallChoices): fc.Arbitrary<Call> {
  const sortBy =
    time === "set"
      ? ["created-date", "name", "last-changed-date", "last-accessed-date"]
      : ["created-date", "name"];
  return fc
    .record({
      Filters: maybe(filters),
      IncludePlannedDeletion: maybe(fc.boolean()),
      MaxResults: pageSize,
      SortBy: maybe(pick(...sortBy)),
      SortOrder: maybe(pick("asc", "desc")),
    })
    .map((request): Call => ["ListSecrets", request]);
}

function randomCall(choices: CallChoices): fc.Arbitrary<Call> {
  const minuteMs = 60_000;
  const passing = pick(1, minuteMs, 60 * minuteMs, 25 * 60 * minuteMs, 8 * 24 * 60 * minuteMs);
  const [create, put, update] = writing;
  const weighted: readonly (readonly [
    weight: number,
    arbitrary: fc.Arbitrary<Call> | undefined,
  ])[] = [
    [6, create],
    [12, put],
    [6, update],
    [
      8,
      onSecret("UpdateSecretVersionStage", {
        VersionStage: label,
        RemoveFromVersionId: maybe(versionId),
        MoveToVersionId: maybe(versionId),
      }),
    ],
    [8, onSecret("GetSecretValue", { VersionId: maybe(versionId), VersionStage: maybe(label) })],
    [6, onSecret("DescribeSecret")],
    [
      3,
      onSecret("ListSecretVersionIds", {
        IncludeDeprecated: maybe(fc.boolean()),
        MaxResults: pageSize,
      }),
    ],
    [5, listing(choices)],
    [
      2,
      fc
        .array(secretId, { minLength: 1, maxLength: 5 })
        .map((SecretIdList): Call => ["BatchGetSecretValue", { SecretIdList }]),
    ],
    [
      2,
      fc
        .record({ Filters: filters, MaxResults: pageSize })
        .map((request): Call => ["BatchGetSecretValue", request]),
    ],
    [
      2,
      onSecret("DeleteSecret", {
        RecoveryWindowInDays: maybe(pick(7, 30, 6, 31, 0)),
        ForceDeleteWithoutRecovery: maybe(fc.boolean()),
      }),
    ],
    [4, onSecret("RestoreSecret")],
    [3, onSecret("TagResource", { Tags: someTags })],
    [
      2,
      onSecret("UntagResource", {
        TagKeys: fc.array(pick("k1", "k2", "key", "K1", "none"), { maxLength: 3 }),
      }),
    ],
    [
      2,
      onSecret("PutResourcePolicy", {
        ResourcePolicy: pick(...policies),
        BlockPublicPolicy: maybe(fc.boolean()),
      }),
    ],
    [2, onSecret("GetResourcePolicy")],
    [1, onSecret("DeleteResourcePolicy")],
    [choices.time === "set" ? 4 : 0, passing.map((ms): Call => ["advance", { ms }])],
  ];
  return fc.oneof(
    ...weighted.flatMap(([weight, arbitrary]) =>
      arbitrary === undefined || weight === 0 ? [] : [{ weight, arbitrary }],
    ),
  );
}

/** The same for the same seed. Leaders are killed at places spread over the sequence. */
export function randomCalls(seed: number, length: number, choices: CallChoices): readonly Call[] {
  const shape = fc.array(randomCall(choices), {
    minLength: length,
    maxLength: length,
    size: "max",
  });
  const [calls = []] = fc.sample(shape, { seed, numRuns: 1 });
  if (!choices.kills) return calls;
  const places = [0.2, 0.5, 0.8].map((part) => Math.floor(part * length));
  return calls.flatMap((call, at) => (places.includes(at) ? [["kill", {}] as Call, call] : [call]));
}
