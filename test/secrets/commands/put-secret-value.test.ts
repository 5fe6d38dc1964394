import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  putSecretValue,
  type PutSecretValue,
} from "../../../src/secrets/commands/put-secret-value.ts";
import {
  arn,
  deletion,
  labels,
  limits,
  newVersion,
  noon,
  otherArn,
  secretIn,
  stateOf,
  target,
} from "../example-secret.ts";
import { accepted, assertWritesNothing, step, successor } from "../outcome-checks.ts";

function put(versionId: string, more: Partial<PutSecretValue> = {}): PutSecretValue {
  return {
    kind: "put_secret_value",
    ...target,
    version: newVersion(versionId),
    stages: undefined,
    limits,
    ...more,
  };
}

describe("putSecretValue", () => {
  it("makes a new version the current one", () => {
    const outcome = putSecretValue(secretIn("v1[C]"), put("v2"), noon);

    assert.equal(stateOf(successor(outcome)), "v1[P] v2[C]");
    assert.equal(successor(outcome).changedAt, noon);
    assert.deepEqual(accepted(outcome).reply, {
      ...target,
      versionId: "v2",
      stages: ["AWSCURRENT"],
    });
    assert.deepEqual(accepted(outcome).state.putValues, [
      { versionId: "v2", value: newVersion("v2").value },
    ]);
  });

  it("gives the labels that the caller names, and no other", () => {
    const outcome = putSecretValue(secretIn("v1[C]"), put("v2", { stages: labels("N,a") }), noon);

    assert.equal(stateOf(successor(outcome)), "v1[C] v2[N,a]");
    assert.deepEqual(accepted(outcome).reply.stages, ["AWSPENDING", "a"]);
  });

  it("fills a secret that has no version", () => {
    const outcome = putSecretValue(secretIn(""), put("v1", { stages: labels("X") }), noon);

    assert.equal(stateOf(successor(outcome)), "v1[C,X]");
  });

  it("answers a retry with the labels as they are now", () => {
    const before = secretIn("v1[P,a] v2[C]");

    const outcome = putSecretValue(before, put("v1", { stages: labels("b") }), noon);

    assertWritesNothing(outcome, before);
    assert.deepEqual(accepted(outcome).reply.stages, ["AWSPREVIOUS", "a"]);
  });

  it("refuses another value under a token that is in use", () => {
    const command = put("v1", { version: newVersion("v1", "another") });

    const outcome = putSecretValue(secretIn("v1[C]"), command, noon);

    assert.deepEqual(outcome, {
      ok: false,
      refusal: { code: "token_in_use", facts: { token: "v1", arn } },
    });
  });

  it("refuses a secret that was made anew under the name", () => {
    const outcome = putSecretValue(secretIn("v1[C]", { arn: otherArn }), put("v2"), noon);

    assert.equal(step(outcome), "secret_not_found");
  });

  it("meets its checks in order", () => {
    const tight = { versions: 1, labels: 1, tags: 0 };
    const clash = put("v1", { version: newVersion("v1", "another"), limits: tight });
    const rungs = [
      ["secret_not_found", undefined, clash],
      ["secret_deleted", secretIn("v1[C]", { deletion }), clash],
      ["token_in_use", secretIn("v1[C]"), clash],
      ["too_many_labels", secretIn("v1[C]"), put("v2", { limits: tight })],
      ["too_many_versions", secretIn("v1[C]"), put("v2", { limits: { ...tight, labels: 2 } })],
      ["accepted", secretIn("v1[C]"), put("v2", { limits: { ...tight, labels: 2, versions: 2 } })],
    ] as const;

    for (const [expected, secret, command] of rungs) {
      assert.equal(step(putSecretValue(secret, command, noon)), expected);
    }
  });
});
