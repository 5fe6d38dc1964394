// LevelDB's log format: what is whole, what a crash leaves, and what only damage leaves.
import { strict as assert } from "node:assert";
import { describe, it } from "mocha";
import { maskedCrc32c } from "../../src/storage/crc32c.ts";
import { readRecordFile } from "../../src/storage/record-file.ts";
import { Chance } from "../simulation/chance.ts";

const blockLength = 32_768;
const headerLength = 7;

/** As log_writer.cc of LevelDB 1.20 does it. */
function written(records: readonly Uint8Array[]): Buffer {
  let file = Buffer.alloc(0);
  const append = (bytes: Uint8Array): void => {
    file = Buffer.concat([file, bytes]);
  };
  for (const record of records) {
    let left = record;
    let isFirst = true;
    do {
      const room = blockLength - (file.length % blockLength);
      if (room < headerLength) append(new Uint8Array(room));
      const space = blockLength - (file.length % blockLength) - headerLength;
      const part = left.subarray(0, space);
      left = left.subarray(part.length);
      append(fragment(kindOf(isFirst, left.length === 0), part));
      isFirst = false;
    } while (left.length > 0);
  }
  return file;
}

// eslint-disable-next-line no-restricted-syntax -- both come straight from the loop above
function kindOf(isFirst: boolean, isLast: boolean): number {
  if (isFirst) return isLast ? 1 : 2;
  return isLast ? 4 : 3;
}

function fragment(kind: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.concat([new Uint8Array(6), Uint8Array.of(kind), payload]);
  bytes.writeUInt32LE(maskedCrc32c(bytes.subarray(6)), 0);
  bytes.writeUInt16LE(payload.length, 4);
  return bytes;
}

function recordOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + seed * 17) % 256);
}

/** The last one is whole within one block; the one before spans three. */
const lengths = [100, 0, blockLength - 3 * headerLength - 100 - 3, 90, 70_000, 500];
const records = lengths.map((length, seed) => recordOf(length, seed));
const file = written(records);
const lastAt = written(records.slice(0, -1)).length;
const spanningAt = written(records.slice(0, -2)).length;

function plain(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes);
}

function flippedAt(bytes: Buffer, ...places: readonly number[]): Buffer {
  const changed = Buffer.from(bytes);
  for (const at of places) changed[at] = (changed[at] ?? 0) ^ 0x10;
  return changed;
}

describe("readRecordFile", () => {
  it("reads what LevelDB writes: within a block, across blocks, and around a block's end", () => {
    const read = readRecordFile(file);

    assert.equal(read.damage, undefined);
    assert.deepEqual(read.records.map(plain), records.map(plain));
  });

  it("finds nothing, and nothing wrong, in an empty file", () => {
    assert.deepEqual(readRecordFile(new Uint8Array()), { records: [], damage: undefined });
  });

  it("takes a file that ends anywhere for cut, at the record that is not whole", () => {
    const ends = records.map((_, at) => written(records.slice(0, at + 1)).length);
    for (let length = 1; length < file.length; length += length < 150 ? 1 : 997) {
      const { records: read, damage } = readRecordFile(file.subarray(0, length));

      const whole = ends.filter((end) => end <= length).length;
      assert.equal(read.length, whole, `cut to ${String(length)}`);
      const start = whole === 0 ? 0 : (ends[whole - 1] ?? 0);
      if (start === length) assert.equal(damage, undefined);
      else assert.ok(damage?.kind === "cut" && damage.offset >= start, String(length));
    }
  });

  for (const [what, bytes, kind] of [
    ["zeros of less than a header", new Uint8Array(5), "cut"],
    ["zeros up to the block's end and beyond", new Uint8Array(40_000), "cut"],
    ["the beginning of a record", written([recordOf(500, 3)]).subarray(0, 400), "cut"],
    ["bytes of nothing in particular", recordOf(20_000, 9).fill(3, 0, 7), "torn"],
    ["a record without its middle", written([recordOf(500, 3)]).fill(0, 200, 400), "torn"],
  ] as const) {
    it(`takes ${what} behind the last record for what a crash leaves`, () => {
      const { records: read, damage } = readRecordFile(Buffer.concat([file, bytes]));

      assert.equal(read.length, records.length);
      assert.deepEqual([damage?.kind, damage?.offset], [kind, file.length]);
    });
  }

  it("takes a last record of which only later blocks arrived for torn", () => {
    const unsynced = written(records.slice(0, -1));

    for (const lost of [spanningAt + 20, spanningAt + blockLength, unsynced.length - 9]) {
      const { records: read, damage } = readRecordFile(flippedAt(unsynced, lost));

      assert.equal(read.length, records.length - 2);
      assert.equal(damage?.kind, "torn", `at ${String(lost)}`);
    }
  });

  it("tells damage before the last record from a torn end, wherever it is", () => {
    const chance = new Chance(7);
    for (let round = 0; round < 120; round += 1) {
      const at = chance.below(lastAt);

      const { records: read, damage } = readRecordFile(flippedAt(file, at));

      assert.equal(damage?.kind, "followed", `at ${String(at)}`);
      assert.ok(damage.offset <= at, `at ${String(at)}`);
      assert.deepEqual(read.map(plain), records.slice(0, read.length).map(plain));
    }
  });

  it("cannot tell damage in the last record from what a crash leaves, and says so", () => {
    for (let at = lastAt; at < file.length; at += 1) {
      assert.notEqual(readRecordFile(flippedAt(file, at)).damage?.kind, "followed", String(at));
    }
  });

  it("tells a whole block of zeros in the middle from a torn end", () => {
    const { damage } = readRecordFile(Buffer.from(file).fill(0, blockLength, 2 * blockLength));

    assert.equal(damage?.kind, "followed");
  });

  it("tells a record without an end from a torn one when another begins after it", () => {
    const { records: read, damage } = readRecordFile(
      Buffer.concat([fragment(2, recordOf(10, 1)), fragment(1, recordOf(10, 2))]),
    );

    assert.deepEqual([read.length, damage?.kind, damage?.offset], [0, "followed", 0]);
  });

  it("takes no part of a record for one", () => {
    const { records: read, damage } = readRecordFile(
      Buffer.concat([written([recordOf(10, 1)]), fragment(4, recordOf(10, 2))]),
    );

    assert.deepEqual([read.length, damage?.offset], [1, 17]);
  });
});
