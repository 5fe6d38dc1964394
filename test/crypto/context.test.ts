import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { hex, utf8 } from "../../src/base/bytes.ts";
import { contextOf } from "../../src/crypto/context.ts";
import { purposes } from "../../src/crypto/purpose.ts";

describe("contextOf", () => {
  it("writes the label, a zero byte, and each field behind its length", () => {
    const context = contextOf(purposes.dataKey, ["ab", "", "c"]);

    const expected =
      hex(utf8("holdfast/v1/data-key")) + "00" + "000000026162" + "00000000" + "0000000163";
    assert.equal(hex(context), expected);
  });

  it("tells a shifted field boundary apart", () => {
    const one = contextOf(purposes.dataKey, ["ab", "c"]);
    const other = contextOf(purposes.dataKey, ["a", "bc"]);

    assert.notEqual(hex(one), hex(other));
  });

  it("tells a missing field from an empty one", () => {
    const one = contextOf(purposes.dataKey, ["a"]);
    const other = contextOf(purposes.dataKey, ["a", ""]);

    assert.notEqual(hex(one), hex(other));
  });

  it("counts bytes, not characters", () => {
    const context = contextOf(purposes.dataKey, ["é"]);

    assert.ok(hex(context).endsWith("00000002c3a9"));
  });
});
