import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { logIndex } from "../../src/base/ids.ts";
import {
  durableUpTo,
  issued,
  issuedWithoutEntries,
  landed,
  type Durability,
} from "../../src/raft/durability.ts";

const write = (durability: Durability, first: number, last: number): Durability =>
  issued(durability, logIndex(first), logIndex(last));

describe("durability", () => {
  it("moves when a write lands, not when it is issued", () => {
    const under = write(durableUpTo(logIndex(3)), 4, 6);

    assert.equal(under.index, 3);
    assert.equal(landed(under, 1).index, 6);
  });

  it("goes back at once when what is durable is replaced", () => {
    assert.equal(write(durableUpTo(logIndex(9)), 4, 4).index, 3);
  });

  // etcd-io/raft, async storage writes: term 1 writes up to i, term 2 overwrites, term 3 overwrites
  // back to i; the report of the first write must not acknowledge the entries of the third.
  it("gives no credit for a write whose entries were replaced, at the same index or another", () => {
    const three = write(write(write(durableUpTo(logIndex(1)), 2, 4), 2, 3), 3, 4);

    assert.equal(landed(three, 1).index, 1);
    assert.equal(landed(three, 2).index, 2);
    assert.equal(landed(three, 3).index, 4);
  });

  it("counts several writes that land at once", () => {
    const two = write(write(durableUpTo(logIndex(0)), 1, 2), 3, 5);

    const both = landed(two, 2);

    assert.equal(both.index, 5);
    assert.deepEqual(both.pending, []);
  });

  it("passes over writes without entries", () => {
    const mixed = issuedWithoutEntries(write(durableUpTo(logIndex(0)), 1, 2));

    assert.equal(mixed.nextSequence, 3);
    assert.equal(landed(mixed, 2).index, 2);
    assert.equal(landed(durableUpTo(logIndex(4)), 7).index, 4);
  });

  it("equals the common prefix of the log and a disk that lags behind it", () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ back: fc.nat(4), count: fc.integer({ min: 1, max: 4 }) }),
        fc.record({ lands: fc.integer({ min: 1, max: 3 }) }),
      ),
      { maxLength: 30 },
    );
    const check = (
      moves: readonly ({ back: number; count: number } | { lands: number })[],
    ): void => {
      let [durability, log, disk, name] = [durableUpTo(logIndex(0)), [0], [0], 0];
      const queue: { first: number; entries: number[] }[] = [];
      let landedSequence = 0;
      for (const move of moves) {
        if ("lands" in move) {
          const writes = queue.splice(0, move.lands);
          for (const { first, entries } of writes) disk = [...disk.slice(0, first), ...entries];
          landedSequence += writes.length;
          durability = landed(durability, landedSequence);
        } else {
          const first = Math.max(1, log.length - move.back);
          const entries = Array.from({ length: move.count }, () => (name += 1));
          log = [...log.slice(0, first), ...entries];
          queue.push({ first, entries });
          durability = write(durability, first, first + move.count - 1);
        }
        let common = 0;
        while (common + 1 < log.length && log[common + 1] === disk[common + 1]) common += 1;
        assert.ok(durability.index <= common, "never ahead of the disk");
        if (queue.length === 0) assert.equal(durability.index, common);
      }
    };

    fc.assert(fc.property(steps, check), { seed: 1, numRuns: 500 });
  });
});
