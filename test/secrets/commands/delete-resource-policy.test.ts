import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  deleteResourcePolicy,
  type DeleteResourcePolicy,
} from "../../../src/secrets/commands/delete-resource-policy.ts";
import { deletion, noon, otherArn, secretIn, target } from "../example-secret.ts";
import { accepted, assertWritesNothing, step } from "../outcome-checks.ts";

const remove: DeleteResourcePolicy = { kind: "delete_resource_policy", ...target };

describe("deleteResourcePolicy", () => {
  it("takes the policy away, and what the record says of it", () => {
    const bare = secretIn("v1[C]");

    const outcome = deleteResourcePolicy({ ...bare, hasResourcePolicy: true }, remove, noon);

    assert.deepEqual(accepted(outcome).state, {
      secret: { ...bare, changedAt: noon },
      putValues: [],
      dropValues: [],
      policy: null,
    });
    assert.deepEqual(accepted(outcome).reply, target);
  });

  it("leaves a secret without a policy as it is", () => {
    const before = secretIn("v1[C]");

    const outcome = deleteResourcePolicy(before, remove, noon);

    assertWritesNothing(outcome, before);
    assert.equal(accepted(outcome).state.policy, undefined);
  });

  for (const [what, secret, code] of [
    ["a secret that is not there", undefined, "secret_not_found"],
    ["one made anew under the name", secretIn("v1[C]", { arn: otherArn }), "secret_not_found"],
    ["one marked for deletion", secretIn("v1[C]", { deletion }), "secret_deleted"],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.equal(step(deleteResourcePolicy(secret, remove, noon)), code);
    });
  }
});
