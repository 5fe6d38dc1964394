import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { describeSecret } from "../../../src/secrets/queries/describe-secret.ts";
import { born, daysLater, deletion, secretIn, target } from "../example-secret.ts";

describe("describeSecret", () => {
  it("leaves out what there is none of", () => {
    const description = describeSecret(secretIn(""));

    const shown = Object.entries(description).filter(([, value]) => value !== undefined);
    assert.deepEqual(Object.fromEntries(shown), { ...target, createdAt: born, changedAt: born });
  });

  it("shows the versions with labels, oldest first, and not the deprecated ones", () => {
    const { labelledVersions } = describeSecret(secretIn("v1[] v2[b,P,a] v3[C]"));

    assert.deepEqual(labelledVersions, [
      { versionId: "v2", labels: ["AWSPREVIOUS", "a", "b"] },
      { versionId: "v3", labels: ["AWSCURRENT"] },
    ]);
  });

  it("shows an empty list of tags once the last one was removed", () => {
    assert.deepEqual(describeSecret(secretIn("", { tags: [] })).tags, []);
  });

  it("shows a secret marked for deletion, with both its dates", () => {
    const { deletedAt, purgeableAt } = describeSecret(secretIn("v1[C]", { deletion }));

    assert.deepEqual([deletedAt, purgeableAt], [born, daysLater(30)]);
  });
});
