import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import type { RefusalCode } from "../../src/base/errors.ts";
import type { DraftOf } from "../../src/services/operations/operations.ts";
import {
  assertRefused,
  serviceNode,
  stranger,
  token,
  withDeletedSecret,
  withSecret,
  type ServiceNode,
} from "./service-node.ts";

const lambda = "arn:aws:lambda:us-east-1:000000000000:function:rotate";
const role = "arn:aws:iam::000000000000:role/rotator";

let node: ServiceNode;
beforeEach(async () => {
  node = await serviceNode();
  await withSecret(node);
});

const rotate = (more: Partial<DraftOf<"RotateSecret">> = {}) =>
  node.call("RotateSecret", { secretId: "db", clientRequestToken: token(7), ...more });

describe("RotateSecret", () => {
  const refused: readonly (readonly [
    what: string,
    Partial<DraftOf<"RotateSecret">>,
    RefusalCode,
  ])[] = [
    ["no function", {}, "rotation_not_configured"],
    [
      "sound rules and no function",
      { rotationRules: { duration: "3h" } },
      "rotation_not_configured",
    ],
    [
      "a function, which nothing can call",
      { rotationLambdaArn: lambda },
      "rotation_function_denied",
    ],
    [
      "everything that AWS takes",
      {
        rotationLambdaArn: lambda,
        rotationRules: { scheduleExpression: "cron(0 8 1 * ? *)", duration: "3h" },
        rotateImmediately: false,
        externalSecretRotationRoleArn: role,
        externalSecretRotationMetadata: [{ key: "a", value: "b" }],
      },
      "rotation_function_denied",
    ],
    [
      "a function of another region",
      { rotationLambdaArn: lambda.replace("us-east-1", "eu-west-1") },
      "rotation_function_invalid",
    ],
    ["no name of a function", { rotationLambdaArn: "" }, "rotation_function_invalid"],
    [
      "an hourly rate of three",
      { rotationLambdaArn: lambda, rotationRules: { scheduleExpression: "rate(3 hours)" } },
      "rotation_rules_invalid",
    ],
    [
      "zero days",
      { rotationLambdaArn: lambda, rotationRules: { automaticallyAfterDays: 0 } },
      "validation_failed",
    ],
    [
      "a duration in minutes",
      { rotationLambdaArn: lambda, rotationRules: { duration: "9m" } },
      "validation_failed",
    ],
    [
      "a role that is none",
      { externalSecretRotationRoleArn: "arn:aws:iam::000000000000:user/alice" },
      "external_rotation_invalid",
    ],
    [
      "a metadata key twice",
      {
        externalSecretRotationMetadata: [
          { key: "a", value: "b" },
          { key: "a", value: "c" },
        ],
      },
      "external_rotation_invalid",
    ],
    [
      "metadata without a value",
      { externalSecretRotationMetadata: [{ key: "a" }] },
      "validation_failed",
    ],
    [
      "metadata without a key",
      { externalSecretRotationMetadata: [{ value: "a" }] },
      "validation_failed",
    ],
    ["a token that is too short", { clientRequestToken: "x" }, "validation_failed"],
  ];
  for (const [what, more, code] of refused) {
    it(`refuses ${what} and stores nothing`, async () => {
      const before = await node.call("DescribeSecret", { secretId: "db" });
      const proposed = node.group.proposed.length;

      await assertRefused(rotate(more), code);

      assert.equal(node.group.proposed.length, proposed);
      assert.deepEqual(await node.call("DescribeSecret", { secretId: "db" }), before);
      assert.ok(!("rotationEnabled" in before));
    });
  }

  it("names what is missing in metadata as the model would", async () => {
    await assertRefused(rotate({ externalSecretRotationMetadata: [{}] }), "validation_failed", {
      violations: ["key", "value"].map(
        (member) =>
          `Value null at 'externalSecretRotationMetadata.1.member.${member}' ` +
          "failed to satisfy constraint: Member must not be null",
      ),
    });
  });

  it("asks for a token before it looks for the secret", async () => {
    const barriers = node.group.barriers;

    await assertRefused(
      node.call("RotateSecret", { secretId: "no such name" }),
      "rotation_token_missing",
    );
    await assertRefused(rotate({ secretId: "no such name" }), "invalid_name");

    assert.equal(node.group.barriers, barriers);
  });

  it("asks who it is, what there is, and only then what is wanted", async () => {
    await withDeletedSecret(node);
    const wrong = { rotationLambdaArn: "nothing" };
    const request = { clientRequestToken: token(7), ...wrong };

    await assertRefused(
      node.call("RotateSecret", { secretId: "absent", ...request }, stranger),
      "access_denied",
    );
    await assertRefused(rotate({ secretId: "absent", ...wrong }), "secret_not_found");
    await assertRefused(rotate({ secretId: "gone", ...wrong }), "secret_deleted");
  });

  it("waits for a rotation that is not complete: AWSPENDING away from AWSCURRENT", async () => {
    await node.call("PutSecretValue", {
      secretId: "db",
      clientRequestToken: token(2),
      secretString: "next",
      versionStages: ["AWSPENDING"],
    });
    const move = (removeFromVersionId: string) =>
      node.call("UpdateSecretVersionStage", {
        secretId: "db",
        versionStage: "AWSCURRENT",
        removeFromVersionId,
        moveToVersionId: token(2),
      });

    await assertRefused(rotate({ rotationLambdaArn: lambda }), "rotation_unfinished");
    await assertRefused(rotate(), "rotation_not_configured");
    await move(token(1));
    await assertRefused(rotate({ rotationLambdaArn: lambda }), "rotation_function_denied");
  });

  it("answers a retry as it answered the first time", async () => {
    await assertRefused(rotate({ rotationLambdaArn: lambda }), "rotation_function_denied");
    await assertRefused(rotate({ rotationLambdaArn: lambda }), "rotation_function_denied");
  });
});

describe("CancelRotateSecret", () => {
  it("refuses a secret that never rotated, once it is there and not deleted", async () => {
    await withDeletedSecret(node);
    const cancel = (secretId: string) => node.call("CancelRotateSecret", { secretId });

    await assertRefused(cancel("db"), "rotation_not_configured");
    await assertRefused(cancel("gone"), "secret_deleted");
    await assertRefused(cancel("absent"), "secret_not_found");
    await assertRefused(
      node.call("CancelRotateSecret", { secretId: "db" }, stranger),
      "access_denied",
    );
  });
});
