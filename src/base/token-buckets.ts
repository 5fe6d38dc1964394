// How often something may happen for each of many keys: token buckets, and no more of them than are
// allowed. Time is an argument: whole or broken milliseconds of a clock that never goes back.

export interface BucketSettings {
  /** What a full bucket holds: so many may come at once. */
  readonly capacity: number;
  /** What comes back in a second. */
  readonly perSecond: number;
  /** For so many keys at most; the one that was longest not used is forgotten for a new one. */
  readonly keys: number;
}

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

export class TokenBuckets {
  readonly #settings: BucketSettings;
  readonly #fillMs: number;
  /** Those that may not be full, in the order of their last use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(settings: BucketSettings) {
    this.#settings = settings;
    this.#fillMs = (settings.capacity / settings.perSecond) * 1000;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one token from the bucket of `key`, if it has one. */
  take(key: string, nowMs: number): boolean {
    const tokens = this.#tokensOf(key, nowMs);
    const isThere = tokens >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: isThere ? tokens - 1 : tokens, atMs: nowMs });
    this.#forget(nowMs);
    return isThere;
  }

  #tokensOf(key: string, nowMs: number): number {
    const bucket = this.#buckets.get(key);
    const { capacity, perSecond } = this.#settings;
    if (bucket === undefined) return capacity;
    return Math.min(capacity, bucket.tokens + ((nowMs - bucket.atMs) * perSecond) / 1000);
  }

  /** A bucket that was left alone until it is full is the same as none. */
  #forget(nowMs: number): void {
    for (const [key, { atMs }] of this.#buckets) {
      if (nowMs - atMs < this.#fillMs && this.#buckets.size <= this.#settings.keys) return;
      this.#buckets.delete(key);
    }
  }
}
