// Opening a node's data: either it is all there, every row as it was written, or the node does not
// start. LevelDB alone would open a damaged log or table without complaint and serve what is left.
//
// Before anything is served, every byte of every file has passed LevelDB's checksums (file-check),
// and the head, the log's chain and the applied row are held against each other. Whether all state
// rows add up to the digest is known when each of them has been read. Of a large store that takes
// minutes, and who opens it may ask to do it afterwards. What only that walk can see is a row that
// is gone, or is an older one, in files that agree with themselves in every checksum: until it has
// ended, such a row would be served. A damaged row never is: each is checked whenever it is read.
import { join } from "node:path";
import { existsSync, mkdirSync } from "node:fs";
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
import { CorruptionError, damagedFile } from "./corruption.ts";
import { openDatabase, type Database } from "./database.ts";
import { checkedDerivedRows } from "./checked-derived.ts";
import {
  checkedEntries,
  checkedStateRows,
  needRow,
  readGeneration,
  readRow,
} from "./checked-rows.ts";
import { rootChain } from "./entry-codec.ts";
import { requireTrusted } from "./distrust-file.ts";
import { checkFiles } from "./file-check.ts";
import { FloorFile, type Floor } from "./floor-file.ts";
import { frame } from "./frame.ts";
import { decodeHead, encodeHead, type Head } from "./head-row.ts";
import { decodeAs, idOf, internal, MalformedBytesError } from "./internal-codec.ts";
import { addressBookKey, appliedKey, firstGeneration, headKey, identityKey } from "./keys.ts";
import { decodeAddressBook, type AddressBook } from "./member-rows.ts";
import { emptyDigest } from "./state-digest.ts";

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
  /** Most state rows that are walked before the data is open. Absent: all there are. */
  readonly walkedAtStart?: number;
}

/** Everything a node starts from. */
export interface RecoveredData {
  readonly database: Database;
  readonly floor: Floor;
  readonly generation: number;
  readonly head: Head;
  readonly applied: Applied;
  readonly log: LogTerms;
  /** What each entry of the log weighs, from the first on. */
  readonly entrySizes: readonly number[];
  /** The `membership` and `leave_joint` entries that are not applied, ascending. */
  readonly unappliedMemberships: readonly LogIndex[];
  /** Where other nodes were last: a hint. */
  readonly addressBook: AddressBook;
  /** Whether the state rows were read and add up. If not, that is still to be done. */
  readonly isWalked: boolean;
}

/** The data belongs to another node, or another cluster. */
export class IdentityMismatchError extends Error {
  override readonly name = "IdentityMismatchError";
}

/** Throws `CorruptionError` or `IdentityMismatchError`; makes the data when there is none. */
export async function recoverData(options: OpenOptions): Promise<RecoveredData> {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  requireTrusted(options.directory);
  const floorPath = join(options.directory, "floor");
  const databasePath = join(options.directory, "db");
  const floorBatch = readFloor(floorPath, databasePath);

  await checkFiles(databasePath, floorBatch);
  const database = await openDatabase(databasePath);
  try {
    const recovered = await recoverFrom(database, options, floorBatch);
    return { ...recovered, database, floor: FloorFile.open(floorPath, recovered.head.batch) };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/**
 * What an open database holds, and that it is whole; `floorBatch` is the least it must hold.
 * Throws as `recoverData` does. Makes the data when there is none.
 */
export async function recoverFrom(
  database: Database,
  options: OpenOptions,
  floorBatch: number,
): Promise<RecoveredContents> {
  try {
    return await readAll(database, options, floorBatch);
  } catch (error) {
    throw asCorruption(error, options.directory);
  }
}

/** The floor is on the disk before there is a database: one of them alone means a loss. */
function readFloor(floorPath: string, databasePath: string): number {
  const batch = FloorFile.read(floorPath);
  const hasDatabase = existsSync(databasePath);
  if (batch === undefined && hasDatabase) {
    throw damagedFile(floorPath, "the floor file is missing");
  }
  if (batch !== undefined && batch > 0 && !hasDatabase) {
    throw damagedFile(databasePath, "the database is missing");
  }
  if (batch === undefined) FloorFile.create(floorPath);
  return batch ?? 0;
}

export type RecoveredContents = Omit<RecoveredData, "database" | "floor">;

async function readAll(
  database: Database,
  options: OpenOptions,
  floorBatch: number,
): Promise<RecoveredContents> {
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
  const { log, entrySizes, memberships } = await readLog(database, head);
  if (applied.position.index < log.start.index || applied.position.index > log.lastIndex) {
    throw new CorruptionError("the applied index", "the state is not within the log");
  }
  const isWalked = applied.rowCount <= (options.walkedAtStart ?? Infinity);
  if (isWalked) await walk(database, generation, applied);
  const unappliedMemberships = memberships.filter((index) => index > applied.position.index);
  const addressBook = readAddressBook(database);
  const rest = { entrySizes, unappliedMemberships, addressBook, isWalked };
  return { generation, head, applied, log, ...rest };
}

/** Every row, and that none is missing or too many. */
async function walk(database: Database, generation: number, applied: Applied): Promise<void> {
  const rows = checkedStateRows(database, generation, applied);
  while ((await rows.next()).done !== true);
  const derived = checkedDerivedRows(database, generation, applied);
  while ((await derived.next()).done !== true);
}

/** A hint, but damage to it is damage to the data directory like any other. */
function readAddressBook(database: Database): AddressBook {
  const row = readRow(database, addressBookKey, "the address book");
  return row === undefined ? new Map() : decodeAddressBook(row);
}

async function create(database: Database, options: OpenOptions): Promise<RecoveredContents> {
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
  return {
    generation,
    head,
    applied,
    log: emptyLog,
    entrySizes: [],
    unappliedMemberships: [],
    addressBook: new Map(),
    isWalked: true,
  };
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
): Promise<{
  readonly log: LogTerms;
  readonly entrySizes: readonly number[];
  readonly memberships: readonly LogIndex[];
}> {
  const runs: TermRun[] = [];
  const memberships: LogIndex[] = [];
  const entrySizes: number[] = [];
  for await (const { index, term: inTerm, kind, bytes } of checkedEntries(database, head)) {
    if (runs.at(-1)?.term !== inTerm) runs.push({ term: inTerm, firstIndex: index });
    entrySizes.push(bytes.length);
    if (kind === "membership" || kind === "leave_joint") memberships.push(index);
  }
  const start = { index: head.start.index, term: head.start.term };
  return { log: { start, runs, lastIndex: head.lastIndex }, entrySizes, memberships };
}

/** Bytes that pass their checksum and make no sense are damage too; a full disk is not. */
function asCorruption(error: unknown, directory: string): unknown {
  if (!(error instanceof MalformedBytesError)) return error;
  return new CorruptionError(directory, error.message, { cause: error });
}
