// What becomes of a state that goes over to a new cluster: restored from a backup, or kept by the
// one survivor of a cluster that is lost. Its position leaps ahead of anything the old cluster may
// have reached, so that no index that a caller remembers is ever given twice.
import { createHash } from "node:crypto";
import { utf8 } from "../base/bytes.ts";
import { logIndex, term, type ClusterId } from "../base/ids.ts";
import type { LogPosition } from "../raft/log-terms.ts";
import { chainLength } from "./entry-codec.ts";
import { lineageRowKey, rowKindOf, type RowKind } from "./keys.ts";
import { decodeLineage, encodeLineage, type LineageStep } from "./lineage-row.ts";
import { decodeKeyring, encodeKeyring } from "./row-codec.ts";
import type { SnapshotRow } from "./snapshot-rows.ts";

/** More entries than any cluster writes between a backup and the loss of it. */
const indexLeap = 1_000_000_000;

/**
 * Rows that speak of the nodes of the old cluster: none of them is a node of the new one, ids are
 * unique within a cluster only, and a ticket of the old one lets nobody into the new one.
 */
const membershipKinds: readonly RowKind[] = ["member", "removed", "joinTokens"];

/** The kinds of rows that are not the same in the new cluster. */
export const changingKinds: readonly RowKind[] = [...membershipKinds, "keyring", "lineage"];

export function positionInNewCluster({ index, term: before }: LogPosition): LogPosition {
  return { index: logIndex(index + indexLeap), term: term(before + 1) };
}

/** The chain on which the new cluster's log begins: no entry of the old one follows on it. */
export function chainInNewCluster(cluster: ClusterId, before: Uint8Array): Uint8Array {
  const hash = createHash("sha256").update(utf8("a new cluster\0")).update(utf8(cluster));
  return new Uint8Array(hash.update(before).digest().subarray(0, chainLength));
}

/** A row as it is in the new cluster; nothing, if it stays behind. Throws `MalformedBytesError`. */
export function rowInNewCluster(row: SnapshotRow, step: LineageStep): SnapshotRow | undefined {
  const kind = rowKindOf(row.key);
  if (kind === "keyring") return { key: row.key, payload: keyringFrom(row.payload, step) };
  if (kind === "lineage") return lineageWith(decodeLineage(row.payload), step);
  return kind !== undefined && membershipKinds.includes(kind) ? undefined : row;
}

export function lineageWith(before: readonly LineageStep[], step: LineageStep): SnapshotRow {
  return { key: lineageRowKey, payload: encodeLineage([...before, step]) };
}

/** All rows of a state as they are in the new cluster. Throws `MalformedBytesError`. */
export async function* rowsInNewCluster(
  rows: AsyncIterable<SnapshotRow>,
  step: LineageStep,
): AsyncGenerator<SnapshotRow> {
  let hasLineage = false;
  for await (const row of rows) {
    hasLineage ||= rowKindOf(row.key) === "lineage";
    const changed = rowInNewCluster(row, step);
    if (changed !== undefined) yield changed;
  }
  if (!hasLineage) yield lineageWith([], step);
}

/** Everything stays sealed as it was: to open it, the keys must know what it was sealed with. */
function keyringFrom(payload: Uint8Array, { clusterId }: LineageStep): Uint8Array {
  return encodeKeyring({ sealedIn: clusterId, ...decodeKeyring(payload) });
}
