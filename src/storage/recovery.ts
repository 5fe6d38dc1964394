// Opening a node's data: either it is all there, every row as it was written, or the node does not
// start. LevelDB alone would open a damaged log or table without complaint and serve what is left.
import { join } from "node:path";
import { existsSync, mkdirSync } from "node:fs";
import { hasSameBytes } from "../base/bytes.ts";
import {
  clusterId,
  logIndex,
  nodeId,
  term,
  type ClusterId,
  type EpochMs,
  type LogIndex,
  type NodeId,
} from "../base/ids.ts";
import type { Configuration } from "../raft/configuration.ts";
import { beforeLog, emptyLog, type LogTerms, type TermRun } from "../raft/log-terms.ts";
import { decodeApplied, encodeApplied, type Applied } from "./applied-row.ts";
import { CorruptionError } from "./corruption.ts";
import { openDatabase, type Database } from "./database.ts";
import { decodeEntry, isChained, rootChain } from "./entry-codec.ts";
import { FloorFile } from "./floor-file.ts";
import { frame, unframe } from "./frame.ts";
import { decodeHead, encodeHead, type Head } from "./head-row.ts";
import { decodeGeneration } from "./staging-row.ts";
import { decodeAs, idOf, internal, MalformedBytesError } from "./internal-codec.ts";
import {
  allStateRows,
  appliedKey,
  entriesFrom,
  firstGeneration,
  generationKey,
  headKey,
  identityKey,
  entryKey,
  rowOfStateKey,
} from "./keys.ts";
import { emptyDigest, withRow } from "./state-digest.ts";
import { checkTables } from "./table-files.ts";

/** Whose data it is. */
export interface NodeIdentity {
  readonly clusterId: ClusterId;
  readonly region: string;
  readonly nodeId: NodeId;
}

export interface OpenOptions {
  readonly directory: string;
  readonly identity: NodeIdentity;
  /** Who counts when the data is new. Data that exists knows better. */
  readonly founders: Configuration;
  readonly now: EpochMs;
}

/** Everything a node starts from. */
export interface RecoveredData {
  readonly database: Database;
  readonly floor: FloorFile;
  readonly generation: number;
  readonly head: Head;
  readonly applied: Applied;
  readonly log: LogTerms;
  /** What each entry of the log weighs, from the first on. */
  readonly entrySizes: readonly number[];
}

/** The data belongs to another node, or another cluster. */
export class IdentityMismatchError extends Error {
  override readonly name = "IdentityMismatchError";
}

/** Throws `CorruptionError` or `IdentityMismatchError`; makes the data when there is none. */
export async function recoverData(options: OpenOptions): Promise<RecoveredData> {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const floorPath = join(options.directory, "floor");
  const databasePath = join(options.directory, "db");
  const floorBatch = readFloor(floorPath, databasePath);

  await checkTables(databasePath);
  const database = await openDatabase(databasePath);
  try {
    const recovered = await readAll(database, options, floorBatch);
    return { ...recovered, database, floor: FloorFile.open(floorPath, recovered.head.batch) };
  } catch (error) {
    await database.close();
    throw asCorruption(error, options.directory);
  }
}

/** The floor is on the disk before there is a database: one of them alone means a loss. */
function readFloor(floorPath: string, databasePath: string): number {
  const batch = FloorFile.read(floorPath);
  const hasDatabase = existsSync(databasePath);
  if (batch === undefined && hasDatabase) {
    throw new CorruptionError(floorPath, "the floor file is missing");
  }
  if (batch !== undefined && batch > 0 && !hasDatabase) {
    throw new CorruptionError(databasePath, "the database is missing");
  }
  if (batch === undefined) FloorFile.create(floorPath);
  return batch ?? 0;
}

type Contents = Omit<RecoveredData, "database" | "floor">;

async function readAll(
  database: Database,
  options: OpenOptions,
  floorBatch: number,
): Promise<Contents> {
  const identity = readRow(database, identityKey, "the identity");
  if (identity === undefined) {
    if (floorBatch > 0) throw new CorruptionError("the identity", "the node's identity is missing");
    return create(database, options);
  }
  checkIdentity(identity, options.identity);

  const head = decodeHead(needRow(database, headKey, "the head"));
  if (head.batch < floorBatch) {
    const lost = floorBatch - head.batch;
    throw new CorruptionError(
      "the head",
      `the last ${lost} of ${floorBatch} batches that were written are gone`,
    );
  }
  const generation = readGeneration(database);
  const applied = decodeApplied(needRow(database, appliedKey(generation), "the applied index"));
  const { log, entrySizes } = await readLog(database, head);
  if (applied.position.index < log.start.index || applied.position.index > log.lastIndex) {
    throw new CorruptionError("the applied index", "the state is not within the log");
  }
  await checkState(database, generation, applied);
  return { generation, head, applied, log, entrySizes };
}

