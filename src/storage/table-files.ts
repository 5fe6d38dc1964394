// LevelDB's tables, checked before LevelDB reads them. Each block has a checksum that it does not
// look at: from a damaged one it returns wrong rows, misses rows, or aborts the process, and a node
// that is aborted at every start can tell nobody why.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { concat } from "../base/bytes.ts";
import { ByteReader, UnexpectedEndError } from "./byte-reader.ts";
import { damagedFile } from "./corruption.ts";
import { maskedCrc32c } from "./crc32c.ts";
import type { LiveTable } from "./manifest.ts";

const footerLength = 48;
/** Behind every block: its kind of compression, and the checksum over both. */
const trailerLength = 5;

interface BlockHandle {
  readonly offset: number;
  readonly length: number;
}

/** A table's bytes, or a `CorruptionError` when they are not there as LevelDB wrote them. */
export async function readTable(databasePath: string, table: LiveTable): Promise<Uint8Array> {
  const path = join(databasePath, table.fileName);
  const bytes = await bytesOf(path);
  if (bytes === undefined) throw damagedFile(path, "a table is missing");
  const fault = faultOf(bytes, table);
  if (fault !== undefined) throw damagedFile(path, fault);
  return bytes;
}

/** Nothing, where there is no such file. */
export async function bytesOf(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** LevelDB's sequence number of a row, and what is there. */
export interface TableRow {
  readonly sequence: bigint;
  readonly value: Uint8Array;
}

/** A put, in the last byte of LevelDB's keys; before it stands the sequence number. */
const putKind = 1;
const suffixLength = 8;

/**
 * What a table that was checked holds under `key`, as of the newest write of it in there. Throws
 * `UnexpectedEndError` for a table that LevelDB itself wrote wrongly.
 */
export function newestInTable(bytes: Uint8Array, key: Uint8Array): TableRow | undefined {
  const footer = new ByteReader(bytes.subarray(bytes.length - footerLength));
  handleFrom(footer);
  for (const handle of handlesIn(blockAt(bytes, handleFrom(footer)))) {
    // Newer ones stand before older ones of the same key.
    for (const [internalKey, value] of rowsIn(blockAt(bytes, handle))) {
      const rowKey = internalKey.subarray(0, -suffixLength);
      const order = Buffer.compare(rowKey, key);
      if (order < 0) continue;
      if (order > 0) return undefined;
      const suffix = new DataView(internalKey.buffer).getBigUint64(rowKey.length, true);
      return Number(suffix & 0xffn) === putKind ? { sequence: suffix >> 8n, value } : undefined;
    }
  }
  return undefined;
}

function faultOf(bytes: Uint8Array, table: LiveTable): string | undefined {
  const steps = tableSteps(bytes, table);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Looks at a block at a time, each yields its bytes; what is wrong with the table, if anything. */
export function* tableSteps(
  bytes: Uint8Array,
  { length }: LiveTable,
): Generator<number, string | undefined> {
  if (bytes.length !== length) {
    return `a table has ${bytes.length} bytes, and ${length} were written`;
  }
  try {
    const footer = new ByteReader(bytes.subarray(bytes.length - footerLength));
    const metaIndex = handleFrom(footer);
    const index = handleFrom(footer);
    for (const block of [metaIndex, index]) {
      checkBlock(bytes, block);
      for (const handle of handlesIn(blockAt(bytes, block))) {
        checkBlock(bytes, handle);
        yield handle.length;
      }
    }
    return undefined;
  } catch (error) {
    if (error instanceof DamagedBlockError) return error.message;
    if (error instanceof UnexpectedEndError) return "the table's index makes no sense";
    throw error;
  }
}

class DamagedBlockError extends Error {
  override readonly name = "DamagedBlockError";
}

function checkBlock(bytes: Uint8Array, block: BlockHandle): void {
  const checked = blockAt(bytes, { offset: block.offset, length: block.length + 1 });
  const trailer = block.offset + block.length + 1;
  const stored = new DataView(bytes.buffer, bytes.byteOffset).getUint32(trailer, true);
  if (maskedCrc32c(checked) === stored) return;
  throw new DamagedBlockError(`the table's block at ${block.offset} does not match its checksum`);
}

function blockAt(bytes: Uint8Array, { offset, length }: BlockHandle): Uint8Array {
  if (offset + length + trailerLength - 1 > bytes.length) {
    throw new UnexpectedEndError("Cannot read a block: it lies beyond the table");
  }
  return bytes.subarray(offset, offset + length);
}

function handleFrom(reader: ByteReader): BlockHandle {
  return { offset: reader.varint(), length: reader.varint() };
}

/** The handles that an index block holds as its values. */
function handlesIn(block: Uint8Array): readonly BlockHandle[] {
  return [...rowsIn(block)].map(([, value]) => handleFrom(new ByteReader(value)));
}

/** A block's keys and values. Each key is written as what differs from the one before. */
function* rowsIn(block: Uint8Array): Generator<readonly [key: Uint8Array, value: Uint8Array]> {
  if (block.length < 4) throw new UnexpectedEndError("Cannot read a block: it is too short");
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const restarts = view.getUint32(block.length - 4, true);
  const end = block.length - 4 * (restarts + 1);
  if (end < 0) throw new UnexpectedEndError("Cannot read a block: its restarts do not fit");
  const reader = new ByteReader(block.subarray(0, end));
  let key: Uint8Array = new Uint8Array();
  while (!reader.isAtEnd) {
    const shared = reader.varint();
    const ownLength = reader.varint();
    const valueLength = reader.varint();
    key = concat([key.subarray(0, shared), reader.slice(ownLength)]);
    yield [key, reader.slice(valueLength)];
  }
}
