import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { secretEventOf } from "../../src/secrets/secret-event.ts";
import type { SecretChange, SecretRecord } from "../../src/secrets/secret.ts";
import { deletion, newVersion, noon, secretIn, target } from "./example-secret.ts";

function to(secret: SecretRecord | undefined, more: Partial<SecretChange> = {}): SecretChange {
  return { secret, putValues: [], dropValues: [], ...more };
}

const before = secretIn("v1[C]");
const written = { versionId: "v2", value: newVersion("v2").value };

describe("secretEventOf", () => {
  for (const [what, found, change, kind] of [
    ["a new secret", undefined, to(before), "created"],
    [
      "a new version",
      before,
      to(secretIn("v1[P] v2[C]"), { putValues: [written] }),
      "value_changed",
    ],
    [
      "a new version that takes no label",
      before,
      to(secretIn("v1[C] v2[]"), { putValues: [written] }),
      "value_changed",
    ],
    ["a label that is new", before, to(secretIn("v1[C,a]")), "value_changed"],
    ["a label that is gone", secretIn("v1[C,a]"), to(before), "value_changed"],
    ["a label that moved", secretIn("v1[C] v2[a]"), to(secretIn("v1[C,a] v2[]")), "value_changed"],
    ["another description", before, to({ ...before, description: "x" }), "described"],
    ["another key", before, to({ ...before, kmsKeyId: "x" }), "described"],
    ["another type", before, to({ ...before, type: "x" }), "described"],
    ["other tags", before, to({ ...before, tags: [] }), "described"],
    ["a change without a difference", before, to({ ...before, changedAt: noon }), "described"],
    ["another policy at the same time", before, to({ ...before }, { policy: "{}" }), "described"],
    ["no policy any more", before, to({ ...before }, { policy: null }), "described"],
    ["a planned deletion", before, to({ ...before, deletion }), "deletion_planned"],
    ["a restored secret", { ...before, deletion }, to(before), "restored"],
    ["a removed secret", before, to(undefined, { dropValues: ["v1"] }), "removed"],
    ["a read", before, to({ ...before, accessedDay: 20_000 }), undefined],
    ["nothing", before, to(before), undefined],
    ["nothing where nothing was", undefined, to(undefined), undefined],
  ] as const) {
    it(`tells ${what} as ${kind ?? "nothing"}`, () => {
      assert.equal(secretEventOf(found, change, noon)?.kind, kind);
    });
  }

  it("shows the secret as the change left it", () => {
    const tags = [{ key: "team", value: "core" }];

    const event = secretEventOf(before, to(secretIn("v1[C,a]", { tags })), noon);

    assert.deepEqual(event, {
      kind: "value_changed",
      ...target,
      at: noon,
      labels: new Map([
        ["AWSCURRENT", "v1"],
        ["a", "v1"],
      ]),
      tags,
    });
  });

  it("shows a removed secret as it was", () => {
    const event = secretEventOf(secretIn("v1[C]", { tags: [] }), to(undefined), noon);

    assert.deepEqual(event?.labels, new Map([["AWSCURRENT", "v1"]]));
  });
});
