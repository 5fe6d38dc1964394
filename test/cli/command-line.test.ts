import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { refuseCall } from "../../src/base/errors.ts";
import { arn, CommandBench } from "./command-bench.ts";

describe("holdfast, the command", function () {
  this.timeout(15_000);

  let bench: CommandBench;

  before(async () => {
    bench = await CommandBench.open(answer, {
      status: { nodeId: "n1", role: "leader", term: 7, members: [{ nodeId: "n1" }] },
    });
  });

  after(async () => {
    await bench[Symbol.asyncDispose]();
  });

  const asked: [line: string, operation: string, request: object, stdin?: string][] = [
    [
      "secret create prod/db --value-file FOLDER/value --description it --tag a=b --tag c=d=e",
      "CreateSecret",
      {
        name: "prod/db",
        description: "it",
        secretString: "hunter2\n",
        tags: [
          { key: "a", value: "b" },
          { key: "c", value: "d=e" },
        ],
      },
    ],
    [
      "secret create prod/db --value-file FOLDER/bytes --binary",
      "CreateSecret",
      { name: "prod/db", secretBinary: Uint8Array.of(0, 255, 1) },
    ],
    ["secret create empty", "CreateSecret", { name: "empty" }],
    [
      "secret put db --value-file FOLDER/marked",
      "PutSecretValue",
      { secretId: "db", secretString: "\ufeffhunter2\r\n" },
    ],
    [
      "secret put db --value-stdin --stage A --stage B",
      "PutSecretValue",
      { secretId: "db", secretString: "from a pipe", versionStages: ["A", "B"] },
      "from a pipe",
    ],
    [
      "secret update db --description= --kms-key k",
      "UpdateSecret",
      { secretId: "db", description: "", kmsKeyId: "k" },
    ],
    [
      "secret get db --version-id v --stage s",
      "GetSecretValue",
      { secretId: "db", versionId: "v", versionStage: "s" },
    ],
    ["secret describe db", "DescribeSecret", { secretId: "db" }],
    [
      "secret list --filter name=a,b --filter tag-key=c --include-deleted --limit 7",
      "ListSecrets",
      {
        includePlannedDeletion: true,
        maxResults: 7,
        filters: [
          { key: "name", values: ["a", "b"] },
          { key: "tag-key", values: ["c"] },
        ],
      },
    ],
    [
      "secret versions db --all",
      "ListSecretVersionIds",
      { secretId: "db", includeDeprecated: true },
    ],
    [
      "secret move-label db AWSCURRENT --from a --to b",
      "UpdateSecretVersionStage",
      {
        secretId: "db",
        versionStage: "AWSCURRENT",
        removeFromVersionId: "a",
        moveToVersionId: "b",
      },
    ],
    ["secret delete db --window 9", "DeleteSecret", { secretId: "db", recoveryWindowInDays: 9 }],
    [
      "secret delete db --force",
      "DeleteSecret",
      { secretId: "db", forceDeleteWithoutRecovery: true },
    ],
    ["secret restore db", "RestoreSecret", { secretId: "db" }],
    [
      "secret tag db a=b c=",
      "TagResource",
      {
        secretId: "db",
        tags: [
          { key: "a", value: "b" },
          { key: "c", value: "" },
        ],
      },
    ],
    ["secret untag db a c", "UntagResource", { secretId: "db", tagKeys: ["a", "c"] }],
    [
      "random-password --length 9 --exclude-numbers --include-space --any-types",
      "GetRandomPassword",
      {
        passwordLength: 9,
        excludeNumbers: true,
        includeSpace: true,
        requireEachIncludedType: false,
      },
    ],
  ];
  for (const [line, operation, request, stdin] of asked) {
    it(`asks for ${operation} on "${line}"`, async () => {
      const { exitCode, stderr } = await bench.holdfast(line, { stdin });

      assert.equal(stderr, "");
      assert.equal(exitCode, 0);
      assert.equal(bench.requests.length, 1);
      const [[seen, members] = assert.fail("nothing was asked")] = bench.requests;
      const given = Object.entries(members).filter(([name]) => name !== "clientRequestToken");
      assert.equal(seen, operation);
      assert.deepEqual(Object.fromEntries(given), request);
    });
  }

  it("prints JSON with the names of AWS", async () => {
    const { stdout } = await bench.holdfast(["secret", "describe", "prod/db", "--output", "json"]);

    assert.deepEqual(JSON.parse(stdout), {
      ARN: arn,
      Name: "prod/db",
      RotationLambdaARN: "arn:aws:lambda:eu-west-1:000000000000:function:f",
      RotationRules: { AutomaticallyAfterDays: 30 },
      Tags: [],
      VersionIdsToStages: { v1: ["AWSCURRENT"] },
      CreatedDate: "2018-04-11T20:05:45.713Z",
    });
  });

  it("prints an empty list as one", async () => {
    const { stdout } = await bench.holdfast(["--output", "json", "secret", "list"]);

    assert.deepEqual(JSON.parse(stdout), { SecretList: [] });
  });

  it("prints a table in which a control character cannot steer the terminal", async () => {
    const { stdout } = await bench.holdfast(["secret", "get", "prod/db"]);

    assert.match(stdout, /│ SecretString +│ hunter2\\x1b\[31m +│/);
    assert.equal(stdout.includes("\u001b"), false);
  });

  it("prints a value to the byte for a pipe", async () => {
    const { stdout } = await bench.holdfast(["secret", "get", "prod/db", "--value-only"]);

    assert.equal(stdout, "hunter2\u001b[31m");
  });

  it("shows the node that answers and the members of its region", async () => {
    const { stdout } = await bench.holdfast(["status", "--output", "json"]);

    assert.deepEqual(JSON.parse(stdout), {
      NodeId: "n1",
      Role: "leader",
      Term: 7,
      Members: [{ NodeId: "n1" }],
    });
  });

  it("takes its settings from options before the environment", async () => {
    const { endpoint } = bench.region;
    const environment = {
      HOLDFAST_ENDPOINT: "nowhere:1",
      HOLDFAST_TOKEN: "hft_wrong",
      HOLDFAST_CA_FILE: "/no/such/file",
    };
    const line = `--endpoint ${endpoint} --token-file FOLDER/token --ca-file FOLDER/ca.pem status`;

    const { exitCode, stderr } = await bench.holdfast(line, { environment });

    assert.equal(stderr, "");
    assert.equal(exitCode, 0);
  });

  const mistakes: [line: string, exitCode: number, sentence: RegExp, stdin?: string][] = [
    [
      "secret get gone",
      1,
      /^Secrets Manager can't find the specified secret; "holdfast secret list" shows.*\(ResourceNotFoundException, request [0-9a-f-]{36}\)\n$/,
    ],
    [
      "secrte list",
      2,
      /^Unknown command 'secrte' \(Did you mean secret\?\); "holdfast --help" shows more\n$/,
    ],
    [
      "secret lst",
      2,
      /^Unknown command 'lst' \(Did you mean list\?\); "holdfast secret --help" shows more\n$/,
    ],
    [
      "secret get db --stgae x",
      2,
      /Did you mean --stage\?\); "holdfast secret get --help" shows more\n$/,
    ],
    [
      "secret get",
      2,
      /^Missing required argument 'id'; "holdfast secret get --help" shows more\n$/,
    ],
    [
      "secret put db --value hunter2",
      2,
      /^Cannot take a value from the command line, .*history.*use --value-file or --value-stdin; /,
    ],
    ["secret put db --value=hunter2", 2, /^Cannot take a value from the command line/],
    ["secret put db", 2, /^No value was given: use --value-file or --value-stdin; /],
    ["secret create db --binary", 2, /^There are no bytes to store: use --value-file or/],
    ["secret update db --binary --description x", 2, /^There are no bytes to store/],
    [
      "secret get evil",
      1,
      /^Gone \\x1b\[2J away; "holdfast secret get --help" shows more \(SerializationException, /,
    ],
    ["secret put db --value-stdin --value-file x", 2, /^Cannot read a value twice/],
    [
      "secret put db --value-file /no/such",
      2,
      /^Cannot read the value from "\/no\/such": ENOENT; /,
    ],
    ["secret put db --value-file FOLDER/bytes", 2, /it is not UTF-8; use --binary for bytes; /],
    ["secret put db --value-stdin", 2, /it is longer than 65536 bytes; /, "x".repeat(65_537)],
    ["secret list --limit many", 2, /Expected a whole number/],
    ["secret list --filter name", 2, /Expected a filter as key=value, such as name=prod\//],
    ["secret tag db team", 2, /Expected a tag as key=value, such as team=payments/],
    ["secret move-label db L", 2, /^Nothing would move: expected --from, --to or both; /],
    ["secret delete db --force --window 7", 2, /^A forced deletion has no window/],
    ["--output xml status", 2, /Allowed choices are table, json/],
    ["--endpoint nowhere status", 2, /^Cannot use the endpoint "nowhere": expected host:port/],
    ["--ca-file /no/such status", 2, /^Cannot read the file "\/no\/such"/],
    [
      "--endpoint 127.0.0.1:1 status",
      3,
      /^Cannot reach 127\.0\.0\.1:1: connect ECONNREFUSED.*HOLDFAST_ENDPOINT/,
    ],
  ];
  for (const [line, exitCode, sentence, stdin] of mistakes) {
    it(`ends with ${exitCode} and one sentence on "${line}"`, async () => {
      const result = await bench.holdfast(line, { stdin });

      assert.match(result.stderr, sentence);
      assert.equal(result.stderr.split("\n").length, 2);
      assert.equal(result.stderr.includes("hunter2"), false);
      assert.equal(result.exitCode, exitCode);
      assert.equal(result.stdout, "");
    });
  }

  it("says which setting is missing and what it should be", async () => {
    const { stderr, exitCode } = await bench.holdfast(["status"], {
      environment: { HOLDFAST_TOKEN: "" },
    });

    assert.match(stderr, /^HOLDFAST_TOKEN is not set: expected an access token, which begins with/);
    assert.equal(exitCode, 2);
  });

  it("shows help on standard output, and no option that takes a value in the open", async () => {
    const { stdout, exitCode } = await bench.holdfast(["secret", "create", "--help"]);

    assert.match(stdout, /--value-stdin/);
    assert.doesNotMatch(stdout, /--value /);
    assert.equal(exitCode, 0);
  });
});

function answer(operation: string, { secretId }: { readonly secretId?: string }): Promise<object> {
  if (secretId === "evil") {
    return Promise.reject(refuseCall("malformed_request", { reason: "Gone \u001b[2J\naway." }));
  }
  if (secretId === "gone") return Promise.reject(refuseCall("secret_not_found", {}));
  const answers: Record<string, object> = {
    GetSecretValue: { name: "prod/db", secretString: "hunter2\u001b[31m" },
    GetRandomPassword: { randomPassword: "drawn" },
    DescribeSecret: {
      arn,
      name: "prod/db",
      rotationLambdaArn: "arn:aws:lambda:eu-west-1:000000000000:function:f",
      rotationRules: { automaticallyAfterDays: 30 },
      tags: [],
      versionIdsToStages: new Map([["v1", ["AWSCURRENT"]]]),
      createdDate: 1_523_477_145_713,
    },
  };
  return Promise.resolve(answers[operation] ?? {});
}
