import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { withinDeadline, type Wait } from "../../../src/server/http/deadline.ts";

const longPast: Wait = {
  operation: "GetSecretValue",
  leftMs: -1000,
  onLateError: () => undefined,
};

describe("withinDeadline", () => {
  it("gives the result of work that is done in time", async () => {
    assert.equal(await withinDeadline(Promise.resolve(1), { ...longPast, leftMs: 1000 }), 1);
  });

  it("gives the failure of work that fails in time", async () => {
    const failure = new Error("no");

    await assert.rejects(withinDeadline(Promise.reject(failure), longPast), failure);
  });

  it("says that a read came to nothing, and that a write may have come to something", async () => {
    const never = new Promise<never>(() => undefined);

    await assert.rejects(withinDeadline(never, longPast), {
      refusal: { code: "timed_out", facts: {} },
    });
    await assert.rejects(withinDeadline(never, { ...longPast, operation: "DeleteSecret" }), {
      refusal: { code: "outcome_unknown", facts: { reason: "timed_out" } },
    });
  });

  it("passes on a failure that comes when nobody waits any more", async () => {
    const failure = new Error("late");
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    const late = new Promise((resolve) => {
      void withinDeadline(work, { ...longPast, onLateError: resolve }).catch(() => {
        fail(failure);
      });
    });

    assert.equal(await late, failure);
  });
});
