// A backup file, byte for byte: what is written is read back, and nothing else is taken for it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, it } from "mocha";
import { packageFolder } from "../../src/base/package-folder.ts";
import { concat, hex } from "../../src/base/bytes.ts";
import { decodeHeader, encodeTrailer } from "../../src/storage/backup-header.ts";
import { checkBackup, readBackup } from "../../src/storage/backup-reader.ts";
import {
  backupMagic,
  BackupError,
  encodeRecord,
  RecordReader,
  type BackupRecord,
} from "../../src/storage/backup-records.ts";
import { BackupWriter } from "../../src/storage/backup-writer.ts";
import type { SnapshotRow } from "../../src/storage/snapshot-rows.ts";
import { epochMs } from "../../src/base/ids.ts";
import { backupIdentity, bytesAsFile, bytesOfBackup, fewRows, sourceOf } from "./backup-bytes.ts";

const golden = join(packageFolder(), "test/storage/fixtures/backup-v1.txt");

async function recordsOf(bytes: Uint8Array): Promise<readonly BackupRecord[]> {
  const reader = new RecordReader(bytesAsFile(bytes));
  await reader.start();
  const records: BackupRecord[] = [];
  do records.push(await reader.next());
  while (records.at(-1)?.kind !== "trailer");
  return records;
}

/** The file with these records, each under its proper number unless it has one. */
function fileOf(records: readonly BackupRecord[]): Uint8Array {
  return concat([backupMagic, ...records.map(encodeRecord)]);
}

function refusal(sentence: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof BackupError, String(error));
    assert.match(error.message, sentence);
    return true;
  };
}

async function refuses(bytes: Uint8Array, sentence = /./): Promise<void> {
  await assert.rejects(checkBackup(bytesAsFile(bytes)), refusal(sentence));
}

