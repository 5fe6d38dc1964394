// A node's data made from the rows of a backup, in a directory that nobody else knows yet. It
// becomes a node's own by a rename, and only when it opens as any node's data must.
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { EpochMs } from "../base/ids.ts";
import { votersOnly } from "../raft/configuration.ts";
import type { LogPosition } from "../raft/log-terms.ts";
import { encodeApplied } from "./applied-row.ts";
import { BackupError } from "./backup-records.ts";
import type { Change } from "./database.ts";
import { frame } from "./frame.ts";
import { encodeHead } from "./head-row.ts";
import { appliedKey, headKey, stateKey } from "./keys.ts";
import { NodeStore } from "./node-store.ts";
import { recoverData, type NodeIdentity, type RecoveredData } from "./recovery.ts";
import type { SnapshotRow } from "./snapshot-rows.ts";
import { StateTally } from "./state-tally.ts";

/** Data of a node that is the only voter of its cluster. */
export interface NewData {
  /** Must not exist, or be empty. */
  readonly directory: string;
  readonly identity: NodeIdentity;
  /** Where the empty log begins, and on which chain. */
  readonly position: LogPosition;
  readonly chain: Uint8Array;
  readonly rows: AsyncIterable<SnapshotRow>;
  readonly now: EpochMs;
}

const batchBytes = 1024 * 1024;

/** Writes the data and gives what it must add up to. Throws what reading the rows does. */
export async function writeData(options: NewData): Promise<StateTally> {
  const { directory, identity, now } = options;
  const founders = votersOnly([identity.nodeId]);
  const made = await recoverData({ directory, identity, founders, now });
  try {
    return await fill(made, options);
  } finally {
    made.floor[Symbol.dispose]();
    await made.database.close();
  }
}

async function fill(
  { database, floor, head, generation, applied }: RecoveredData,
  { rows, position, chain }: NewData,
): Promise<StateTally> {
  const tally = new StateTally();
  let changes: Change[] = [];
  let sizeBytes = 0;
  for await (const row of rows) {
    tally.add(row);
    changes.push(put(stateKey(generation, row.key), row.payload));
    sizeBytes += row.key.length + row.payload.length;
    if (sizeBytes < batchBytes) continue;
    await database.write(changes);
    changes = [];
    sizeBytes = 0;
  }
  const batch = head.batch + 1;
  const { digest, rowCount } = tally;
  const { index, term } = position;
  await database.write([
    ...changes,
    put(appliedKey(generation), encodeApplied({ ...applied, position, digest, rowCount })),
    put(
      headKey,
      encodeHead({
        batch,
        hardState: { term, votedFor: undefined },
        start: { ...position, chain },
        lastIndex: index,
        lastChain: chain,
        commitIndex: index,
      }),
    ),
  ]);
  floor.write(batch);
  return tally;
}

/**
 * Opens the data as its node will, with every check there is, and looks whether it is what was
 * written. Throws `CorruptionError` or `BackupError`.
 */
export async function proveData(
  { directory, identity, now }: NewData,
  written: StateTally,
  look: (store: NodeStore) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const founders = votersOnly([identity.nodeId]);
  const onCorruption = (): void => undefined;
  await using store = await NodeStore.open({ directory, identity, founders, now }, onCorruption);
  const { digest, rowCount } = store.state.applied;
  if (digest !== written.digest || rowCount !== written.rowCount) {
    throw new BackupError("what was written from it does not read back the same");
  }
  await look(store);
}

/** Why data must not be put there; nothing when it may be: when nothing is there. */
export function objectionToDirectory(directory: string): string | undefined {
  if (!existsSync(directory)) return undefined;
  try {
    if (readdirSync(directory).length === 0) return undefined;
  } catch {
    return `${directory} is not a folder that can be read`;
  }
  return `${directory} is not empty, and a backup is only ever restored into an empty folder`;
}

/** Makes finished data the content of `directory`: all of it, durably, or nothing. */
export function moveIntoPlace(finished: string, directory: string): void {
  for (const folder of [join(finished, "db"), finished]) syncFolder(folder);
  renameSync(finished, directory);
  syncFolder(dirname(resolve(directory)));
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function put(key: Uint8Array, payload: Uint8Array): Change {
  return { type: "put", key, value: frame(key, payload) };
}
