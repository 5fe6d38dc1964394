import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { untagResource, type UntagResource } from "../../../src/secrets/commands/untag-resource.ts";
import { deletion, noon, otherArn, secretIn, target } from "../example-secret.ts";
import { accepted, assertWritesNothing, step, successor } from "../outcome-checks.ts";

function untag(...tagKeys: readonly string[]): UntagResource {
  return { kind: "untag_resource", ...target, tagKeys };
}

const first = { key: "a", value: "1" };
const second = { key: "b", value: "2" };

describe("untagResource", () => {
  it("removes tags by key, and moves the time of change", () => {
    const outcome = untagResource(secretIn("", { tags: [first, second] }), untag("a", "z"), noon);

    assert.deepEqual(successor(outcome).tags, [second]);
    assert.equal(successor(outcome).changedAt, noon);
    assert.deepEqual(accepted(outcome).reply, target);
  });

  it("leaves an empty list after the last tag", () => {
    const outcome = untagResource(secretIn("", { tags: [first] }), untag("a"), noon);

    assert.deepEqual(successor(outcome).tags, []);
  });

  it("writes nothing when no key is there", () => {
    for (const before of [secretIn(""), secretIn("", { tags: [first] })]) {
      assertWritesNothing(untagResource(before, untag("z"), noon), before);
    }
  });

  it("meets its checks in order", () => {
    const rungs = [
      ["secret_not_found", undefined],
      ["secret_not_found", secretIn("", { arn: otherArn })],
      ["secret_deleted", secretIn("", { deletion })],
      ["accepted", secretIn("")],
    ] as const;

    for (const [expected, secret] of rungs) {
      assert.equal(step(untagResource(secret, untag("a"), noon)), expected);
    }
  });
});
