import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { beginningOf, wellFormed } from "../../src/base/fitting-text.ts";

describe("wellFormed", () => {
  it("replaces halves of surrogate pairs, and nothing else", () => {
    assert.equal(wellFormed("a\ud83d"), "a\ufffd");
    assert.equal(wellFormed("\ude00b"), "\ufffdb");
    assert.equal(wellFormed("\ude00\ud83d"), "\ufffd\ufffd");
    assert.equal(wellFormed("é😀\ufffd"), "é😀\ufffd");
  });
});

describe("beginningOf", () => {
  it("is as long as the bytes allow, and cuts no character", () => {
    const beginnings = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((bytes) => beginningOf("aé😀b", bytes));

    assert.deepEqual(beginnings, ["", "a", "a", "aé", "aé", "aé", "aé", "aé😀", "aé😀b"]);
  });
});
