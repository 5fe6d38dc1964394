// Everything that is at rest, read again while the node runs: damage to what nobody asks for would
// otherwise be found on the day it is needed, and perhaps on two nodes at once.
import { join } from "node:path";
import { decodeApplied } from "./applied-row.ts";
import { checkedDerivedRows } from "./checked-derived.ts";
import { checkedEntries, checkedStateRows, needRow, readGeneration } from "./checked-rows.ts";
import { CorruptionError } from "./corruption.ts";
import type { Database, DatabaseView } from "./database.ts";
import { decodeHead } from "./head-row.ts";
import { MalformedBytesError } from "./internal-codec.ts";
import { appliedKey, headKey } from "./keys.ts";
import { readManifest, type LiveTable } from "./manifest.ts";
import type { Pace } from "./pace.ts";
import { recordFileSteps } from "./record-file.ts";
import { bytesOf, tableSteps } from "./table-files.ts";
import { liveLogs } from "./write-ahead-log.ts";

/** What one pass has looked at. */
export interface Scrubbed {
  readonly rows: number;
  readonly entries: number;
}

/**
 * Every entry and every row of the database as it is now, with the chain and the state's digest.
 * Throws `CorruptionError`, and whatever the pace ends it with.
 */
export async function scrubRows(database: Database, pace: Pace): Promise<Scrubbed> {
  const view = database.view();
  try {
    return await scrubView(view, pace);
  } catch (cause) {
    if (!(cause instanceof MalformedBytesError)) throw cause;
    throw new CorruptionError("a row", cause.message, { cause });
  } finally {
    await view.close();
  }
}

async function scrubView(view: DatabaseView, pace: Pace): Promise<Scrubbed> {
  const head = decodeHead(needRow(view, headKey, "the head"));
  const generation = readGeneration(view);
  const applied = decodeApplied(needRow(view, appliedKey(generation), "the applied index"));
  let entries = 0;
  let rows = 0;
  for await (const { bytes } of checkedEntries(view, head)) {
    entries += 1;
    await pace.step(bytes.length);
  }
  for await (const [key, framed] of checkedStateRows(view, generation, applied)) {
    rows += 1;
    await pace.step(key.length + framed.length);
  }
  for await (const [key, framed] of checkedDerivedRows(view, generation, applied)) {
    rows += 1;
    await pace.step(key.length + framed.length);
  }
  return { rows, entries };
}

/**
 * LevelDB's files as they are now: manifest, tables, logs. It goes on writing meanwhile: a file
 * that it has removed is none of the database any more. Throws as `scrubRows` does.
 */
export async function scrubFiles(databasePath: string, pace: Pace): Promise<void> {
  const manifest = await readManifest(databasePath);
  if (manifest === undefined) {
    throw new CorruptionError(databasePath, "the database's manifest is missing");
  }
  for (const table of manifest.tables) await scrubTable(databasePath, table, pace);
  for (const path of await liveLogs(databasePath, manifest.logNumber)) await scrubLog(path, pace);
}

async function scrubTable(databasePath: string, table: LiveTable, pace: Pace): Promise<void> {
  const path = join(databasePath, table.fileName);
  const bytes = await bytesOf(path);
  const fault =
    bytes === undefined ? "a table is missing" : await paced(tableSteps(bytes, table), pace);
  if (fault === undefined) return;
  const live = await readManifest(databasePath);
  if (live?.tables.some(({ fileName }) => fileName === table.fileName) !== true) return;
  throw new CorruptionError(path, fault);
}

async function scrubLog(path: string, pace: Pace): Promise<void> {
  const bytes = await bytesOf(path);
  if (bytes === undefined) return;
  const { damage } = await paced(recordFileSteps(bytes), pace);
  // What is being written now has no end yet.
  if (damage?.kind !== "followed") return;
  throw new CorruptionError(
    `${path}, byte ${damage.offset}`,
    `the write-ahead log is damaged: ${damage.found}`,
  );
}

async function paced<Result>(steps: Generator<number, Result>, pace: Pace): Promise<Result> {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await pace.step(value);
  }
}
