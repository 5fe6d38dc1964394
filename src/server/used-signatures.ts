// The signatures a node has taken for changes that nothing else guards from being made twice, for
// as long as each could be shown again. Every node has a memory of its own: a copy of a request
// that goes to another node is not known there.
import type { EpochMs } from "../base/ids.ts";

/** About 13 MB with what a map needs: a hundred a second for as long as they are valid. */
const standardMost = 65_536;

export class UsedSignatures {
  readonly #most: number;
  /** In the order they came. */
  readonly #validUntil = new Map<string, EpochMs>();

  /** When there are `most`, the oldest is forgotten for each new one. */
  constructor(most: number = standardMost) {
    this.#most = most;
  }

  get size(): number {
    return this.#validUntil.size;
  }

  /** Whether the signature is new here; from now on it is not, until it is no longer valid. */
  use(signature: string, validUntil: EpochMs, now: EpochMs): boolean {
    this.#forget(now);
    if (this.#validUntil.has(signature)) return false;
    this.#validUntil.set(signature, validUntil);
    return true;
  }

  #forget(now: EpochMs): void {
    for (const [signature, validUntil] of this.#validUntil) {
      if (validUntil >= now && this.#validUntil.size < this.#most) return;
      this.#validUntil.delete(signature);
    }
  }
}
