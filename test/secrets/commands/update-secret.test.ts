import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { updateSecret, type UpdateSecret } from "../../../src/secrets/commands/update-secret.ts";
import {
  arn,
  deletion,
  limits,
  newVersion,
  noon,
  otherArn,
  secretIn,
  stateOf,
  target,
} from "../example-secret.ts";
import { accepted, assertWritesNothing, step, successor } from "../outcome-checks.ts";

function update(more: Partial<UpdateSecret> = {}): UpdateSecret {
  return {
    kind: "update_secret",
    ...target,
    description: undefined,
    type: undefined,
    kmsKeyId: undefined,
    version: undefined,
    limits,
    ...more,
  };
}

describe("updateSecret", () => {
  const known = { description: "old", type: "t", kmsKeyId: "k" };

  it("keeps what is not given, and moves the time of change", () => {
    const before = secretIn("v1[C]", known);

    const outcome = updateSecret(before, update(), noon);

    assert.deepEqual(successor(outcome), { ...before, changedAt: noon });
    assert.deepEqual(accepted(outcome).reply, { ...target, versionId: undefined });
  });

  it("replaces what is given without making a version", () => {
    const given = { description: "new", type: "u", kmsKeyId: "l" };

    const outcome = updateSecret(secretIn("v1[C]", known), update(given), noon);

    assert.deepEqual(successor(outcome), secretIn("v1[C]", { ...given, changedAt: noon }));
  });

  it("removes a description, and goes back to the default key, with the empty text", () => {
    const outcome = updateSecret(
      secretIn("v1[C]", known),
      update({ description: "", kmsKeyId: "" }),
      noon,
    );

    assert.deepEqual(successor(outcome), secretIn("v1[C]", { type: "t", changedAt: noon }));
  });

  it("makes a version of a value, together with the rest", () => {
    const command = update({ description: "new", version: newVersion("v2") });

    const outcome = updateSecret(secretIn("v1[C]"), command, noon);

    assert.equal(stateOf(successor(outcome)), "v1[P] v2[C]");
    assert.equal(successor(outcome).description, "new");
    assert.deepEqual(accepted(outcome).reply, { ...target, versionId: "v2" });
  });

  it("makes a version of a value equal to the current one under a new token", () => {
    const command = update({ version: newVersion("v2", "v1") });

    assert.equal(stateOf(successor(updateSecret(secretIn("v1[C]"), command, noon))), "v1[P] v2[C]");
  });

  it("answers a retry with the version that there is", () => {
    const before = secretIn("v1[P] v2[C]");

    const outcome = updateSecret(before, update({ version: newVersion("v1") }), noon);

    assertWritesNothing(outcome, before);
    assert.deepEqual(accepted(outcome).reply, { ...target, versionId: "v1" });
  });

  it("names the stored ARN when a token is in use", () => {
    const command = update({ version: newVersion("v1", "another") });

    assert.deepEqual(updateSecret(secretIn("v1[C]"), command, noon), {
      ok: false,
      refusal: { code: "token_in_use", facts: { token: "v1", arn } },
    });
  });

  it("meets its checks in order", () => {
    const tight = { versions: 1, labels: 1, tags: 0 };
    const clash = update({ version: newVersion("v1", "another"), limits: tight });
    const write = update({ version: newVersion("v2"), limits: tight });
    const rungs = [
      ["secret_not_found", undefined, clash],
      ["secret_not_found", secretIn("v1[C]", { arn: otherArn }), clash],
      ["secret_deleted", secretIn("v1[C]", { deletion }), clash],
      ["token_in_use", secretIn("v1[C]"), clash],
      ["too_many_labels", secretIn("v1[C]"), write],
      ["too_many_versions", secretIn("v1[C]"), { ...write, limits: { ...tight, labels: 2 } }],
      ["accepted", secretIn("v1[C]"), { ...write, limits }],
    ] as const;

    for (const [expected, secret, command] of rungs) {
      assert.equal(step(updateSecret(secret, command, noon)), expected);
    }
  });
});
