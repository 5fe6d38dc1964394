import assert from "node:assert/strict";
import {
  paginateBatchGetSecretValue,
  paginateListSecrets,
  paginateListSecretVersionIds,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { after, before, describe, it } from "mocha";
import { secretOperationNames } from "../../src/services/operations/operations.ts";
import type { AwsAnswer, AwsReply, Face } from "../conformance/aws-answer.ts";
import type { Expected, Step } from "../conformance/conformance-case.ts";
import { home } from "../conformance/one-node-region.ts";
import { runCase } from "../conformance/run-case.ts";
import { token } from "./aws-names.ts";
import { findAwsClis, runSourced } from "./secret-clients.ts";
import { sdkFor } from "./sdk-client.ts";
import { regionName, TestRegion } from "./test-region.ts";

const S = { SecretId: "{s}" } as const;
const policy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::000000000000:root" },
      Action: "secretsmanager:GetSecretValue",
      Resource: "*",
    },
  ],
});
const named: Expected = { shows: { ARN: "{arn}", Name: "{s}" } };
const done: Expected = { shows: {} };
const refused = (exception: string): Expected => ({ refused: [exception, "<any>"] });

/** Every operation once at least; what has no engine yet is refused as AWS would. */
const walk: readonly (readonly [step: Step, expected: Expected])[] = [
  [
    [
      "CreateSecret",
      { Name: "{s}", ClientRequestToken: token(1), SecretString: "one", Description: "first" },
    ],
    { shows: { Name: "{s}", VersionId: token(1) } },
  ],
  [
    ["PutSecretValue", { ...S, ClientRequestToken: token(2), SecretString: "two" }],
    { shows: { VersionId: token(2), VersionStages: ["AWSCURRENT"] } },
  ],
  [
    ["UpdateSecret", { ...S, ClientRequestToken: token(3), SecretString: "three" }],
    { shows: { VersionId: token(3) } },
  ],
  [["GetSecretValue", S], { shows: { SecretString: "three" } }],
  [["GetSecretValue", { ...S, VersionStage: "AWSPREVIOUS" }], { shows: { SecretString: "two" } }],
  [
    ["BatchGetSecretValue", { SecretIdList: ["{s}/nobody"] }],
    {
      shows: {
        Errors: [
          {
            SecretId: "{s}/nobody",
            ErrorCode: "ResourceNotFoundException",
            Message: "Secrets Manager can't find the specified secret.",
          },
        ],
      },
    },
  ],
  [["UpdateSecretVersionStage", { ...S, VersionStage: "OLD", MoveToVersionId: token(1) }], named],
  [
    ["DescribeSecret", S],
    {
      shows: {
        Description: "first",
        VersionIdsToStages: {
          [token(1)]: ["OLD"],
          [token(2)]: ["AWSPREVIOUS"],
          [token(3)]: ["AWSCURRENT"],
        },
      },
    },
  ],
  [["ListSecretVersionIds", { ...S, IncludeDeprecated: true }], named],
  [["ListSecrets", { Filters: [{ Key: "all", Values: ["first"] }] }], { lists: ["{s}"] }],
  [["TagResource", { ...S, Tags: [{ Key: "team", Value: "red" }] }], done],
  [["ListSecrets", { Filters: [{ Key: "tag-value", Values: ["red"] }] }], { lists: ["{s}"] }],
  [["UntagResource", { ...S, TagKeys: ["team"] }], done],
  [["DescribeSecret", S], { shows: { Tags: [] } }],
  [["GetRandomPassword", { PasswordLength: 8 }], { shows: { RandomPassword: "<like .{8}>" } }],
  [["PutResourcePolicy", { ...S, ResourcePolicy: policy }], named],
  [["GetResourcePolicy", S], { shows: { ResourcePolicy: `<json ${policy}>` } }],
  [
    ["ValidateResourcePolicy", { ResourcePolicy: policy }],
    { shows: { PolicyValidationPassed: true } },
  ],
  [["DeleteResourcePolicy", S], named],
  [["RotateSecret", { ...S, ClientRequestToken: token(4) }], refused("InvalidRequestException")],
  [["CancelRotateSecret", S], refused("InvalidRequestException")],
  [
    ["ReplicateSecretToRegions", { ...S, AddReplicaRegions: [{ Region: "eu-west-1" }] }],
    refused("InvalidParameterException"),
  ],
  [
    ["RemoveRegionsFromReplication", { ...S, RemoveReplicaRegions: ["eu-west-1"] }],
    { shows: { ARN: "{arn}" } },
  ],
  [["StopReplicationToReplica", S], refused("<like Invalid(Parameter|Request)Exception>")],
  [["DeleteSecret", { ...S, RecoveryWindowInDays: 7 }], named],
  [["GetSecretValue", S], refused("InvalidRequestException")],
  [["RestoreSecret", S], named],
  [["GetSecretValue", S], { shows: { SecretString: "three" } }],
  [["DeleteSecret", { ...S, ForceDeleteWithoutRecovery: true }], named],
  [["DescribeSecret", S], refused("ResourceNotFoundException")],
];

