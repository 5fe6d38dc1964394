// Which tables LevelDB's manifest counts as its own. Others lie about after a crash, unfinished
// ones too, and LevelDB removes them by itself.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ByteReader, UnexpectedEndError } from "./byte-reader.ts";
import { maskedCrc32c } from "./crc32c.ts";

export interface LiveTable {
  readonly fileName: string;
  /** In bytes, as it was when LevelDB finished it. */
  readonly length: number;
}

/**
 * The tables as of the last whole record of the manifest. None if there is no manifest to be read:
 * LevelDB checks that file itself, and refuses.
 */
export async function liveTables(databasePath: string): Promise<readonly LiveTable[]> {
  const current = join(databasePath, "CURRENT");
  if (!existsSync(current)) return [];
  const name = (await readFile(current, "latin1")).trimEnd();
  const manifest = join(databasePath, name);
  if (!/^MANIFEST-\d+$/.test(name) || !existsSync(manifest)) return [];
  const tables = new Map<number, number>();
  try {
    for (const record of recordsOf(await readFile(manifest))) applyEdit(tables, record);
  } catch (error) {
    if (!(error instanceof UnexpectedEndError)) throw error;
    return [];
  }
  return [...tables].map(([number, length]) => ({
    fileName: `${String(number).padStart(6, "0")}.ldb`,
    length,
  }));
}

const blockLength = 32_768;
const headerLength = 7;
const kinds = { full: 1, first: 2, middle: 3, last: 4 } as const;

/** The records of a file in LevelDB's log format, up to the first that is not whole. */
function* recordsOf(bytes: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let parts: Uint8Array[] = [];
  let offset = 0;
  while (offset + headerLength <= bytes.length) {
    const roomInBlock = blockLength - (offset % blockLength);
    if (roomInBlock < headerLength) {
      offset += roomInBlock;
      continue;
    }
    const length = view.getUint16(offset + 4, true);
    const end = offset + headerLength + length;
    const checked = bytes.subarray(offset + 6, end);
    if (end > bytes.length || maskedCrc32c(checked) !== view.getUint32(offset, true)) return;
    const kind = checked[0];
    parts.push(checked.subarray(1));
    if (kind === kinds.full || kind === kinds.last) {
      yield Buffer.concat(parts);
      parts = [];
    }
    offset = end;
  }
}

const tags = {
  comparator: 1,
  logNumber: 2,
  nextFileNumber: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedFile: 6,
  newFile: 7,
  previousLogNumber: 9,
} as const;

function applyEdit(tables: Map<number, number>, record: Uint8Array): void {
  const reader = new ByteReader(record);
  while (!reader.isAtEnd) {
    switch (reader.varint()) {
      case tags.comparator:
        reader.prefixed();
        break;
      case tags.logNumber:
      case tags.nextFileNumber:
      case tags.lastSequence:
      case tags.previousLogNumber:
        reader.varint();
        break;
      case tags.compactPointer:
        reader.varint();
        reader.prefixed();
        break;
      case tags.deletedFile:
        reader.varint();
        tables.delete(reader.varint());
        break;
      case tags.newFile:
        addTable(tables, reader);
        break;
      default:
        throw new UnexpectedEndError("Cannot read a manifest: it holds something unknown");
    }
  }
}

function addTable(tables: Map<number, number>, reader: ByteReader): void {
  reader.varint();
  const number = reader.varint();
  tables.set(number, reader.varint());
  reader.prefixed();
  reader.prefixed();
}
