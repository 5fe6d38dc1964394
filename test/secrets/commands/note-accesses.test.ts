import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { noteAccess } from "../../../src/secrets/commands/note-accesses.ts";
import { otherArn, secretIn, target, versionRecord } from "../example-secret.ts";

const day = 20_000;
const read = { ...target, versionIds: ["v2"] };

describe("noteAccess", () => {
  it("notes the day of the secret and of the versions that were read, and no change", () => {
    const before = secretIn("v1[P] v2[C]");

    const change = noteAccess(before, read, day);

    assert.deepEqual(change, {
      secret: {
        ...before,
        accessedDay: day,
        versions: new Map([
          ["v1", versionRecord("v1")],
          ["v2", { ...versionRecord("v2"), accessedDay: day }],
        ]),
      },
      putValues: [],
      dropValues: [],
    });
    assert.equal(change.secret.changedAt, before.changedAt);
  });

  it("notes a version on a day that the secret has already", () => {
    const before = secretIn("v1[P] v2[C]", { accessedDay: day });

    const after = noteAccess(before, read, day)?.secret;

    assert.equal(after?.versions.get("v2")?.accessedDay, day);
  });

  it("never goes back to a day before", () => {
    const noted = noteAccess(secretIn("v2[C]"), read, day)?.secret;

    assert.equal(noteAccess(noted, read, day - 1), undefined);
  });

  for (const [what, secret, reading] of [
    ["a secret that is gone", undefined, read],
    ["one made anew under the name", secretIn("v2[C]", { arn: otherArn }), read],
    [
      "a day that is known",
      secretIn("", { accessedDay: day }),
      { ...target, versionIds: [] as string[] },
    ],
    ["a version that is gone", secretIn("v3[C]", { accessedDay: day }), read],
  ] as const) {
    it(`writes nothing for ${what}`, () => {
      assert.equal(noteAccess(secret, reading, day), undefined);
    });
  }
});