describe("all 23 operations by clients of AWS as they are", function () {
  this.timeout(300_000);

  let region: TestRegion;

  before(async () => {
    region = await TestRegion.open();
  });

  after(async () => {
    await region[Symbol.asyncDispose]();
  });

  it("are all in the walk", () => {
    const walked = new Set(walk.map(([[operation]]) => operation));
    assert.deepEqual([...walked].sort(), [...secretOperationNames].sort());
  });

  it("the SDK walks through them", async () => {
    await using face = sdkFace(region);
    await walkThrough(face, "sdk");
  });

  it("the AWS CLI walks through them", async function () {
    const programs = (await findAwsClis()).map(({ program }) => program);
    const [first] = programs;
    if (first === undefined) {
      // Where tests are the last word, a client that is missing is a failure.
      assert.notEqual(process.env["CI"], "true", "the AWS CLI is not installed");
      this.skip();
    }
    // Debian's is older than the operation that came last: another one may know it.
    const knowing = await firstOf(programs, (program) => knowsBatches(region, program));
    const leftOut = knowing === first ? [] : ["BatchGetSecretValue"];
    await walkThrough(cliFace(region, first), "cli", leftOut);

    if (knowing === undefined || leftOut.length === 0) return;
    const request = { SecretIdList: ["nobody"] };
    const answer = await cliFace(region, knowing).call("BatchGetSecretValue", request);
    assert.equal(answer.kind, "reply");
  });

  it("the paginators of the SDK go through all pages", async () => {
    const { environment, ca } = region;
    const client = new SecretsManagerClient({
      endpoint: region.nodes()[1]?.https ?? "",
      region: regionName,
      credentials: {
        accessKeyId: environment["AWS_ACCESS_KEY_ID"] ?? "",
        secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "",
      },
      requestHandler: { httpsAgent: { ca } },
    });
    await using face = sdkFace(region);
    const names = ["paged/1", "paged/2", "paged/3", "paged/4", "paged/5"];
    for (const Name of names) {
      await face.call("CreateSecret", { Name, ClientRequestToken: token(1), SecretString: Name });
    }
    for (const number of [2, 3]) {
      const request = { SecretId: "paged/1", ClientRequestToken: token(number), SecretString: "x" };
      await face.call("PutSecretValue", request);
    }
    const Filters = [{ Key: "name" as const, Values: ["paged/"] }];
    const configuration = { client, pageSize: 2 };

    const pages = await collected(paginateListSecrets(configuration, { Filters }));
    const versions = await collected(
      paginateListSecretVersionIds(configuration, { SecretId: "paged/1", IncludeDeprecated: true }),
    );
    const values = await collected(paginateBatchGetSecretValue(configuration, { Filters }));

    client.destroy();
    assert.deepEqual(
      pages.map(({ SecretList = [] }) => SecretList.map(({ Name }) => Name)),
      [names.slice(0, 2), names.slice(2, 4), names.slice(4)],
    );
    assert.deepEqual(
      versions.map(({ Versions = [] }) => Versions.length),
      [2, 1],
    );
    assert.deepEqual(
      values.flatMap(({ SecretValues = [] }) => SecretValues.map(({ Name }) => Name)),
      names,
    );
  });
});

async function firstOf<Item>(
  items: readonly Item[],
  holds: (item: Item) => Promise<boolean>,
): Promise<Item | undefined> {
  for (const item of items) {
    if (await holds(item)) return item;
  }
  return undefined;
}

async function collected<Page>(pages: AsyncIterable<Page>): Promise<readonly Page[]> {
  const all: Page[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

async function walkThrough(
  face: Face,
  name: string,
  leftOut: readonly string[] = [],
): Promise<void> {
  const [first, ...rest] = walk.filter(([[operation]]) => !leftOut.includes(operation));
  assert.ok(first !== undefined);
  const [call, expected] = first;
  const whole = { row: "5", says: "all operations", call, expected, then: rest };
  await runCase(whole, { face, home, name: `walk-${name}`, emptyLists: "kept" });
}

function sdkFace(region: TestRegion): Face {
  const sdk = sdkFor(region, region.nodes()[0]?.https ?? "");
  return {
    call: async (operation, request) => {
      try {
        return { kind: "reply", reply: await sdk.call(operation, request) };
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        return { kind: "refused", exception: error.name, message: error.message };
      }
    },
    [Symbol.asyncDispose]: () => {
      sdk.destroy();
      return Promise.resolve();
    },
  };
}

const complaint = /An error occurred \((\w+)\) when calling the \w+ operation[^:]*: (.*)/;

async function knowsBatches(region: TestRegion, program: string): Promise<boolean> {
  const line = [program, "secretsmanager", "batch-get-secret-value", "--generate-cli-skeleton"];
  return runSourced(region, line).then(
    () => true,
    () => false,
  );
}

function cliFace(region: TestRegion, program: string): Face {
  return {
    call: async (operation, request): Promise<AwsAnswer> => {
      const command = operation.replaceAll(/(?!^)([A-Z])/g, "-$1").toLowerCase();
      const endpoint = ["--endpoint-url", region.nodes()[2]?.https ?? ""];
      const line = [program, "--output", "json", ...endpoint, "secretsmanager", command];
      try {
        const text = await runSourced(region, [
          ...line,
          "--cli-input-json",
          JSON.stringify(request),
        ]);
        return { kind: "reply", reply: JSON.parse(text === "" ? "{}" : text) as AwsReply };
      } catch (error) {
        const { stderr = "" } = error as { readonly stderr?: string };
        const [, exception, message] = complaint.exec(stderr) ?? [];
        if (exception === undefined || message === undefined) throw error;
        return { kind: "refused", exception, message };
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
