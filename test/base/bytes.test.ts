import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { textOf, utf8 } from "../../src/base/bytes.ts";

describe("utf8 and textOf", () => {
  for (const text of ["", "abc", "\ufeff", "\ufeffabc", "\ufeff\ufeff{}", "é😀\u0000"]) {
    it(`give ${JSON.stringify(text)} back to the character`, () => {
      assert.equal(textOf(utf8(text)), text);
    });
  }

  it("give nothing for what is not UTF-8", () => {
    assert.equal(textOf(Uint8Array.of(0x61, 0xff)), undefined);
  });
});
