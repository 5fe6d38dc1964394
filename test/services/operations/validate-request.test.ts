import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { RefusedError } from "../../../src/base/errors.ts";
import type { DraftOf, OperationName } from "../../../src/services/operations/operations.ts";
import { validateRequest } from "../../../src/services/operations/validate-request.ts";

type Violation = {
  [Name in OperationName]: readonly [Name, DraftOf<Name>, ...sentences: string[]];
}[OperationName];

const failed = "failed to satisfy constraint: Member must";
const filterKeys = "[description, name, tag-key, tag-value, primary-region, owning-service, all]";
const filterPattern = "^\\!?[a-zA-Z0-9 :_@\\/\\+\\=\\.\\-\\!]*$";
const x = (count: number) => "x".repeat(count);

/** One fault a row, or several where the sentence must name them all. */
const violations: readonly Violation[] = [
  ["GetSecretValue", {}, `Value null at 'secretId' ${failed} not be null`],
  [
    "GetSecretValue",
    { secretId: "" },
    `Value '' at 'secretId' ${failed} have length greater than or equal to 1`,
  ],
  [
    "GetSecretValue",
    { secretId: x(2049) },
    `Value '${x(2048)}...' at 'secretId' ${failed} have length less than or equal to 2048`,
  ],
  // A value is cut between characters: half of one cannot be sent.
  [
    "CreateSecret",
    { name: "db", description: `a${"😀".repeat(2048)}` },
    `Value 'a${"😀".repeat(511)}...' at 'description' ${failed} ` +
      "have length less than or equal to 2048",
  ],
  [
    "GetSecretValue",
    { secretId: "db", versionId: "short" },
    `Value 'short' at 'versionId' ${failed} have length greater than or equal to 32`,
  ],
  [
    "CreateSecret",
    { name: x(513) },
    `Value '${x(513)}' at 'name' ${failed} have length less than or equal to 512`,
  ],
  [
    "CreateSecret",
    { name: "db", secretString: "" },
    `Value at 'secretString' ${failed} have length greater than or equal to 1`,
  ],
  [
    "CreateSecret",
    { name: "db", secretString: `${x(65_535)}é` },
    `Value at 'secretString' ${failed} have length less than or equal to 65536`,
  ],
  [
    "CreateSecret",
    { name: "db", secretBinary: new Uint8Array(65_537) },
    `Value at 'secretBinary' ${failed} have length less than or equal to 65536`,
  ],
  [
    "CreateSecret",
    { name: "db", addReplicaRegions: [] },
    `Value '[]' at 'addReplicaRegions' ${failed} have length greater than or equal to 1`,
  ],
  [
    "CreateSecret",
    { name: "db", addReplicaRegions: [{ region: "us-east-1" }, { region: "moon" }] },
    `Value 'moon' at 'addReplicaRegions.2.member.region' ${failed} ` +
      "satisfy regular expression pattern: ^([a-z]+-)+\\d+$",
  ],
  [
    "TagResource",
    { secretId: "db", tags: [{ key: "", value: x(257) }] },
    `Value '' at 'tags.1.member.key' ${failed} have length greater than or equal to 1`,
    `Value '${x(257)}' at 'tags.1.member.value' ${failed} have length less than or equal to 256`,
  ],
  [
    "PutSecretValue",
    { secretId: "db", versionStages: Array<string>(21).fill("A") },
    `Value '[${Array(21).fill("A").join(", ")}]' at 'versionStages' ${failed} ` +
      "have length less than or equal to 20",
  ],
  [
    "PutSecretValue",
    { secretId: "db", rotationToken: `${x(35)} ` },
    `Value at 'rotationToken' ${failed} satisfy regular expression pattern: ^[a-zA-Z0-9\\-]+$`,
  ],
  [
    "ListSecrets",
    { maxResults: 101, sortOrder: "up" },
    `Value '101' at 'maxResults' ${failed} have value less than or equal to 100`,
    `Value 'up' at 'sortOrder' ${failed} satisfy enum value set: [asc, desc]`,
  ],
  [
    "ListSecrets",
    { filters: [{ key: "nmae", values: ["ok", "*"] }] },
    `Value 'nmae' at 'filters.1.member.key' ${failed} satisfy enum value set: ${filterKeys}`,
    `Value '*' at 'filters.1.member.values.2.member' ${failed} ` +
      `satisfy regular expression pattern: ${filterPattern}`,
  ],
  [
    "GetRandomPassword",
    { passwordLength: 4097 },
    `Value '4097' at 'passwordLength' ${failed} have value less than or equal to 4096`,
  ],
  [
    "GetRandomPassword",
    { passwordLength: 0 },
    `Value '0' at 'passwordLength' ${failed} have value greater than or equal to 1`,
  ],
  [
    "RotateSecret",
    { secretId: "db", rotationRules: { duration: "3h\n", automaticallyAfterDays: 1001 } },
    `Value '1001' at 'rotationRules.automaticallyAfterDays' ${failed} ` +
      "have value less than or equal to 1000",
    `Value '3h\n' at 'rotationRules.duration' ${failed} satisfy regular expression pattern: [0-9]+h`,
  ],
  [
    "RotateSecret",
    { rotationLambdaArn: x(3000) },
    `Value null at 'secretId' ${failed} not be null`,
    `Value '${x(2048)}...' at 'rotationLambdaARN' ${failed} have length less than or equal to 2048`,
  ],
];

