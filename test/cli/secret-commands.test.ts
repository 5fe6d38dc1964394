// What the command line asks for, shows and refuses: lists, batches, policies, rotation, copies.
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { refuseCall } from "../../src/base/errors.ts";
import { arn, CommandBench, policy, type Asked } from "./command-bench.ts";

describe("holdfast, the commands for secrets", function () {
  this.timeout(15_000);

  let bench: CommandBench;

  before(async () => {
    bench = await CommandBench.open(answer);
  });

  after(async () => {
    await bench[Symbol.asyncDispose]();
  });

  const asked: [line: string, operation: string, request: object, stdin?: string][] = [
    [
      "secret list --sort-by name --order desc --page-size 9 --one-page --next-token t",
      "ListSecrets",
      { sortBy: "name", sortOrder: "desc", maxResults: 9, nextToken: "t" },
    ],
    ["secret batch-get a prod/b", "BatchGetSecretValue", { secretIdList: ["a", "prod/b"] }],
    [
      "secret batch-get --filter tag-key=!a,b --page-size 5",
      "BatchGetSecretValue",
      { filters: [{ key: "tag-key", values: ["!a", "b"] }], maxResults: 5 },
    ],
    ["secret policy get db", "GetResourcePolicy", { secretId: "db" }],
    [
      "secret policy put db --policy-file FOLDER/policy --block-public-policy",
      "PutResourcePolicy",
      { secretId: "db", resourcePolicy: policy, blockPublicPolicy: true },
    ],
    [
      "secret policy put db --policy-stdin",
      "PutResourcePolicy",
      { secretId: "db", resourcePolicy: policy },
      policy,
    ],
    ["secret policy delete db", "DeleteResourcePolicy", { secretId: "db" }],
    [
      "secret policy validate --policy-file FOLDER/policy",
      "ValidateResourcePolicy",
      { resourcePolicy: policy },
    ],
    [
      "secret policy validate db --policy-file FOLDER/policy",
      "ValidateResourcePolicy",
      { secretId: "db", resourcePolicy: policy },
    ],
    ["secret rotate db", "RotateSecret", { secretId: "db" }],
    [
      "secret rotate db --function f --every 30 --duration 3h --later --role r --metadata a=b",
      "RotateSecret",
      {
        secretId: "db",
        rotationLambdaArn: "f",
        rotationRules: { automaticallyAfterDays: 30, duration: "3h" },
        rotateImmediately: false,
        externalSecretRotationRoleArn: "r",
        externalSecretRotationMetadata: [{ key: "a", value: "b" }],
      },
    ],
    [
      "secret rotate db --schedule rate(4)",
      "RotateSecret",
      { secretId: "db", rotationRules: { scheduleExpression: "rate(4)" } },
    ],
    ["secret cancel-rotation db", "CancelRotateSecret", { secretId: "db" }],
    [
      "secret replicate db eu-west-1 us-east-2=alias/a=b --overwrite",
      "ReplicateSecretToRegions",
      {
        secretId: "db",
        addReplicaRegions: [
          { region: "eu-west-1" },
          { region: "us-east-2", kmsKeyId: "alias/a=b" },
        ],
        forceOverwriteReplicaSecret: true,
      },
    ],
    [
      "secret remove-regions db eu-west-1 us-east-2",
      "RemoveRegionsFromReplication",
      { secretId: "db", removeReplicaRegions: ["eu-west-1", "us-east-2"] },
    ],
    ["secret stop-replication db", "StopReplicationToReplica", { secretId: "db" }],
    [
      "secret create db --type t --replica eu-west-1 --replica us-east-2=k --overwrite-replica",
      "CreateSecret",
      {
        name: "db",
        type: "t",
        addReplicaRegions: [{ region: "eu-west-1" }, { region: "us-east-2", kmsKeyId: "k" }],
        forceOverwriteReplicaSecret: true,
      },
    ],
    ["secret update db --type t", "UpdateSecret", { secretId: "db", type: "t" }],
  ];
  for (const [line, operation, request, stdin] of asked) {
    it(`asks for ${operation} on "${line}"`, async () => {
      const { exitCode, stderr } = await bench.holdfast(line, { stdin });

      const [[seen, members] = assert.fail("nothing was asked")] = bench.requests;
      const given = Object.entries(members).filter(([name]) => name !== "clientRequestToken");
      assert.deepEqual([exitCode, stderr, bench.requests.length], [0, "", 1]);
      assert.equal(seen, operation);
      assert.deepEqual(Object.fromEntries(given), request);
    });
  }

  const mistakes: [line: string, exitCode: number, sentence: RegExp, stdin?: string][] = [
    ["secret list --filter nmae=x", 2, /Expected one of description, name, .*, all before the "="/],
    ["secret list --sort-by nmae", 2, /Allowed choices are created-date, .*, name/],
    ["secret list --order up", 2, /Allowed choices are asc, desc/],
    [
      "secret list --page-size 101",
      2,
      /^Cannot ask for pages of 101: expected 1 to 100; "holdfast/,
    ],
    ["secret list --limit 0", 2, /^Cannot list nothing: expected --limit 1 or more; /],
    ["secret list --one-page --limit 3", 2, /use --page-size in place of --limit; /],
    ["secret batch-get", 2, /^Nothing to read: expected names, ARNs or --filter; "holdfast secret/],
    ["secret batch-get db --filter name=x", 2, /^Cannot read by name and by filter at once: use /],
    ["secret batch-get db --page-size 3", 2, /^Only what a filter finds comes in pages: use /],
    [
      "secret batch-get --filter name=x --page-size 21",
      2,
      /^Cannot ask for pages of 21: expected 1 to 20; /,
    ],
    [
      "secret policy gte db",
      2,
      /^Unknown command 'gte' \(Did you mean get\?\); "holdfast secret policy --help" shows more\n$/,
    ],
    ["secret policy put db", 2, /^No policy was given: use --policy-file or --policy-stdin; /],
    [
      "secret policy put db --policy-stdin --policy-file x",
      2,
      /^Cannot read a policy twice: use one of /,
    ],
    [
      "secret policy put db --policy-file /no/such",
      2,
      /^Cannot read the policy from "\/no\/such": ENOENT; /,
    ],
    [
      "secret policy put db --policy-file FOLDER/bytes",
      2,
      /^Cannot use the policy: it is not UTF-8/,
    ],
    [
      "secret policy validate --policy-stdin",
      2,
      /^Cannot store the policy: it is longer than 81920 bytes; /,
      "x".repeat(81_921),
    ],
    ["secret rotate db --every many", 2, /Expected a whole number/],
    ["secret rotate db --every 3 --schedule rate(3)", 2, /by a schedule: use one of them; /],
    [
      "secret rotate db --duration 3",
      2,
      /^Cannot use the duration "3": expected hours, such as 3h; /,
    ],
    ["secret rotate db --metadata x", 2, /Expected a tag as key=value/],
    ["secret replicate db", 2, /^Missing required argument 'region'; /],
    ["secret replicate db EU", 2, /Expected a region such as eu-west-1, or region=key/],
    ["secret replicate db eu-west-1=", 2, /Expected a region such as eu-west-1, or region=key/],
    ["secret remove-regions db eu-west-1=k", 2, /Expected a region such as eu-west-1\.?; /],
    [
      "secret cancel-rotation unsure",
      1,
      /^The outcome is not known .*; "holdfast secret describe ID" shows what came of it \(/,
    ],
    [
      "cluster promote n4",
      1,
      /^The outcome is not known .*; "holdfast cluster members" shows what/,
    ],
  ];
  for (const [line, exitCode, sentence, stdin] of mistakes) {
    it(`ends with ${exitCode} and one sentence on "${line}"`, async () => {
      const result = await bench.holdfast(line, { stdin });

      assert.match(result.stderr, sentence);
      assert.equal(result.stderr.split("\n").length, 2);
      assert.deepEqual([result.exitCode, result.stdout], [exitCode, ""]);
    });
  }

  it("reads any number of values in batches, tells what could not be read, and ends with 1", async () => {
    const ids = ["gone", ...Array.from({ length: 40 }, (_, at) => `s${at}`)];

    const { exitCode, stdout, stderr } = await bench.holdfast([
      ...["--output", "json", "secret", "batch-get"],
      ...ids,
    ]);

    const asked = bench.requests.map(
      ([, request]) => (request as { secretIdList: string[] }).secretIdList,
    );
    const printed = JSON.parse(stdout) as Record<string, readonly Record<string, unknown>[]>;
    assert.deepEqual(asked.flat(), ids);
    assert.deepEqual(
      asked.map(({ length }) => length),
      [20, 20, 1],
    );
    assert.equal(printed["SecretValues"]?.length, 40);
    assert.deepEqual(printed["Errors"], [
      { SecretId: "gone", ErrorCode: "ResourceNotFoundException", Message: "It is gone." },
    ]);
    assert.deepEqual([exitCode, stderr], [1, ""]);
  });

  it("shows values and failures of a batch as tables", async () => {
    const { stdout } = await bench.holdfast(["secret", "batch-get", "gone", "s1"]);

    assert.match(stdout, /│ Errors +│ SecretId: gone; ErrorCode: ResourceNotFoundException; /);
    assert.match(stdout, /│ s1 +│ v1 +│ value of s1 +│/);
  });

  it("follows the pages of a batch", async () => {
    const { stdout } = await bench.holdfast("--output json secret batch-get --filter name=paged");

    const printed = JSON.parse(stdout) as Record<string, readonly unknown[]>;
    assert.equal(bench.requests.length, 3);
    assert.equal(printed["SecretValues"]?.length, 3);
  });

  it("follows the pages of a list as far as it is told, and shows one page with its token", async () => {
    const line = "--output json secret list --filter name=paged";

    const whole = await bench.holdfast(line);
    const pages = bench.requests.length;
    const some = await bench.holdfast(`${line} --limit 2`);
    const one = await bench.holdfast(`${line} --one-page`);

    assert.equal(pages, 3);
    assert.deepEqual(JSON.parse(whole.stdout), {
      SecretList: [{ Name: "p0" }, { Name: "p1" }, { Name: "p2" }],
    });
    assert.deepEqual(JSON.parse(some.stdout), { SecretList: [{ Name: "p0" }, { Name: "p1" }] });
    assert.deepEqual(JSON.parse(one.stdout), { SecretList: [{ Name: "p0" }], NextToken: "1" });
  });

  it("prints a policy to the byte, and nothing when there is none", async () => {
    const some = await bench.holdfast("secret policy get db --policy-only");
    const none = await bench.holdfast("secret policy get bare --policy-only");

    assert.deepEqual([some.stdout, none.stdout], [policy, ""]);
  });

  it("shows what is wrong with a policy, and ends with 1", async () => {
    const line = "secret policy validate bad --policy-file FOLDER/policy";

    const { stdout, stderr, exitCode } = await bench.holdfast(line);

    assert.match(stdout, /│ PolicyValidationPassed +│ false +│/);
    assert.match(stdout, /│ GRAMMAR +│ It is no policy\. +│/);
    assert.deepEqual([exitCode, stderr], [1, ""]);
  });

  it("shows how far copies of a secret are", async () => {
    const { stdout } = await bench.holdfast("secret replicate db eu-west-1");

    assert.match(stdout, /│ eu-west-1 +│ InProgress +│/);
  });
});

/** Three pages of one each for whoever asks for "paged". */
function paged({ filters = [], nextToken = "0" }: Asked, list: string): object | undefined {
  if (filters[0]?.values[0] !== "paged") return undefined;
  const next = Number(nextToken) + 1;
  const item = { name: `p${nextToken}` };
  return { [list]: [item], ...(next < 3 ? { nextToken: String(next) } : {}) };
}

function batch({ secretIdList = [] }: Asked): object {
  const secretValues = secretIdList
    .filter((id) => id !== "gone")
    .map((name) => ({ name, versionId: "v1", secretString: `value of ${name}` }));
  const gone = {
    secretId: "gone",
    errorCode: "ResourceNotFoundException",
    message: "It is gone.",
  };
  return { secretValues, errors: secretIdList.includes("gone") ? [gone] : [] };
}

function answer(operation: string, request: Asked): Promise<object> {
  const { secretId } = request;
  if (secretId === "unsure" || operation === "PromoteMember") {
    return Promise.reject(refuseCall("outcome_unknown", { reason: "timed_out" }));
  }
  const isBad = secretId === "bad";
  const answers: Record<string, object> = {
    ListSecrets: paged(request, "secretList") ?? {},
    BatchGetSecretValue: paged(request, "secretValues") ?? batch(request),
    GetResourcePolicy: { name: "db", ...(secretId === "bare" ? {} : { resourcePolicy: policy }) },
    ValidateResourcePolicy: {
      policyValidationPassed: !isBad,
      validationErrors: isBad ? [{ checkName: "GRAMMAR", errorMessage: "It is no policy." }] : [],
    },
    ReplicateSecretToRegions: {
      arn,
      replicationStatus: [{ region: "eu-west-1", status: "InProgress" }],
    },
  };
  return Promise.resolve(answers[operation] ?? {});
}