/** Before a snapshot was ever received there is no row that says which generation is live. */
function readGeneration(database: Database): number {
  const row = readRow(database, generationKey, "the generation");
  return row === undefined ? firstGeneration : decodeGeneration(row);
}

async function create(database: Database, options: OpenOptions): Promise<Contents> {
  const generation = firstGeneration;
  const head: Head = {
    batch: 1,
    hardState: { term: term(0), votedFor: undefined },
    start: { ...beforeLog, chain: rootChain },
    lastIndex: logIndex(0),
    lastChain: rootChain,
    commitIndex: logIndex(0),
  };
  const configuration = options.founders;
  const applied = { position: beforeLog, digest: emptyDigest, rowCount: 0, configuration };
  const identity = internal.IdentityRow.encode({
    ...options.identity,
    createdAtMs: options.now,
  }).finish();
  const rows = [
    [identityKey, identity],
    [headKey, encodeHead(head)],
    [appliedKey(generation), encodeApplied(applied)],
  ] as const;
  await database.write(
    rows.map(([key, payload]) => ({ type: "put", key, value: frame(key, payload) })),
  );
  return { generation, head, applied, log: emptyLog, entrySizes: [] };
}

function checkIdentity(bytes: Uint8Array, expected: NodeIdentity): void {
  const row = decodeAs(internal.IdentityRow, bytes, "the identity");
  const found: NodeIdentity = {
    clusterId: clusterId(idOf(row.clusterId, "the identity's cluster")),
    region: row.region,
    nodeId: nodeId(idOf(row.nodeId, "the identity's node")),
  };
  for (const key of ["clusterId", "region", "nodeId"] as const) {
    if (found[key] === expected[key]) continue;
    throw new IdentityMismatchError(
      `Cannot use this data directory: it belongs to ${key} "${found[key]}", ` +
        `and the configuration says "${expected[key]}"`,
    );
  }
}

/** Every entry from the first to the last, each following on the one before. */
async function readLog(
  database: Database,
  head: Head,
): Promise<{ readonly log: LogTerms; readonly entrySizes: readonly number[] }> {
  const runs: TermRun[] = [];
  const entrySizes: number[] = [];
  let chain = head.start.chain;
  let lastIndex: LogIndex = head.start.index;
  for await (const [key, framed] of database.scan(entriesFrom(logIndex(lastIndex + 1)))) {
    const index = logIndex(lastIndex + 1);
    const where = `log entry ${index}`;
    if (!hasSameBytes(key, entryKey(index))) {
      throw new CorruptionError(where, "the log has a gap");
    }
    const entry = decodeEntry(unframe(key, framed, where));
    if (entry.index !== index || !isChained(chain, entry)) {
      throw new CorruptionError(where, "an entry does not follow on the one before");
    }
    if (runs.at(-1)?.term !== entry.term) runs.push({ term: entry.term, firstIndex: index });
    entrySizes.push(entry.bytes.length);
    chain = entry.chain;
    lastIndex = index;
  }
  if (lastIndex !== head.lastIndex || !hasSameBytes(chain, head.lastChain)) {
    throw new CorruptionError(
      "the log",
      `the log ends at entry ${lastIndex}, and it was written up to ${head.lastIndex}`,
    );
  }
  const start = { index: head.start.index, term: head.start.term };
  return { log: { start, runs, lastIndex }, entrySizes };
}

/** Every state row is as it was written, and none is missing or too many. */
async function checkState(database: Database, generation: number, applied: Applied): Promise<void> {
  let digest = emptyDigest;
  let rowCount = 0;
  for await (const [key, framed] of database.scan(allStateRows(generation))) {
    digest = withRow(digest, rowOfStateKey(key), unframe(key, framed, "a state row"));
    rowCount += 1;
  }
  if (rowCount !== applied.rowCount || digest !== applied.digest) {
    throw new CorruptionError(
      "the state",
      `the state rows do not add up: there are ${rowCount}, and ${applied.rowCount} were written`,
    );
  }
}

function needRow(database: Database, key: Uint8Array, what: string): Uint8Array {
  const row = readRow(database, key, what);
  if (row === undefined) throw new CorruptionError(what, "a row that is always there is missing");
  return row;
}

function readRow(database: Database, key: Uint8Array, what: string): Uint8Array | undefined {
  const framed = database.get(key);
  return framed === undefined ? undefined : unframe(key, framed, what);
}

/** Bytes that pass their checksum and make no sense are damage too; a full disk is not. */
function asCorruption(error: unknown, directory: string): unknown {
  if (!(error instanceof MalformedBytesError)) return error;
  return new CorruptionError(directory, error.message, { cause: error });
}
