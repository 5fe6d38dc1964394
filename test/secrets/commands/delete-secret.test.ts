import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { epochMs } from "../../../src/base/ids.ts";
import { deleteSecret, type DeleteSecret } from "../../../src/secrets/commands/delete-secret.ts";
import { dayMs } from "../../../src/secrets/limits.ts";
import { deletion, noon, otherArn, secretIn, target } from "../example-secret.ts";
import { accepted, step, successor } from "../outcome-checks.ts";

function remove(recoveryWindowDays: number): DeleteSecret {
  return { kind: "delete_secret", ...target, recoveryWindowDays };
}

describe("deleteSecret", () => {
  it("marks a secret, and keeps all that it has", () => {
    const before = secretIn("v1[P] v2[C]", { tags: [] });

    const outcome = deleteSecret(before, remove(7), noon);

    const scheduledFor = noon + 7 * dayMs;
    assert.deepEqual(successor(outcome), {
      ...before,
      changedAt: noon,
      deletion: { requestedAt: noon, scheduledFor },
    });
    assert.deepEqual(accepted(outcome).state.dropValues, []);
    assert.deepEqual(accepted(outcome).reply, { ...target, deletionDate: scheduledFor });
  });

  for (const state of ["live", "marked for deletion"]) {
    it(`removes a secret that is ${state} at once, with every value`, () => {
      const secret = secretIn("v1[] v2[P] v3[C]", state === "live" ? {} : { deletion });

      const outcome = deleteSecret(secret, remove(0), noon);

      assert.deepEqual(accepted(outcome).state, {
        secret: undefined,
        putValues: [],
        dropValues: ["v1", "v2", "v3"],
      });
      assert.deepEqual(accepted(outcome).reply, { ...target, deletionDate: noon });
    });
  }

  it("refuses a window that is not a whole number of days from 7 to 30", () => {
    for (const days of [-1, 1, 6, 31, 7.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const outcome = deleteSecret(secretIn("v1[C]"), remove(days), noon);

      assert.equal(step(outcome), "recovery_window_out_of_range");
    }
  });

  it("stays within what a time can be, however late it is", () => {
    const last = epochMs(Number.MAX_SAFE_INTEGER);

    const outcome = deleteSecret(secretIn("v1[C]"), remove(30), last);

    assert.equal(accepted(outcome).reply.deletionDate, last);
  });

  it("meets its checks in order", () => {
    const rungs = [
      ["secret_not_found", undefined, remove(6)],
      ["secret_not_found", secretIn("v1[C]", { arn: otherArn }), remove(0)],
      ["recovery_window_out_of_range", secretIn("v1[C]", { deletion }), remove(6)],
      ["secret_already_deleted", secretIn("v1[C]", { deletion }), remove(30)],
      ["accepted", secretIn("v1[C]"), remove(30)],
    ] as const;

    for (const [expected, secret, command] of rungs) {
      assert.equal(step(deleteSecret(secret, command, noon)), expected);
    }
  });
});
