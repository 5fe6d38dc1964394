// The live state as a snapshot: the rows as they are now, read in key order while writes go on. The
// same view gives the same chunks each time it is read, so a broken transfer can go on.
import { CorruptionError } from "./corruption.ts";
import { decodeApplied } from "./applied-row.ts";
import type { Database, DatabaseView } from "./database.ts";
import { decodeEntry } from "./entry-codec.ts";
import { unframe } from "./frame.ts";
import { decodeHead } from "./head-row.ts";
import { allStateRows, appliedKey, entryKey, headKey, rowOfStateKey } from "./keys.ts";
import type { SnapshotMeta } from "./snapshot-meta.ts";
import { packRows, type SnapshotRow } from "./snapshot-rows.ts";

const chunkBytesMax = 256 * 1024;

export class SnapshotSource implements AsyncDisposable {
  readonly meta: SnapshotMeta;
  readonly #view: DatabaseView;
  readonly #generation: number;
  readonly #chunkBytes: number;

  private constructor(
    view: DatabaseView,
    generation: number,
    { meta, chunkBytes }: { readonly meta: SnapshotMeta; readonly chunkBytes: number },
  ) {
    this.#view = view;
    this.#generation = generation;
    this.#chunkBytes = chunkBytes;
    this.meta = meta;
  }

  /** Throws `CorruptionError`. */
  static open(
    database: Database,
    generation: number,
    options: { readonly snapshotId: string; readonly chunkBytes?: number | undefined },
  ): SnapshotSource {
    const { snapshotId, chunkBytes = chunkBytesMax } = options;
    const view = database.view();
    const applied = decodeApplied(read(view, appliedKey(generation), "the applied index"));
    const { start } = decodeHead(read(view, headKey, "the head"));
    const { position, configuration, digest, rowCount } = applied;
    const chain =
      position.index === start.index
        ? start.chain
        : decodeEntry(read(view, entryKey(position.index), `log entry ${position.index}`)).chain;
    const meta = { snapshotId, position, chain, configuration, digest, rowCount };
    return new SnapshotSource(view, generation, { meta, chunkBytes });
  }

  /** The packed rows, by default a quarter of a mebibyte at a time. Throws `CorruptionError`. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    let rows: SnapshotRow[] = [];
    let sizeBytes = 0;
    for await (const [key, framed] of this.#view.scan(allStateRows(this.#generation))) {
      const row = { key: rowOfStateKey(key), payload: unframe(key, framed, "a state row") };
      const rowBytes = row.key.length + row.payload.length;
      if (rows.length > 0 && sizeBytes + rowBytes > this.#chunkBytes) {
        yield packRows(rows);
        rows = [];
        sizeBytes = 0;
      }
      rows.push(row);
      sizeBytes += rowBytes;
    }
    if (rows.length > 0) yield packRows(rows);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#view.close();
  }
}

function read(view: DatabaseView, key: Uint8Array, what: string): Uint8Array {
  const framed = view.get(key);
  if (framed === undefined) {
    throw new CorruptionError(what, "a row that is always there is missing");
  }
  return unframe(key, framed, what);
}
