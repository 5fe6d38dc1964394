// LevelDB's files, all of them checked before LevelDB opens them. What it does with damage cannot
// be undone: it drops parts of a log and removes the file, or aborts the process. As long as
// nothing but this has looked at them, a good copy of the damaged one makes the node whole again.
import { damagedFile } from "./corruption.ts";
import { UnexpectedEndError } from "./byte-reader.ts";
import { unframe } from "./frame.ts";
import { decodeHead } from "./head-row.ts";
import { MalformedBytesError } from "./internal-codec.ts";
import { headKey } from "./keys.ts";
import { readManifest, type Manifest } from "./manifest.ts";
import { newestInTable, readTable, type TableRow } from "./table-files.ts";
import { lastWritten, readLogs, type WrittenAhead } from "./write-ahead-log.ts";

/**
 * Throws a `CorruptionError` that names the first file that is not as LevelDB wrote it, or the log
 * whose end is gone: `floorBatch` batches must be there. Changes nothing on the disk.
 */
export async function checkFiles(databasePath: string, floorBatch: number): Promise<void> {
  const manifest = await readManifest(databasePath);
  if (manifest === undefined) {
    // It was begun and never written to.
    if (floorBatch === 0) return;
    throw damagedFile(databasePath, "the database's manifest is missing");
  }
  const ahead = await readLogs(databasePath, manifest.logNumber);
  const batch = lastBatch(ahead, await checkTables(databasePath, manifest));
  if (batch >= floorBatch) return;
  const { path, torn } = ahead;
  const where = torn === undefined ? (path ?? databasePath) : `${path}, byte ${torn.offset}`;
  const lost = `the last ${floorBatch - batch} of ${floorBatch} batches that were written are gone`;
  throw damagedFile(where, torn === undefined ? lost : `${lost}: ${torn.found}`);
}

/** Every live table, for itself; the newest head row of them all. */
async function checkTables(
  databasePath: string,
  { tables }: Manifest,
): Promise<TableRow | undefined> {
  let newest: TableRow | undefined;
  for (const table of tables) {
    const head = newestInTable(await readTable(databasePath, table), headKey);
    if (head !== undefined && (newest === undefined || head.sequence > newest.sequence)) {
      newest = head;
    }
  }
  return newest;
}

/** How many batches the files hold: what is in the logs is newer than what is in the tables. */
function lastBatch({ batches }: WrittenAhead, inTables: TableRow | undefined): number {
  try {
    const framed = lastWritten(batches, headKey) ?? inTables?.value;
    return framed === undefined ? 0 : decodeHead(unframe(headKey, framed, "the head")).batch;
  } catch (cause) {
    if (!(cause instanceof UnexpectedEndError || cause instanceof MalformedBytesError)) throw cause;
    throw damagedFile("the head", cause.message, { cause });
  }
}
