// The log as runs of terms, against the same log as a plain array.
import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { logIndex, term } from "../../src/base/ids.ts";
import {
  emptyLog,
  extend,
  holds,
  isAtLeastAsComplete,
  lastAtMost,
  lastPosition,
  positionAt,
  termAt,
  truncateFrom,
  type LogTerms,
} from "../../src/raft/log-terms.ts";
import { at, logOf } from "./one-node.ts";

const runs = { seed: 1, numRuns: 500 };

/** Terms that never go back, as a log has them. */
const ascending = fc
  .array(fc.nat(2), { maxLength: 20 })
  .map((steps) => steps.reduce<number[]>((all, each) => [...all, (all.at(-1) ?? 1) + each], []));

describe("log terms", () => {
  it("are known of every entry, and of nothing else", () => {
    const check = (terms: readonly number[]): void => {
      const log = logOf(...terms);

      assert.equal(log.lastIndex, terms.length);
      assert.deepEqual(lastPosition(log), at(terms.length, terms.at(-1) ?? 0));
      for (const [offset, each] of terms.entries()) {
        assert.equal(termAt(log, logIndex(offset + 1)), each);
      }
      assert.equal(holds(log, logIndex(0)), true);
      assert.equal(holds(log, logIndex(terms.length + 1)), false);
      assert.throws(() => termAt(log, logIndex(terms.length + 1)), /only an entry of the log/);
      assert.ok(log.runs.length <= new Set(terms).size, "one run a term");
    };

    fc.assert(fc.property(ascending, check), runs);
  });

  it("are the same however the log was put together", () => {
    const check = (terms: readonly number[], cut: number, count: number): void => {
      const from = Math.min(cut + 1, terms.length + 1);
      const kept = terms.slice(0, from - 1);
      const added = Array.from({ length: count }, () => (kept.at(-1) ?? 1) + 1);

      const log = extend(
        truncateFrom(logOf(...terms), logIndex(from)),
        term((kept.at(-1) ?? 1) + 1),
        count,
      );

      assert.deepEqual(log, logOf(...kept, ...added));
    };

    fc.assert(fc.property(ascending, fc.nat(20), fc.nat(3), check), runs);
  });

  it("find the last position up to an index and a term, as a search would", () => {
    const check = (terms: readonly number[], index: number, atMost: number): void => {
      let found = Math.min(index, terms.length);
      while (found > 0 && (terms[found - 1] ?? 0) > atMost) found -= 1;

      const position = lastAtMost(logOf(...terms), logIndex(index), term(atMost));

      assert.deepEqual(position, at(found, terms[found - 1] ?? 0));
    };

    fc.assert(fc.property(ascending, fc.nat(25), fc.nat(45), check), runs);
  });

  it("of a log whose beginning is gone are known from there on", () => {
    const kept: LogTerms = {
      start: at(10, 3),
      runs: [
        { term: term(3), firstIndex: logIndex(11) },
        { term: term(5), firstIndex: logIndex(13) },
      ],
      lastIndex: logIndex(14),
    };

    assert.equal(holds(kept, logIndex(9)), false);
    assert.deepEqual(positionAt(kept, logIndex(10)), at(10, 3));
    assert.deepEqual(positionAt(kept, logIndex(12)), at(12, 3));
    assert.deepEqual(lastAtMost(kept, logIndex(14), term(4)), at(12, 3));
    assert.deepEqual(lastAtMost(kept, logIndex(5), term(9)), at(10, 3));
    assert.deepEqual(truncateFrom(kept, logIndex(11)), {
      start: at(10, 3),
      runs: [],
      lastIndex: logIndex(10),
    });
    assert.throws(() => truncateFrom(kept, logIndex(10)), /what is in the state is never dropped/);
  });

  it("never go back along the log", () => {
    assert.throws(() => extend(logOf(1, 3), term(2), 1), /terms never go back/);
  });

  it("have nothing to drop past the end", () => {
    const log = logOf(1, 1);

    assert.equal(truncateFrom(log, logIndex(3)), log);
    assert.equal(extend(log, term(4), 0), log);
    assert.deepEqual(truncateFrom(log, logIndex(1)), emptyLog);
  });
});

describe("isAtLeastAsComplete", () => {
  it("is an order: any two logs compare, and equals are equal", () => {
    const position = fc.record({ index: fc.nat(5), term: fc.nat(5) });
    const check = (one: { index: number; term: number }, two: typeof one): void => {
      const [ours, theirs] = [at(one.index, one.term), at(two.index, two.term)];
      const forth = isAtLeastAsComplete(ours, theirs);
      const back = isAtLeastAsComplete(theirs, ours);

      assert.ok(forth || back);
      assert.equal(forth && back, one.index === two.index && one.term === two.term);
      if (one.term > two.term) assert.equal(back, false);
    };

    fc.assert(fc.property(position, position, check), runs);
  });
});
