// What LevelDB's manifest counts as its own: tables, and the write-ahead log they do not hold yet.
// Other files lie about after a crash, unfinished ones too, and LevelDB removes them by itself. It
// would also remove all that a damaged manifest no longer names, so the manifest is read first.
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ByteReader, UnexpectedEndError } from "./byte-reader.ts";
import { damagedFile } from "./corruption.ts";
import { readRecordFile } from "./record-file.ts";

export interface LiveTable {
  readonly fileName: string;
  /** In bytes, as it was when LevelDB finished it. */
  readonly length: number;
}

export interface Manifest {
  readonly tables: readonly LiveTable[];
  /** The oldest write-ahead log that is not in the tables; 0 before there was one. */
  readonly logNumber: number;
}

/**
 * The manifest as of its last whole record: a crash may leave half of one behind, and then nothing
 * that it says has been acted on. Nothing, if there is no database yet.
 *
 * Throws `CorruptionError` for everything else.
 */
export async function readManifest(databasePath: string): Promise<Manifest | undefined> {
  const current = join(databasePath, "CURRENT");
  if (!existsSync(current)) {
    const left = existsSync(databasePath) ? await readdir(databasePath) : [];
    if (!left.some((name) => /\.(?:ldb|log)$/.test(name))) return undefined;
    throw damagedFile(current, "the file that names the manifest is missing");
  }
  const name = await readFile(current, "latin1");
  if (!/^MANIFEST-\d+\n$/.test(name)) {
    throw damagedFile(current, "the file that names the manifest makes no sense");
  }
  const path = join(databasePath, name.trimEnd());
  if (!existsSync(path)) throw damagedFile(path, "the manifest is missing");
  const { records, damage } = readRecordFile(await readFile(path));
  // One that is merely torn opens for nobody: LevelDB refuses it.
  if (damage !== undefined && damage.kind !== "cut") {
    throw damagedFile(`${path}, byte ${damage.offset}`, `the manifest is damaged: ${damage.found}`);
  }
  return manifestOf(path, records);
}

/** What LevelDB calls its files of a kind. */
export function numberedFile(number: number, extension: "ldb" | "log"): string {
  return `${String(number).padStart(6, "0")}.${extension}`;
}

interface Edited {
  readonly tables: Map<number, number>;
  /** By tag. A manifest that is named has all three, in its first records. */
  readonly numbers: Map<number, number>;
}

function manifestOf(path: string, records: readonly Uint8Array[]): Manifest {
  const edited: Edited = { tables: new Map(), numbers: new Map() };
  try {
    for (const record of records) applyEdit(edited, record);
  } catch (cause) {
    if (!(cause instanceof UnexpectedEndError)) throw cause;
    throw damagedFile(path, "the manifest makes no sense", { cause });
  }
  const { tables, numbers } = edited;
  const logNumber = numbers.get(tags.logNumber);
  const isWhole = numbers.has(tags.nextFileNumber) && numbers.has(tags.lastSequence);
  if (logNumber === undefined || !isWhole) throw damagedFile(path, "the manifest is cut short");
  return {
    tables: [...tables].map(([number, length]) => ({
      fileName: numberedFile(number, "ldb"),
      length,
    })),
    logNumber,
  };
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

function applyEdit(edited: Edited, record: Uint8Array): void {
  const reader = new ByteReader(record);
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    switch (tag) {
      case tags.comparator:
        reader.prefixed();
        break;
      case tags.logNumber:
      case tags.nextFileNumber:
      case tags.lastSequence:
      case tags.previousLogNumber:
        edited.numbers.set(tag, reader.varint());
        break;
      case tags.compactPointer:
        reader.varint();
        reader.prefixed();
        break;
      case tags.deletedFile:
        reader.varint();
        edited.tables.delete(reader.varint());
        break;
      case tags.newFile:
        addTable(edited.tables, reader);
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
