// LevelDB's write-ahead logs, read before LevelDB reads them. It drops what is damaged in them
// without a word, goes on behind it, and removes the file while it opens: then nobody can put the
// good file back.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { hasSameBytes } from "../base/bytes.ts";
import { ByteReader, UnexpectedEndError } from "./byte-reader.ts";
import { damagedFile, type CorruptionError } from "./corruption.ts";
import { readRecordFile, type Damage } from "./record-file.ts";
import { numberedFile } from "./manifest.ts";

export interface WrittenAhead {
  /** The newest log there is; nothing before the first. */
  readonly path: string | undefined;
  /** The batches of all live logs that are whole, oldest first. */
  readonly batches: readonly Uint8Array[];
  /** What a crash may have left at the very end, or damage may have made of it. */
  readonly torn: Damage | undefined;
}

/**
 * Reads every log from number `first` on. Throws `CorruptionError` when one is missing, or damaged
 * with anything after the damage: a later record, or a later log that is not empty.
 */
export async function readLogs(databasePath: string, first: number): Promise<WrittenAhead> {
  const paths = await liveLogs(databasePath, first);
  requireNamed(join(databasePath, numberedFile(first, "log")), first, paths);
  let batches: readonly Uint8Array[] = [];
  let torn: { readonly path: string; readonly damage: Damage } | undefined;
  for (const path of paths) {
    const file = await readFile(path);
    if (torn !== undefined && file.length > 0) throw damagedLog(torn.path, torn.damage);
    const { records, damage } = readRecordFile(file);
    if (damage?.kind === "followed") throw damagedLog(path, damage);
    if (damage !== undefined) torn = { path, damage };
    batches = [...batches, ...records];
  }
  return { path: torn?.path ?? paths.at(-1), batches, torn: torn?.damage };
}

/** LevelDB makes a log before its manifest names it, and removes none that it names. */
function requireNamed(named: string, number: number, paths: readonly string[]): void {
  if (number === 0 || paths[0] === named) return;
  throw damagedFile(named, "the write-ahead log is missing");
}

/** The logs from number `first` on that are there, oldest first. */
export async function liveLogs(databasePath: string, first: number): Promise<readonly string[]> {
  const numbers = (await readdir(databasePath))
    .flatMap((name) => /^(\d+)\.log$/.exec(name)?.[1] ?? [])
    .map(Number)
    .filter((number) => number >= first)
    .sort((one, other) => one - other);
  return numbers.map((number) => join(databasePath, numberedFile(number, "log")));
}

function damagedLog(path: string, { offset, found }: Damage): CorruptionError {
  return damagedFile(
    `${path}, byte ${offset}`,
    `the write-ahead log is damaged, and it goes on after that: ${found}`,
  );
}

/** In a batch: its first sequence number and the count of its changes. */
const batchHeaderLength = 12;
const changeTags = { del: 0, put: 1 } as const;

/** What the last of `batches` that writes `key` puts there. */
export function lastWritten(
  batches: readonly Uint8Array[],
  key: Uint8Array,
): Uint8Array | undefined {
  for (let at = batches.length - 1; at >= 0; at -= 1) {
    const value = writtenIn(batches[at] ?? new Uint8Array(), key);
    if (value !== undefined) return value;
  }
  return undefined;
}

function writtenIn(batch: Uint8Array, wanted: Uint8Array): Uint8Array | undefined {
  const reader = new ByteReader(batch.subarray(batchHeaderLength));
  let last: Uint8Array | undefined;
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    const key = reader.prefixed();
    if (tag === changeTags.del) continue;
    if (tag !== changeTags.put) {
      throw new UnexpectedEndError("Cannot read a batch: it holds something unknown");
    }
    const value = reader.prefixed();
    if (hasSameBytes(key, wanted)) last = value;
  }
  return last;
}
