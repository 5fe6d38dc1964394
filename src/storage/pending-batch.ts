// The next batch as it grows: one change a key, the last one wins.
import type { Change } from "./database.ts";

export class PendingBatch {
  readonly #changes = new Map<string, Change>();

  put(key: Uint8Array, value: Uint8Array): void {
    this.#changes.set(keyText(key), { type: "put", key, value });
  }

  del(key: Uint8Array): void {
    this.#changes.set(keyText(key), { type: "del", key });
  }

  get size(): number {
    return this.#changes.size;
  }

  changes(): readonly Change[] {
    return [...this.#changes.values()];
  }
}

// What `Buffer.toString("latin1")` calls, without making a Buffer of each key first.
const { latin1Slice } = Buffer.prototype as unknown as {
  readonly latin1Slice: (this: Uint8Array, start: number, end: number) => string;
};

/** Bytes as a map key: one character a byte. */
export function keyText(key: Uint8Array): string {
  return latin1Slice.call(key, 0, key.length);
}