describe("validateRequest", () => {
  for (const [operation, draft, ...sentences] of violations) {
    it(`refuses ${operation}: ${sentences.join("; ").slice(0, 90)}`, () => {
      assert.throws(
        () => validateRequest(operation, draft),
        (error) => {
          assert.ok(error instanceof RefusedError);
          assert.deepEqual(error.refusal, {
            code: "validation_failed",
            facts: { violations: sentences },
          });
          return true;
        },
      );
    });
  }

  it("puts all violations into one sentence", () => {
    assert.throws(() => validateRequest("UpdateSecretVersionStage", {}), {
      message:
        `2 validation errors detected: Value null at 'secretId' ${failed} not be null; ` +
        `Value null at 'versionStage' ${failed} not be null`,
    });
  });

  it("names the first violations and counts the rest when there are very many", () => {
    const tags = Array<object>(900).fill({ key: "" });

    assert.throws(
      () => validateRequest("TagResource", { secretId: "db", tags }),
      (error) => {
        assert.ok(error instanceof RefusedError && error.refusal.code === "validation_failed");
        const { violations, unnamed = 0 } = error.refusal.facts;
        assert.ok(violations.length > 30);
        assert.equal(violations.length + unnamed, 900);
        assert.match(error.message, /^900 validation errors detected: Value '' at 'tags\.1\./);
        assert.ok(error.message.endsWith(`; and ${unnamed} more`));
        assert.ok(Buffer.byteLength(error.message) < 4_400);
        return true;
      },
    );
  });

  it("always names one violation", () => {
    const long = "x".repeat(5000);

    assert.throws(
      () => validateRequest("RotateSecret", { secretId: long, rotationLambdaArn: long }),
      (error) => {
        assert.ok(error instanceof RefusedError);
        assert.match(
          error.message,
          /^2 validation errors detected: Value 'x+\.\.\.' at 'secretId'/,
        );
        assert.match(error.message, /2048; and 1 more$/);
        return true;
      },
    );
  });

  it("refuses more values than an AWS request can have", () => {
    const tagKeys = Array<string>(5001).fill("k");

    assert.throws(() => validateRequest("UntagResource", { secretId: "db", tagKeys }), {
      message: "The body has too many values.",
    });
  });

  const accepted: readonly Violation[] = [
    ["CreateSecret", { name: x(512), secretString: `${x(65_534)}é`, kmsKeyId: "" }],
    ["CreateSecret", { name: "db", description: "", tags: [], secretBinary: Uint8Array.of(0) }],
    // 2,048 characters, though more UTF-16 units.
    ["CreateSecret", { name: "db", description: "🔑".repeat(2048) }],
    ["DeleteSecret", { secretId: "db", recoveryWindowInDays: 9_000_000 }],
    ["ListSecrets", { filters: [{ key: "name", values: ["!a/b"] }, {}], sortBy: "name" }],
    ["UntagResource", { secretId: "db", tagKeys: [] }],
    ["RotateSecret", { secretId: "db", rotationRules: { scheduleExpression: "rate(10 days)" } }],
  ];
  for (const [operation, draft] of accepted) {
    it(`gives a ${operation} request back that meets the model`, () => {
      assert.equal(validateRequest(operation, draft), draft);
    });
  }
});
