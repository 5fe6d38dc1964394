// The rows of a node's database, read from end to end and held against what they should add up to:
// at every start, and again and again while the node runs.
import { hasSameBytes } from "../base/bytes.ts";
import { logIndex, type LogIndex } from "../base/ids.ts";
import type { Applied } from "./applied-row.ts";
import { CorruptionError } from "./corruption.ts";
import type { Database, Row } from "./database.ts";
import { decodeEntry, isChained, type StoredEntry } from "./entry-codec.ts";
import { unframe } from "./frame.ts";
import type { Head } from "./head-row.ts";
import {
  allStateRows,
  entriesFrom,
  entryKey,
  firstGeneration,
  generationKey,
  rowOfStateKey,
} from "./keys.ts";
import { emptyDigest, withRow } from "./state-digest.ts";
import { decodeGeneration } from "./staging-row.ts";

/** A database, or a view of one. All functions here throw `CorruptionError`. */
export type RowReader = Pick<Database, "get" | "scan">;

/** Every entry from the first to the last, each following on the one before. */
export async function* checkedEntries(
  reader: RowReader,
  { start, lastIndex: expectedLast, lastChain }: Head,
): AsyncGenerator<StoredEntry> {
  let { chain, index: lastIndex }: { chain: Uint8Array; index: LogIndex } = start;
  for await (const [key, framed] of reader.scan(entriesFrom(logIndex(lastIndex + 1)))) {
    const index = logIndex(lastIndex + 1);
    const where = `log entry ${index}`;
    if (!hasSameBytes(key, entryKey(index))) throw new CorruptionError(where, "the log has a gap");
    const entry = decodeEntry(unframe(key, framed, where));
    if (entry.index !== index || !isChained(chain, entry)) {
      throw new CorruptionError(where, "an entry does not follow on the one before");
    }
    yield entry;
    chain = entry.chain;
    lastIndex = index;
  }
  if (lastIndex === expectedLast && hasSameBytes(chain, lastChain)) return;
  throw new CorruptionError(
    "the log",
    `the log ends at entry ${lastIndex}, and it was written up to ${expectedLast}`,
  );
}

/** Every state row as it was written; after the last one, that none is missing or too many. */
export async function* checkedStateRows(
  reader: RowReader,
  generation: number,
  applied: Applied,
): AsyncGenerator<Row> {
  let digest = emptyDigest;
  let rowCount = 0;
  for await (const row of reader.scan(allStateRows(generation))) {
    const [key, framed] = row;
    digest = withRow(digest, rowOfStateKey(key), unframe(key, framed, "a state row"));
    rowCount += 1;
    yield row;
  }
  if (rowCount === applied.rowCount && digest === applied.digest) return;
  throw new CorruptionError(
    "the state",
    `the state rows do not add up: there are ${rowCount}, and ${applied.rowCount} were written`,
  );
}

/** Before a snapshot was ever received there is no row that says which generation is live. */
export function readGeneration(reader: RowReader): number {
  const row = readRow(reader, generationKey, "the generation");
  return row === undefined ? firstGeneration : decodeGeneration(row);
}

export function needRow(reader: RowReader, key: Uint8Array, what: string): Uint8Array {
  const row = readRow(reader, key, what);
  if (row === undefined) throw new CorruptionError(what, "a row that is always there is missing");
  return row;
}

export function readRow(reader: RowReader, key: Uint8Array, what: string): Uint8Array | undefined {
  const framed = reader.get(key);
  return framed === undefined ? undefined : unframe(key, framed, what);
}
