// A survivor's data becomes a cluster of its own, when the others are lost for good. Everything in
// its log is taken as committed, as in HashiCorp's RecoverCluster; unlike there the cluster gets
// another id, so that none of the old members can ever talk to it again.
import { logIndex, term, type ClusterId, type EpochMs } from "../base/ids.ts";
import { applyCommand } from "../machine/apply.ts";
import { votersOnly } from "../raft/configuration.ts";
import type { LogPosition } from "../raft/log-terms.ts";
import { encodeApplied } from "./applied-row.ts";
import { decodeEnvelope } from "./command-codec.ts";
import { closeAtRest, openAtRest, type DataAtRest } from "./data-at-rest.ts";
import type { Database } from "./database.ts";
import { frame, unframe } from "./frame.ts";
import { encodeHead } from "./head-row.ts";
import { internal } from "./internal-codec.ts";
import {
  addressBookKey,
  appliedKey,
  entryKey,
  headKey,
  identityKey,
  rowKindOf,
  rowOfStateKey,
  stateKey,
  stateRowsOfKind,
} from "./keys.ts";
import type { LineageStep } from "./lineage-row.ts";
import { LogStore } from "./log-store.ts";
import {
  chainInNewCluster,
  changingKinds,
  lineageWith,
  positionInNewCluster,
  rowInNewCluster,
} from "./new-cluster.ts";
import { keyText, PendingBatch } from "./pending-batch.ts";
import type { NodeIdentity, RecoveredData } from "./recovery.ts";
import type { SnapshotRow } from "./snapshot-rows.ts";
import { withoutRow, withRow } from "./state-digest.ts";
import { StateStore } from "./state-store.ts";

/** What a survivor became. */
export interface ForcedCluster {
  readonly identity: NodeIdentity;
  readonly position: LogPosition;
}

/**
 * Makes the node whose data this is the only voter of a new cluster, all its log taken as
 * committed, by one synced write. Throws `DataAtRestError`, `CorruptionError`.
 */
export async function forceNewCluster(
  directory: string,
  { cluster, now }: { readonly cluster: ClusterId; readonly now: EpochMs },
): Promise<ForcedCluster> {
  const opened = await openAtRest(directory);
  try {
    return await force(opened, cluster, now);
  } finally {
    await closeAtRest(opened);
  }
}

async function force(
  { identity: before, createdAtMs, recovered }: DataAtRest,
  cluster: ClusterId,
  now: EpochMs,
): Promise<ForcedCluster> {
  const { database, floor, head, generation } = recovered;
  const pending = new PendingBatch();
  const state = applyWholeLog(recovered);
  state.writeTo(pending);
  const lastPosition = state.applied.position;
  const step: LineageStep = {
    kind: "forced",
    clusterId: before.clusterId,
    position: lastPosition,
    at: now,
    backupAt: undefined,
  };
  const sums = await moveRows(recovered, { pending, state, step });
  const newest = { ...lastPosition, term: term(Math.max(lastPosition.term, head.hardState.term)) };
  const position = positionInNewCluster(newest);
  const chain = chainInNewCluster(cluster, head.lastChain);
  const identity = { ...before, clusterId: cluster };
  const batch = head.batch + 1;
  const put = (key: Uint8Array, payload: Uint8Array): void => {
    pending.put(key, frame(key, payload));
  };
  put(identityKey, internal.IdentityRow.encode({ ...identity, createdAtMs }).finish());
  const configuration = votersOnly([identity.nodeId]);
  put(appliedKey(generation), encodeApplied({ ...sums, position, configuration }));
  put(
    headKey,
    encodeHead({
      batch,
      hardState: { term: position.term, votedFor: undefined },
      start: { ...position, chain },
      lastIndex: position.index,
      lastChain: chain,
      commitIndex: position.index,
    }),
  );
  // The state holds it all, and no node of the new cluster may be sent an entry of the old one.
  for (let index = head.start.index + 1; index <= head.lastIndex; index += 1) {
    pending.del(entryKey(logIndex(index)));
  }
  pending.del(addressBookKey);
  await database.write(pending.changes());
  floor.write(batch);
  return { identity, position };
}

/** Who was a member of the old cluster says nothing in the new one: such entries change no row. */
function applyWholeLog({ database, head, log, generation, ...rest }: RecoveredData): StateStore {
  const onCorruption = (): void => undefined;
  const state = new StateStore(database, { generation, applied: rest.applied, onCorruption });
  const entries = new LogStore(database, { ...head, entrySizes: rest.entrySizes });
  for (let index = state.applied.position.index + 1; index <= log.lastIndex; index += 1) {
    const entry = entries.entry(logIndex(index));
    const changes =
      entry.kind === "command" ? applyCommand(state, decodeEnvelope(entry.payload)).changes : [];
    state.absorb(changes, { index: entry.index, term: entry.term });
  }
  return state;
}

interface MovingRows {
  readonly pending: PendingBatch;
  readonly state: StateStore;
  readonly step: LineageStep;
}

/** Puts what is another row in the new cluster into the batch; gives what the state adds up to. */
async function moveRows(
  { database, generation }: RecoveredData,
  { pending, state, step }: MovingRows,
): Promise<{ readonly digest: bigint; readonly rowCount: number }> {
  let { digest, rowCount } = state.applied;
  const rows = await changingRows(database, generation, pending);
  for (const row of rows) {
    digest = withoutRow(digest, row.key, row.payload);
    rowCount -= 1;
    pending.del(stateKey(generation, row.key));
  }
  const moved = rows.map((row) => rowInNewCluster(row, step));
  const hasLineage = rows.some(({ key }) => rowKindOf(key) === "lineage");
  for (const row of hasLineage ? moved : [...moved, lineageWith([], step)]) {
    if (row === undefined) continue;
    digest = withRow(digest, row.key, row.payload);
    rowCount += 1;
    const key = stateKey(generation, row.key);
    pending.put(key, frame(key, row.payload));
  }
  return { digest, rowCount };
}

/** The rows of the kinds that change, as the batch would leave them. */
async function changingRows(
  database: Database,
  generation: number,
  pending: PendingBatch,
): Promise<readonly SnapshotRow[]> {
  const framed = new Map<string, readonly [key: Uint8Array, value: Uint8Array]>();
  for (const kind of changingKinds) {
    const range = stateRowsOfKind(generation, kind);
    for await (const [key, value] of database.scan(range)) framed.set(keyText(key), [key, value]);
    for (const change of pending.changes()) {
      const isOfKind =
        Buffer.compare(change.key, range.gte) >= 0 && Buffer.compare(change.key, range.lt) < 0;
      if (!isOfKind) continue;
      if (change.type === "put") framed.set(keyText(change.key), [change.key, change.value]);
      else framed.delete(keyText(change.key));
    }
  }
  return [...framed.values()].map(([key, value]) => ({
    key: rowOfStateKey(key),
    payload: unframe(key, value, "a state row"),
  }));
}
