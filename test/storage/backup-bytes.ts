// Backups in memory, as the tests of backups make and read them.
import { clusterId, epochMs, logIndex, nodeId, term } from "../../src/base/ids.ts";
import { concat } from "../../src/base/bytes.ts";
import { votersOnly } from "../../src/raft/configuration.ts";
import type { ByteSource } from "../../src/storage/backup-records.ts";
import { BackupWriter, type RowSource } from "../../src/storage/backup-writer.ts";
import { countersRowKey, secretRowKey, valueRowKey } from "../../src/storage/keys.ts";
import { packRows, type SnapshotRow } from "../../src/storage/snapshot-rows.ts";
import { StateTally } from "../../src/storage/state-tally.ts";

export const backupIdentity = {
  clusterId: clusterId("c0ffee"),
  region: "us-east-1",
  nodeId: nodeId("n1"),
};

/** Four rows, in two chunks; what is in them makes no sense, and need not. */
export const fewRows: readonly SnapshotRow[] = [
  { key: countersRowKey, payload: Uint8Array.of(1, 2, 3) },
  { key: secretRowKey("app/db"), payload: Uint8Array.of(4, 5, 6, 7) },
  { key: valueRowKey("app/db", "v1"), payload: Uint8Array.of(8, 9) },
  { key: valueRowKey("app/db", "v2"), payload: Uint8Array.of(10) },
];

export function sourceOf(rows: readonly SnapshotRow[], inChunk = 2): RowSource {
  const tally = new StateTally();
  for (const row of rows) tally.add(row);
  const { digest, rowCount } = tally;
  return {
    meta: {
      snapshotId: "one",
      position: { index: logIndex(41), term: term(3) },
      chain: Uint8Array.from({ length: 16 }, (_, at) => at),
      configuration: votersOnly([nodeId("n1"), nodeId("n2"), nodeId("n3")]),
      digest,
      rowCount,
    },
    async *chunks() {
      for (let at = 0; at < rows.length; at += inChunk) {
        yield packRows(rows.slice(at, at + inChunk));
      }
    },
  };
}

export async function bytesOfBackup(source: RowSource): Promise<Uint8Array> {
  const createdAt = epochMs(1_700_000_000_000);
  const pieces = [];
  const writer = new BackupWriter(source, { identity: backupIdentity, createdAt });
  for await (const piece of writer.pieces()) pieces.push(piece);
  return concat(pieces);
}

export function bytesAsFile(bytes: Uint8Array): ByteSource {
  let at = 0;
  return {
    read: (count) => {
      const part = bytes.subarray(at, at + count);
      at += part.length;
      return Promise.resolve(part);
    },
  };
}
