import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { epochMs } from "../../../src/base/ids.ts";
import { purgeSecret } from "../../../src/secrets/commands/purge-secrets.ts";
import { deletion, otherArn, secretIn, target } from "../example-secret.ts";

const due = deletion.scheduledFor;

describe("purgeSecret", () => {
  it("removes a secret with every value and its policy, from the moment that was planned", () => {
    const secret = secretIn("v1[] v2[C]", { deletion, hasResourcePolicy: true });

    assert.deepEqual(purgeSecret(secret, target, due), {
      secret: undefined,
      putValues: [],
      dropValues: ["v1", "v2"],
      policy: null,
    });
  });

  for (const [what, secret, at] of [
    ["whose window is not over", secretIn("v1[C]", { deletion }), epochMs(due - 1)],
    ["that was restored", secretIn("v1[C]"), due],
    ["that is gone", undefined, due],
    ["made anew under the name", secretIn("v1[C]", { deletion, arn: otherArn }), due],
  ] as const) {
    it(`leaves a secret alone ${what}`, () => {
      assert.equal(purgeSecret(secret, target, at), undefined);
    });
  }
});