describe("a backup file", () => {
  it("has the bytes it always had", async () => {
    const written = hex(await bytesOfBackup(sourceOf(fewRows)));

    assert.equal(written, readFileSync(golden, "utf8").replaceAll(/\s/g, ""));
  });

  it("reads back as it was written", async () => {
    const rows: SnapshotRow[] = [];
    const source = sourceOf(fewRows);

    const read = await checkBackup(bytesAsFile(await bytesOfBackup(source)), (row) => {
      rows.push(row);
    });

    const { snapshotId, ...meta } = source.meta;
    assert.equal(snapshotId, "one");
    assert.deepEqual(read.header, {
      ...backupIdentity,
      ...meta,
      createdAt: epochMs(1_700_000_000_000),
    });
    assert.deepEqual([read.rowCount, read.secretCount, read.valueCount], [4, 1, 2]);
    assert.deepEqual(
      rows.map(({ key, payload }) => [hex(key), hex(payload)]),
      fewRows.map(({ key, payload }) => [hex(key), hex(payload)]),
    );
  });

  it("may hold nothing at all", async () => {
    const read = await checkBackup(bytesAsFile(await bytesOfBackup(sourceOf([]))));

    assert.equal(read.rowCount, 0);
  });

  it("says at its end what it is", async () => {
    const writer = new BackupWriter(sourceOf(fewRows), {
      identity: backupIdentity,
      createdAt: epochMs(1),
    });
    let sizeBytes = 0;
    for await (const piece of writer.pieces()) sizeBytes += piece.length;

    const summary = writer.summary();

    assert.deepEqual(
      [summary.sizeBytes, summary.secretCount, summary.valueCount],
      [sizeBytes, 1, 2],
    );
  });

  it("is refused with any one bit of it flipped", async () => {
    const bytes = await bytesOfBackup(sourceOf(fewRows));
    let flips = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        await refuses(bytes.map((byte, place) => (place === at ? byte ^ (1 << bit) : byte)));
        flips += 1;
      }
    }
    assert.ok(flips > 2_500, `${flips} flips`);
  }).timeout(20_000);

  it("is refused wherever it is cut off, and with anything behind it", async () => {
    const bytes = await bytesOfBackup(sourceOf(fewRows));
    for (let length = 0; length < bytes.length; length += 1) {
      await refuses(bytes.subarray(0, length), /cut off|does not begin like one/);
    }
    await refuses(concat([bytes, Uint8Array.of(0)]), /bytes behind its end, from byte \d+ on/);
  });

  it("is refused with a piece of it altered, missing or repeated", async () => {
    const bytes = await bytesOfBackup(sourceOf(fewRows));
    const place = fc.nat(bytes.length - 1);
    const isSame = (other: Uint8Array): boolean => Buffer.compare(bytes, other) === 0;
    const altered = fc
      .tuple(place, place, fc.uint8Array({ maxLength: 20 }))
      .map(([from, to, instead]) =>
        concat([
          bytes.subarray(0, Math.min(from, to)),
          instead,
          bytes.subarray(Math.max(from, to)),
        ]),
      )
      .filter((other) => !isSame(other));
    await fc.assert(
      fc.asyncProperty(altered, (other) => refuses(other)),
      { seed: 1, numRuns: 3_000 },
    );
  }).timeout(20_000);

  it("is not what any bytes are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await refuses(bytes);
        await refuses(concat([backupMagic, bytes]));
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe("what a damaged backup is refused with", () => {
  it("names a format of a later release", async () => {
    const bytes = await bytesOfBackup(sourceOf(fewRows));
    bytes[8] = 2;

    await refuses(bytes, /has the format 2, and this release reads format 1 only/);
  });

  it("names the record and the byte", async () => {
    const bytes = await bytesOfBackup(sourceOf(fewRows));
    const [header] = await recordsOf(bytes);
    assert.ok(header !== undefined);
    const first = backupMagic.length + encodeRecord(header).length;
    bytes[first + 20] = (bytes[first + 20] ?? 0) ^ 1;

    await refuses(bytes, new RegExp(`record 1 at byte ${first} is damaged: .* its checksum`));
  });

  it("does not believe a length that no record has", async () => {
    const bytes = await bytesOfBackup(sourceOf(fewRows));
    bytes.set([0x7f, 0xff, 0xff, 0xff], backupMagic.length + 5);
    const asked: number[] = [];
    const file = bytesAsFile(bytes);
    const source = {
      read: (count: number) => {
        asked.push(count);
        return file.read(count);
      },
    };

    await assert.rejects(readBackup(source), refusal(/its beginning makes no sense/));
    assert.ok(Math.max(...asked) < 100);
  });

  it("is refused with its chunks in another order, one twice, or one missing", async () => {
    const [header, one, two, trailer] = await recordsOf(await bytesOfBackup(sourceOf(fewRows)));
    assert.ok(header && one && two && trailer);

    await refuses(fileOf([header, two, one, trailer]), /belongs elsewhere: it has the number 2/);
    await refuses(fileOf([header, one, one, two, trailer]), /belongs elsewhere/);
    const renumbered = { ...trailer, number: 2 };
    await refuses(fileOf([header, one, renumbered]), /SHA-256 differs/);
  });

  it("is refused with parts of two backups, however well each checks", async () => {
    const [header, one, two, trailer] = await recordsOf(await bytesOfBackup(sourceOf(fewRows)));
    const other = fewRows.map(({ key }) => ({ key, payload: Uint8Array.of(99) }));
    const [, foreign] = await recordsOf(await bytesOfBackup(sourceOf(other)));
    assert.ok(header && one && two && trailer && foreign);

    await refuses(fileOf([header, foreign, two, trailer]), /SHA-256 differs/);
    await refuses(fileOf([one, header, two, trailer]), /belongs elsewhere/);
    await refuses(fileOf([{ ...one, number: 0 }]), /does not begin with a header/);
    await refuses(fileOf([header, { ...header, number: 1 }]), /is a second header/);
  });

  it("is refused with rows that do not add up to what its header says", async () => {
    const source = sourceOf(fewRows);
    const others = sourceOf(fewRows.slice(1));
    const fewer = { ...source, chunks: () => others.chunks() };

    await refuses(await bytesOfBackup(fewer), /do not add up: there are 3, and the state had 4/);
  });

  it("is refused with rows out of order, or one twice", async () => {
    const [first, ...others] = fewRows;
    assert.ok(first !== undefined);

    await refuses(await bytesOfBackup(sourceOf([...others, first])), /row out of its order/);
    await refuses(await bytesOfBackup(sourceOf([first, first])), /row out of its order/);
  });

  it("is refused with a chunk or an end that checks and makes no sense", async () => {
    const [header, one, , trailer] = await recordsOf(await bytesOfBackup(sourceOf(fewRows)));
    assert.ok(header && one && trailer);
    const nonsense = Uint8Array.of(1, 2, 3, 4, 5, 6, 7);
    const reading = decodeHeader(header.payload);
    const short = encodeTrailer({
      ...reading,
      chunkCount: 1,
      secretCount: 0,
      valueCount: 0,
      sizeBytes: 1,
      sha256: Uint8Array.of(1),
    });

    await refuses(fileOf([header, { ...one, payload: nonsense }]), /record 1 .* makes no sense/);
    await refuses(fileOf([{ ...header, payload: nonsense }]), /its header makes no sense/);
    await refuses(
      fileOf([header, { ...trailer, number: 1, payload: short }]),
      /its trailer makes no sense/,
    );
  });
});
