// A node's data while its node does not run, opened by its own word of whose it is.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { clusterId, epochMs, logIndex, nodeId, type LogIndex } from "../base/ids.ts";
import { votersOnly } from "../raft/configuration.ts";
import type { LogPosition } from "../raft/log-terms.ts";
import { CorruptionError } from "./corruption.ts";
import { openDatabase, type Database } from "./database.ts";
import { checkFiles } from "./file-check.ts";
import { FloorFile } from "./floor-file.ts";
import { unframe } from "./frame.ts";
import { counterOf, decodeAs, idOf, internal } from "./internal-codec.ts";
import { identityKey, lineageRowKey, stateKey } from "./keys.ts";
import { decodeLineage, type LineageStep } from "./lineage-row.ts";
import { recoverData, type NodeIdentity, type RecoveredData } from "./recovery.ts";
import { StateStore } from "./state-store.ts";

/** There is no data to look at, or its node is using it. The message is a sentence. */
export class DataAtRestError extends Error {
  override readonly name = "DataAtRestError";
}

/** What the directory of a node holds, by its own word. */
export interface DataSummary {
  readonly identity: NodeIdentity;
  /** The newest term the node has been in. */
  readonly term: number;
  readonly lastPosition: LogPosition;
  /** As far as the node knew the log to be committed: it may have been committed further. */
  readonly commitIndex: LogIndex;
  readonly applied: LogPosition;
  readonly digest: bigint;
  readonly rowCount: number;
  readonly secretCount: number;
  readonly voters: readonly string[];
  readonly lineage: readonly LineageStep[];
}

export interface DataAtRest {
  readonly identity: NodeIdentity;
  readonly createdAtMs: number;
  readonly recovered: RecoveredData;
}

/**
 * Reads the data of a node that does not run, with every check its start would make.
 * Throws `DataAtRestError`, `CorruptionError`.
 */
export async function summarizeData(directory: string): Promise<DataSummary> {
  const opened = await openAtRest(directory);
  try {
    return summaryOf(opened);
  } finally {
    await closeAtRest(opened);
  }
}

function summaryOf({ identity, recovered }: DataAtRest): DataSummary {
  const { database, generation, head, applied, log } = recovered;
  const onCorruption = (): void => undefined;
  const state = new StateStore(database, { generation, applied, onCorruption });
  const lineageKey = stateKey(generation, lineageRowKey);
  const lineage = database.get(lineageKey);
  return {
    identity,
    term: head.hardState.term,
    lastPosition: { index: log.lastIndex, term: log.runs.at(-1)?.term ?? log.start.term },
    commitIndex: logIndex(Math.max(head.commitIndex, applied.position.index)),
    applied: applied.position,
    digest: applied.digest,
    rowCount: applied.rowCount,
    secretCount: state.counters().secretCount,
    voters: [...applied.configuration.voters],
    lineage:
      lineage === undefined ? [] : decodeLineage(unframe(lineageKey, lineage, "the lineage")),
  };
}

/**
 * Opens data whose identity nobody told us, with every check its node's start would make. Never
 * makes any. Throws `DataAtRestError`, `CorruptionError`.
 */
export async function openAtRest(directory: string): Promise<DataAtRest> {
  const databasePath = join(directory, "db");
  const floorBatch = FloorFile.read(join(directory, "floor"));
  if (floorBatch === undefined || !existsSync(databasePath)) {
    throw new DataAtRestError(`There is no data of a node in ${directory}`);
  }
  const { createdAtMs, ...identity } = await readIdentity(databasePath, floorBatch);
  const founders = votersOnly([identity.nodeId]);
  const recovered = await recoverData({ directory, identity, founders, now: epochMs(0) });
  return { identity, createdAtMs, recovered };
}

async function readIdentity(
  databasePath: string,
  floorBatch: number,
): Promise<NodeIdentity & { readonly createdAtMs: number }> {
  try {
    await checkFiles(databasePath, floorBatch);
  } catch (error) {
    // Files come and go below a node that runs: that is no damage.
    await openUnused(databasePath).then((database) => database.close());
    throw error;
  }
  const database = await openUnused(databasePath);
  try {
    const framed = database.get(identityKey);
    if (framed === undefined) throw new CorruptionError("the identity", "it is missing");
    const bytes = unframe(identityKey, framed, "the identity");
    const row = decodeAs(internal.IdentityRow, bytes, "the identity");
    return {
      clusterId: clusterId(idOf(row.clusterId, "the identity's cluster")),
      region: row.region,
      nodeId: nodeId(idOf(row.nodeId, "the identity's node")),
      createdAtMs: counterOf(row.createdAtMs, "the identity's time"),
    };
  } finally {
    await database.close();
  }
}

async function openUnused(path: string): Promise<Database> {
  try {
    return await openDatabase(path);
  } catch (cause) {
    if (!(cause instanceof Error) || !cause.message.endsWith("another process has it open")) {
      throw cause;
    }
    throw new DataAtRestError(`${cause.message}: stop the node first`, { cause });
  }
}

export async function closeAtRest({ recovered }: DataAtRest): Promise<void> {
  try {
    recovered.floor[Symbol.dispose]();
  } finally {
    await recovered.database.close();
  }
}
