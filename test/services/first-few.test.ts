import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { FirstFew } from "../../src/services/first-few.ts";

const ascending = (one: number, other: number): number => one - other;

describe("FirstFew", () => {
  it("keeps what sorting everything would put first, and never more than that", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 8 }), (numbers, most) => {
        const first = new FirstFew(most, ascending);
        for (const number of numbers) {
          first.offer(number);
          assert.ok(first.items.length <= most);
        }

        assert.deepEqual(first.items, numbers.toSorted(ascending).slice(0, most));
      }),
    );
  });

  it("says of what is no better than its last that it would not keep it", () => {
    const first = new FirstFew(2, ascending);
    for (const number of [1, 5]) first.offer(number);

    assert.deepEqual(
      [4, 5, 6].map((number) => first.wouldKeep(number)),
      [true, false, false],
    );
  });
});
