import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { restoreSecret } from "../../../src/secrets/commands/restore-secret.ts";
import { deletion, noon, otherArn, secretIn, target } from "../example-secret.ts";
import { accepted, assertWritesNothing, step, successor } from "../outcome-checks.ts";

const restore = { kind: "restore_secret", ...target } as const;

describe("restoreSecret", () => {
  it("takes a planned deletion back", () => {
    const outcome = restoreSecret(secretIn("v1[C]", { deletion }), restore, noon);

    assert.deepEqual(successor(outcome), secretIn("v1[C]", { changedAt: noon }));
    assert.deepEqual(accepted(outcome).reply, target);
  });

  it("changes nothing of a secret that nobody deleted", () => {
    const before = secretIn("v1[C]");

    const outcome = restoreSecret(before, restore, noon);

    assertWritesNothing(outcome, before);
    assert.deepEqual(accepted(outcome).reply, target);
  });

  it("refuses a secret that is not there, or is another by now", () => {
    const another = secretIn("v1[C]", { deletion, arn: otherArn });

    assert.equal(step(restoreSecret(undefined, restore, noon)), "secret_not_found");
    assert.equal(step(restoreSecret(another, restore, noon)), "secret_not_found");
  });
});
