// A snapshot as a backup file, piece by piece: nothing of it is held but the piece under way.
import { createHash, type Hash } from "node:crypto";
import type { EpochMs } from "../base/ids.ts";
import { encodeHeader, encodeTrailer, type BackupHeader } from "./backup-header.ts";
import { backupMagic, encodeRecord } from "./backup-records.ts";
import type { NodeIdentity } from "./recovery.ts";
import type { SnapshotMeta } from "./snapshot-meta.ts";
import { unpackRows } from "./snapshot-rows.ts";
import { StateTally } from "./state-tally.ts";

/** A state in packed rows: a `SnapshotSource`. */
export interface RowSource {
  readonly meta: SnapshotMeta;
  chunks(): AsyncIterable<Uint8Array>;
}

/** What a whole backup is, known once its last piece is. */
export interface BackupSummary extends BackupHeader {
  readonly secretCount: number;
  readonly valueCount: number;
  readonly sizeBytes: number;
  /** Of the whole file. */
  readonly sha256: Uint8Array;
}

export class BackupWriter {
  readonly header: BackupHeader;
  readonly #source: RowSource;
  readonly #tally = new StateTally();
  readonly #whole: Hash = createHash("sha256");
  #sizeBytes = 0;

  constructor(
    source: RowSource,
    { identity, createdAt }: { readonly identity: NodeIdentity; readonly createdAt: EpochMs },
  ) {
    const { position, chain, configuration, rowCount, digest } = source.meta;
    this.header = { ...identity, position, chain, configuration, createdAt, rowCount, digest };
    this.#source = source;
  }

  /** The file from its first byte to its last. Throws `CorruptionError` for a damaged state. */
  async *pieces(): AsyncGenerator<Uint8Array> {
    const payload = encodeHeader(this.header);
    yield this.#count(backupMagic);
    yield this.#count(encodeRecord({ kind: "header", number: 0, payload }));
    let chunkCount = 0;
    for await (const chunk of this.#source.chunks()) {
      for (const row of unpackRows(chunk)) this.#tally.add(row);
      chunkCount += 1;
      yield this.#count(encodeRecord({ kind: "chunk", number: chunkCount, payload: chunk }));
    }
    const { rowCount, secretCount, valueCount, digest } = this.#tally;
    const trailer = encodeTrailer({
      chunkCount,
      rowCount,
      secretCount,
      valueCount,
      sizeBytes: this.#sizeBytes,
      sha256: this.#whole.copy().digest(),
      digest,
    });
    yield this.#count(encodeRecord({ kind: "trailer", number: chunkCount + 1, payload: trailer }));
  }

  /** Of what has been written so far: of the whole file, when `pieces` has ended. */
  summary(): BackupSummary {
    const { secretCount, valueCount } = this.#tally;
    const sha256 = this.#whole.copy().digest();
    return { ...this.header, secretCount, valueCount, sizeBytes: this.#sizeBytes, sha256 };
  }

  #count(piece: Uint8Array): Uint8Array {
    this.#whole.update(piece);
    this.#sizeBytes += piece.length;
    return piece;
  }
}
