import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  updateVersionStage,
  type UpdateVersionStage,
} from "../../../src/secrets/commands/update-version-stage.ts";
import { deletion, limits, noon, otherArn, secretIn, stateOf, target } from "../example-secret.ts";
import { accepted, assertWritesNothing, step, successor } from "../outcome-checks.ts";

function stage(more: Partial<UpdateVersionStage> = {}): UpdateVersionStage {
  return {
    kind: "update_version_stage",
    ...target,
    label: "AWSCURRENT",
    removeFrom: undefined,
    moveTo: undefined,
    limits,
    ...more,
  };
}

describe("updateVersionStage", () => {
  it("moves a label, and the time of change", () => {
    const command = stage({ removeFrom: "v2", moveTo: "v1" });

    const outcome = updateVersionStage(secretIn("v1[P] v2[C]"), command, noon);

    assert.equal(stateOf(successor(outcome)), "v1[C] v2[P]");
    assert.equal(successor(outcome).changedAt, noon);
    assert.deepEqual(accepted(outcome).state.dropValues, []);
    assert.deepEqual(accepted(outcome).reply, target);
  });

  it("writes nothing when the label is there already", () => {
    const before = secretIn("v1[C]");

    assertWritesNothing(updateVersionStage(before, stage({ moveTo: "v1" }), noon), before);
  });

  it("meets its checks in order", () => {
    const secret = secretIn("v1[P] v2[C]");
    const tight = { ...limits, labels: 2 };
    const rungs = [
      ["secret_not_found", undefined, stage()],
      ["secret_not_found", { ...secret, arn: otherArn }, stage()],
      ["secret_deleted", { ...secret, deletion }, stage()],
      ["label_change_missing", secret, stage()],
      ["version_not_found", secret, stage({ moveTo: "v9" })],
      ["label_holder_required", secret, stage({ moveTo: "v1" })],
      ["label_not_held", secret, stage({ moveTo: "v1", removeFrom: "v1" })],
      ["current_label_required", secret, stage({ removeFrom: "v2" })],
      ["too_many_labels", secret, stage({ label: "x", moveTo: "v1", limits: tight })],
      ["accepted", secret, stage({ removeFrom: "v2", moveTo: "v1", limits: tight })],
    ] as const;

    for (const [expected, before, command] of rungs) {
      assert.equal(step(updateVersionStage(before, command, noon)), expected);
    }
  });
});
