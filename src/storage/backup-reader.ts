// A backup file read back: every byte of it accounted for, or refused in a sentence that says what
// is wrong and where. What was read is not to be believed before the last row has been.
import { createHash, type Hash } from "node:crypto";
import { hasSameBytes } from "../base/bytes.ts";
import {
  decodeHeader,
  decodeTrailer,
  inBackup,
  type BackupCounts,
  type BackupHeader,
  type BackupTrailer,
} from "./backup-header.ts";
import { BackupError, RecordReader, type ByteSource, type ReadRecord } from "./backup-records.ts";
import { unpackRows, type SnapshotRow } from "./snapshot-rows.ts";
import { StateTally } from "./state-tally.ts";

/** Throws `BackupError` from both of its parts, and whatever the source throws. */
export interface BackupReading {
  readonly header: BackupHeader;
  /** The rows in key order, to be read once. That it ends without an error proves the backup. */
  readonly rows: () => AsyncGenerator<SnapshotRow>;
}

export async function readBackup(source: ByteSource): Promise<BackupReading> {
  const reader = new RecordReader(source);
  const whole = createHash("sha256").update(await reader.start());
  const first = await reader.next();
  if (first.kind !== "header") throw new BackupError("it does not begin with a header");
  whole.update(first.bytes);
  const header = decodeHeader(first.payload);
  return { header, rows: () => readRows(reader, header, whole) };
}

/** Reads all of it, for what it comes to. Throws `BackupError`. */
export async function checkBackup(
  source: ByteSource,
  onRow: (row: SnapshotRow) => void = () => undefined,
): Promise<{ readonly header: BackupHeader } & BackupCounts> {
  const reading = await readBackup(source);
  const tally = new StateTally();
  for await (const row of reading.rows()) {
    tally.add(row);
    onRow(row);
  }
  const { rowCount, secretCount, valueCount } = tally;
  return { header: reading.header, rowCount, secretCount, valueCount };
}

async function* readRows(
  reader: RecordReader,
  header: BackupHeader,
  whole: Hash,
): AsyncGenerator<SnapshotRow> {
  const tally = new StateTally();
  let lastKey: Uint8Array | undefined;
  for (;;) {
    const sizeBytes = reader.offset;
    const record = await reader.next();
    if (record.kind === "header") throw new BackupError(`${placeOf(record)} is a second header`);
    if (record.kind === "trailer") {
      const chunkCount = record.number - 1;
      const trailer = decodeTrailer(record.payload);
      checkSums({ header, trailer, tally, sizeBytes, chunkCount, sha256: whole.digest() });
      await reader.end();
      return;
    }
    whole.update(record.bytes);
    for (const row of rowsOf(record)) {
      if (lastKey !== undefined && Buffer.compare(lastKey, row.key) >= 0) {
        throw new BackupError(`${placeOf(record)} has a row out of its order`);
      }
      lastKey = row.key;
      tally.add(row);
      yield row;
    }
  }
}

function rowsOf(record: ReadRecord): readonly SnapshotRow[] {
  return inBackup(placeOf(record), () => unpackRows(record.payload));
}

function placeOf({ number, offset }: ReadRecord): string {
  return `record ${number} at byte ${offset}`;
}

interface Sums {
  readonly header: BackupHeader;
  readonly trailer: BackupTrailer;
  readonly tally: StateTally;
  readonly sizeBytes: number;
  readonly chunkCount: number;
  readonly sha256: Uint8Array;
}

function checkSums({ header, trailer, tally, sizeBytes, chunkCount, sha256 }: Sums): void {
  const isWhole =
    hasSameBytes(trailer.sha256, sha256) &&
    trailer.sizeBytes === sizeBytes &&
    trailer.chunkCount === chunkCount;
  if (!isWhole) {
    throw new BackupError("it is not the file that was written: its SHA-256 differs from its own");
  }
  const { rowCount, secretCount, valueCount, digest } = tally;
  const isComplete =
    [header.rowCount, trailer.rowCount].every((count) => count === rowCount) &&
    [header.digest, trailer.digest].every((each) => each === digest) &&
    trailer.secretCount === secretCount &&
    trailer.valueCount === valueCount;
  if (!isComplete) {
    throw new BackupError(
      `its rows do not add up: there are ${rowCount}, and the state had ${header.rowCount}`,
    );
  }
}
