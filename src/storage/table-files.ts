// LevelDB's tables, checked before LevelDB reads them. Each block has a checksum that it does not
// look at: from a damaged one it returns wrong rows, misses rows, or aborts the process, and a node
// that is aborted at every start can tell nobody why.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ByteReader, UnexpectedEndError } from "./byte-reader.ts";
import { CorruptionError } from "./corruption.ts";
import { maskedCrc32c } from "./crc32c.ts";
import { liveTables, type LiveTable } from "./table-list.ts";

const footerLength = 48;
/** Behind every block: its kind of compression, and the checksum over both. */
const trailerLength = 5;

interface BlockHandle {
  readonly offset: number;
  readonly length: number;
}

/** Throws a `CorruptionError` for the first table that is not as LevelDB wrote it. */
export async function checkTables(databasePath: string): Promise<void> {
  for (const table of await liveTables(databasePath)) {
    const path = join(databasePath, table.fileName);
    const bytes = await readTable(path);
    // One that is missing is for LevelDB to miss: it knows.
    if (bytes === undefined) continue;
    const fault = faultOf(bytes, table);
    if (fault !== undefined) throw new CorruptionError(path, fault);
  }
}

async function readTable(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function faultOf(bytes: Uint8Array, { length }: LiveTable): string | undefined {
  if (bytes.length !== length) {
    return `a table has ${bytes.length} bytes, and ${length} were written`;
  }
  try {
    const footer = new ByteReader(bytes.subarray(bytes.length - footerLength));
    const metaIndex = handleFrom(footer);
    const index = handleFrom(footer);
    for (const block of [metaIndex, index]) {
      checkBlock(bytes, block);
      for (const handle of handlesIn(blockAt(bytes, block))) checkBlock(bytes, handle);
    }
    return undefined;
  } catch (error) {
    if (error instanceof DamagedBlockError) return error.message;
    if (error instanceof UnexpectedEndError) return "a table's index makes no sense";
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
  if (block.length < 4) throw new UnexpectedEndError("Cannot read an index: it is too short");
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const restarts = view.getUint32(block.length - 4, true);
  const end = block.length - 4 * (restarts + 1);
  if (end < 0) throw new UnexpectedEndError("Cannot read an index: its restarts do not fit");
  const reader = new ByteReader(block.subarray(0, end));
  const handles: BlockHandle[] = [];
  while (!reader.isAtEnd) {
    reader.varint();
    const keyLength = reader.varint();
    const valueLength = reader.varint();
    reader.slice(keyLength);
    handles.push(handleFrom(new ByteReader(reader.slice(valueLength))));
  }
  return handles;
}
