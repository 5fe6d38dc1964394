// Rows of the database, under the rows that are applied and on their way there. All keys of them
// begin alike, and are named here without that beginning.
import { concat } from "../base/bytes.ts";
import type { Database, KeyRange } from "./database.ts";
import { frame, unframe } from "./frame.ts";
import { keyText, type PendingBatch } from "./pending-batch.ts";
import type { StoredRow } from "./stored-row.ts";

/** A row that is there. */
export interface FoundRow {
  readonly key: Uint8Array;
  readonly payload: Uint8Array;
}

export interface RowPage {
  readonly range: KeyRange;
  readonly limit: number;
  readonly isReverse: boolean;
}

export interface OverlaidParts {
  readonly database: Database;
  /** What all keys begin with. */
  readonly prefix: Uint8Array;
  /** What the rows are, for whoever reads of damage to one. */
  readonly what: string;
  /** Told before the error is thrown on: a node that reads a damaged row must stop. */
  readonly onCorruption: (error: unknown) => void;
}

export class OverlaidRows {
  readonly #parts: OverlaidParts;
  readonly #overlay = new Map<string, StoredRow>();

  constructor(parts: OverlaidParts) {
    this.#parts = parts;
  }

  /** Of rows that are not durable yet. */
  get unlandedCount(): number {
    return this.#overlay.size;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const unlanded = this.#overlay.get(keyText(key));
    if (unlanded !== undefined) return unlanded.payload;
    const stored = this.#stored(key);
    return this.checked(() => {
      const framed = this.#parts.database.get(stored);
      return framed === undefined ? undefined : this.#unframe(stored, framed);
    });
  }

  /** Durable with the next batch. `undefined` removes the row. */
  set(key: Uint8Array, payload: Uint8Array | undefined): void {
    this.#overlay.set(keyText(key), { key, payload });
  }

  /** At most so many rows from either end of the range, as of the call. */
  async page({ range, limit, isReverse }: RowPage): Promise<readonly FoundRow[]> {
    const { database } = this.#parts;
    // Both are taken now, in one turn: no batch can land between them.
    const unlanded = this.#overlayIn(range);
    const removedCount = unlanded.filter(({ payload }) => payload === undefined).length;
    const page = database.page(
      { gte: this.#stored(range.gte), lt: this.#stored(range.lt) },
      { limit: limit + removedCount, reverse: isReverse },
    );
    const stored = await page.catch((error: unknown) => this.#fail(error));
    if (unlanded.length === 0) {
      return stored.map(([key, framed]) => this.#found(key, framed));
    }
    const rows = new Map<string, FoundRow>();
    for (const [key, framed] of stored) {
      const row = this.#found(key, framed);
      rows.set(keyText(row.key), row);
    }
    for (const { key, payload } of unlanded) {
      if (payload === undefined) rows.delete(keyText(key));
      else rows.set(keyText(key), { key, payload });
    }
    const sign = isReverse ? -1 : 1;
    return [...rows.values()]
      .sort((one, other) => sign * Buffer.compare(one.key, other.key))
      .slice(0, limit);
  }

  /** Puts every row that is not durable yet into `batch`. Returns what to call when it is. */
  writeTo(batch: PendingBatch): () => void {
    const written = [...this.#overlay];
    for (const [, { key, payload }] of written) {
      const stored = this.#stored(key);
      if (payload === undefined) batch.del(stored);
      else batch.put(stored, frame(stored, payload));
    }
    return () => {
      for (const [text, row] of written) {
        if (this.#overlay.get(text) === row) this.#overlay.delete(text);
      }
    };
  }

  /** For what is made of a row: bytes that make no sense are damage like any other. */
  checked<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      return this.#fail(error);
    }
  }

  #overlayIn({ gte, lt }: KeyRange): readonly StoredRow[] {
    return [...this.#overlay.values()].filter(
      ({ key }) => Buffer.compare(key, gte) >= 0 && Buffer.compare(key, lt) < 0,
    );
  }

  #stored(key: Uint8Array): Uint8Array {
    return concat([this.#parts.prefix, key]);
  }

  #found(stored: Uint8Array, framed: Uint8Array): FoundRow {
    const payload = this.checked(() => this.#unframe(stored, framed));
    return { key: stored.subarray(this.#parts.prefix.length), payload };
  }

  #unframe(stored: Uint8Array, framed: Uint8Array): Uint8Array {
    return unframe(stored, framed, this.#parts.what);
  }

  #fail(error: unknown): never {
    this.#parts.onCorruption(error);
    throw error;
  }
}
