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

/** Bytes as a map key: one character a byte. */
export function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
}
