import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { utf8 } from "../../src/base/bytes.ts";
import { epochMs } from "../../src/base/ids.ts";
import { dayMs } from "../../src/secrets/limits.ts";
import { tokenUse, writeValue } from "../../src/secrets/write-value.ts";
import { daysLater, limits, newVersion, noon, secretIn, stateOf } from "./example-secret.ts";
import { accepted, step } from "./outcome-checks.ts";

function write(notation: string, versions: number, at = noon) {
  const request = { version: newVersion("new"), stages: undefined };
  return writeValue(secretIn(notation), { ...request, limits: { ...limits, versions } }, at);
}

describe("writeValue", () => {
  it("keeps every version while there is room, however old", () => {
    const { state } = accepted(write("v1[] v2[] v3[C]", 4));

    assert.equal(stateOf(state.secret), "v1[] v2[] v3[P] new[C]");
    assert.deepEqual(state.dropValues, []);
  });

  it("prunes the oldest versions without a label, and only as many as it must", () => {
    const { state } = accepted(write("v1[keep] v2[] v3[] v4[] v5[C]", 4));

    assert.equal(stateOf(state.secret), "v1[keep] v4[] v5[P] new[C]");
    assert.deepEqual(state.dropValues, ["v2", "v3"]);
  });

  it("prunes a version that loses its last label by this very write", () => {
    const { state } = accepted(write("v1[P] v2[C]", 2));

    assert.equal(stateOf(state.secret), "v2[P] new[C]");
    assert.deepEqual(state.dropValues, ["v1"]);
  });

  it("never prunes a version younger than a day, and refuses instead", () => {
    const almost = epochMs(daysLater(1) - 1);

    assert.deepEqual(write("v1[] v2[C]", 2, almost), {
      ok: false,
      refusal: { code: "too_many_versions", facts: { limit: 2 } },
    });
    assert.equal(step(write("v1[] v2[C]", 2, daysLater(1))), "accepted");
  });

  it("refuses when only versions with labels are left", () => {
    assert.equal(step(write("v1[a] v2[C]", 2)), "too_many_versions");
  });

  it("accepts the hundredth version and prunes for the next", () => {
    const notation = Array.from({ length: 99 }, (_, place) => `v${place}[]`).join(" ");

    const full = accepted(write(notation, limits.versions)).state.secret;
    const next = { version: newVersion("next"), stages: undefined, limits };
    const pruned = accepted(writeValue(full, next, epochMs(noon + dayMs))).state;

    assert.equal(full.versions.size, 100);
    assert.deepEqual(pruned.dropValues, ["v0"]);
  });
});

describe("tokenUse", () => {
  it("tells a new token, a retry and a clash", () => {
    const secret = secretIn("v1[C]");

    assert.equal(tokenUse(secret, "v2", newVersion("v2")), "unseen");
    assert.equal(tokenUse(secret, "v1", newVersion("v1")), "retry");
    assert.equal(tokenUse(secret, "v1", newVersion("v1", "other")), "clash");
    assert.equal(tokenUse(secret, "v1", { fingerprint: utf8("v1 and more") }), "clash");
    assert.equal(tokenUse(secret, "v1", undefined), "clash");
  });
});
