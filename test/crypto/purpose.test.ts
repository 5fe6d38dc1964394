import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { labelOf, purposes } from "../../src/crypto/purpose.ts";

describe("purposes", () => {
  it("are all different, so that no key serves two", () => {
    const labels = Object.values(purposes).map(labelOf);

    assert.equal(new Set(labels).size, labels.length);
  });

  it("all begin with our domain and hold no zero byte", () => {
    for (const purpose of Object.values(purposes)) {
      assert.match(labelOf(purpose), /^holdfast\/v1\/[a-z-]+$/);
    }
  });
});
