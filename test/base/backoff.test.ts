import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { backoffMs } from "../../src/base/backoff.ts";

const backoff = { firstMs: 50, mostMs: 1_000 };

describe("backoffMs", () => {
  const mosts = [
    { attempt: 1, most: 50 },
    { attempt: 2, most: 100 },
    { attempt: 5, most: 800 },
    { attempt: 6, most: 1_000 },
    { attempt: 1_000_000, most: 1_000 },
  ];
  for (const { attempt, most } of mosts) {
    it(`waits at most ${most} ms before attempt ${attempt}`, () => {
      assert.equal(backoffMs(backoff, attempt, 0.999_999), most - 1);
    });
  }

  it("stays between nothing and the most, whatever the draw", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, draw) => {
          const ms = backoffMs(backoff, attempt, draw);
          assert.ok(ms >= 0 && ms < backoff.mostMs);
        },
      ),
    );
  });

  it("waits not at all on the lowest draw", () => {
    assert.equal(backoffMs(backoff, 7, 0), 0);
  });
});
