import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { epochMs } from "../../src/base/ids.ts";
import { UsedSignatures } from "../../src/server/used-signatures.ts";

describe("UsedSignatures", () => {
  it("takes a signature once, until it is no longer valid", () => {
    const used = new UsedSignatures();

    assert.equal(used.use("a", epochMs(100), epochMs(0)), true);
    assert.equal(used.use("b", epochMs(100), epochMs(0)), true);
    assert.equal(used.use("a", epochMs(100), epochMs(100)), false);
    assert.equal(used.use("c", epochMs(300), epochMs(101)), true);
    assert.equal(used.size, 1);
  });

  it("keeps no more than it may, and forgets the oldest first", () => {
    const used = new UsedSignatures(2);
    for (const signature of ["a", "b", "c"]) used.use(signature, epochMs(100), epochMs(0));

    assert.equal(used.size, 2);
    assert.equal(used.use("c", epochMs(100), epochMs(0)), false);
    assert.equal(used.use("a", epochMs(100), epochMs(0)), true);
  });
});
