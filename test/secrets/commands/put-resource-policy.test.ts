import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  putResourcePolicy,
  type PutResourcePolicy,
} from "../../../src/secrets/commands/put-resource-policy.ts";
import { deletion, noon, otherArn, secretIn, target } from "../example-secret.ts";
import { accepted, step } from "../outcome-checks.ts";

const put: PutResourcePolicy = { kind: "put_resource_policy", ...target, policy: "{}" };

describe("putResourcePolicy", () => {
  it("writes the policy, and notes in the record that there is one", () => {
    const before = secretIn("v1[C]");

    const outcome = putResourcePolicy(before, put, noon);

    assert.deepEqual(accepted(outcome).state, {
      secret: { ...before, changedAt: noon, hasResourcePolicy: true },
      putValues: [],
      dropValues: [],
      policy: "{}",
    });
    assert.deepEqual(accepted(outcome).reply, target);
  });

  it("takes the place of the policy before", () => {
    const before = secretIn("v1[C]", { hasResourcePolicy: true });

    const outcome = putResourcePolicy(before, { ...put, policy: "another" }, noon);

    assert.equal(accepted(outcome).state.policy, "another");
  });

  for (const [what, secret, code] of [
    ["a secret that is not there", undefined, "secret_not_found"],
    ["one made anew under the name", secretIn("v1[C]", { arn: otherArn }), "secret_not_found"],
    ["one marked for deletion", secretIn("v1[C]", { deletion }), "secret_deleted"],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.equal(step(putResourcePolicy(secret, put, noon)), code);
    });
  }
});
