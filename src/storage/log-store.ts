// The node's log: what was appended, in memory while it is new, and in the database from the next
// batch on.
import { hasSameBytes } from "../base/bytes.ts";
import { assert } from "../base/assert.ts";
import { logIndex, type LogIndex } from "../base/ids.ts";
import type { Entry } from "../raft/input.ts";
import { CorruptionError } from "./corruption.ts";
import type { Database } from "./database.ts";
import { decodeEntry, storeEntry, type StoredEntry } from "./entry-codec.ts";
import { frame, unframe } from "./frame.ts";
import type { LogEnd } from "./head-row.ts";
import { entryKey } from "./keys.ts";
import type { PendingBatch } from "./pending-batch.ts";

/** Newer entries are kept in memory up to this many bytes: followers near the end need no disk. */
const cacheBytesMax = 64 * 1024 * 1024;

export class LogStore {
  readonly #database: Database;
  #start: LogEnd;
  #lastIndex: LogIndex;
  #lastChain: Uint8Array;

  /** A run of entries up to the last: everything that is not written, and recent ones. */
  readonly #cache = new Map<number, StoredEntry>();
  #cacheFirst: number;
  #cacheBytes = 0;

  /** What each entry weighs, from the first on. */
  readonly #sizes: number[];
  #firstSize = 0;
  #sizeBytes: number;

  /** What the next batch must hold. `undefined`: the entry is gone. */
  readonly #unwritten = new Map<number, StoredEntry | undefined>();

  constructor(
    database: Database,
    recovered: {
      readonly start: LogEnd;
      readonly lastIndex: LogIndex;
      readonly lastChain: Uint8Array;
      /** Of every entry after the start. */
      readonly entrySizes: readonly number[];
    },
  ) {
    this.#database = database;
    this.#start = recovered.start;
    this.#lastIndex = recovered.lastIndex;
    this.#lastChain = recovered.lastChain;
    this.#cacheFirst = recovered.lastIndex + 1;
    this.#sizes = [...recovered.entrySizes];
    this.#sizeBytes = this.#sizes.reduce((sum, size) => sum + size, 0);
  }

  get start(): LogEnd {
    return this.#start;
  }

  get lastIndex(): LogIndex {
    return this.#lastIndex;
  }

  get lastChain(): Uint8Array {
    return this.#lastChain;
  }

  /**
   * Replaces the log from the first of `entries` on. Durable with the next batch.
   *
   * Throws a `CorruptionError` when an entry from a leader does not follow on what is here: the
   * logs agreed on index and term, so one of the two nodes holds something that was never written.
   */
  append(entries: readonly (Entry | StoredEntry)[]): void {
    const first = entries[0];
    if (first === undefined) return;
    this.#truncateFrom(first.index);
    for (const entry of entries) {
      assert(entry.index === this.#lastIndex + 1, "the log has no gaps");
      this.#push(storeEntry(this.#lastChain, entry), entry);
    }
  }

  /** The entry at `index`, which must be in the log. */
  entry(index: LogIndex): StoredEntry {
    const cached = this.#cache.get(index);
    if (cached !== undefined) return cached;
    assert(
      index > this.#start.index && index <= this.#lastIndex,
      "only the log's entries are read",
    );
    const key = entryKey(index);
    const framed = this.#database.get(key);
    if (framed === undefined) {
      throw new CorruptionError(`log entry ${index}`, "an entry of the log is missing");
    }
    return decodeEntry(unframe(key, framed, `log entry ${index}`));
  }

  /** Entries in order from `first` to `last`, as many as fit in `maxBytes`, but one at least. */
  slice(first: LogIndex, last: LogIndex, maxBytes: number): readonly StoredEntry[] {
    const entries: StoredEntry[] = [];
    let sizeBytes = 0;
    for (let index = first; index <= last; index = logIndex(index + 1)) {
      const entry = this.entry(index);
      sizeBytes += entry.bytes.length;
      if (entries.length > 0 && sizeBytes > maxBytes) break;
      entries.push(entry);
    }
    return entries;
  }

  /** Puts into `batch` whatever is not written yet. */
  writeTo(batch: PendingBatch): void {
    for (const [index, entry] of this.#unwritten) {
      const key = entryKey(logIndex(index));
      if (entry === undefined) batch.del(key);
      else batch.put(key, frame(key, entry.bytes));
    }
    this.#unwritten.clear();
  }

  /** The bytes of all entries that are kept. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The chain of the entry at `index`, or of the start. */
  chainAt(index: LogIndex): Uint8Array {
    return index === this.#start.index ? this.#start.chain : this.entry(index).chain;
  }

  /** The first entry to keep if no more than `count` and `sizeBytes` of them are to be kept. */
  firstWithin(count: number, sizeBytes: number): LogIndex {
    let first = Math.max(this.#start.index + 1, this.#lastIndex + 1 - count);
    let excess = this.#sizeBytes - sizeBytes;
    for (let index = this.#start.index + 1; excess > 0 && index <= this.#lastIndex; index += 1) {
      excess -= this.#sizeOf(index);
      first = Math.max(first, index + 1);
    }
    return logIndex(first);
  }

  /** Drops everything up to `index`, which is applied and durable. Gone with the next batch. */
  compactTo(index: LogIndex): void {
    assert(index > this.#start.index && index <= this.#lastIndex, "the log's own entries go");
    const { term, chain } = this.entry(index);
    for (let dropped = this.#start.index + 1; dropped <= index; dropped += 1) {
      this.#sizeBytes -= this.#sizeOf(dropped);
      this.#forget(dropped);
      this.#unwritten.set(dropped, undefined);
    }
    this.#firstSize += index - this.#start.index;
    // The array itself is cut now and then, not for every entry.
    if (this.#firstSize > 4096) {
      this.#sizes.splice(0, this.#firstSize);
      this.#firstSize = 0;
    }
    this.#cacheFirst = Math.max(this.#cacheFirst, index + 1);
    this.#start = { index, term, chain };
  }

  #sizeOf(index: number): number {
    return this.#sizes[this.#firstSize + index - this.#start.index - 1] ?? 0;
  }

  /** The bytes of the entries that are held in memory. */
  get cachedBytes(): number {
    return this.#cacheBytes;
  }

  /** Lets go of old entries in memory, all of them at or below `upTo`: written and applied. */
  release(upTo: LogIndex): void {
    while (this.#cacheBytes > cacheBytesMax && this.#cacheFirst <= upTo) {
      this.#forget(this.#cacheFirst);
      this.#cacheFirst += 1;
    }
  }

  #push(stored: StoredEntry, given: Entry | StoredEntry): void {
    if ("chain" in given && !hasSameBytes(given.chain, stored.chain)) {
      throw new CorruptionError(
        `log entry ${given.index}`,
        "the leader's log and this one differ before an entry on which they should agree",
      );
    }
    this.#cache.set(stored.index, stored);
    this.#cacheBytes += stored.bytes.length;
    this.#unwritten.set(stored.index, stored);
    this.#sizes.push(stored.bytes.length);
    this.#sizeBytes += stored.bytes.length;
    this.#lastIndex = stored.index;
    this.#lastChain = stored.chain;
  }

  #truncateFrom(index: LogIndex): void {
    if (index > this.#lastIndex) return;
    assert(index > this.#start.index, "what is in the state is never dropped");
    const before = logIndex(index - 1);
    const chain = this.chainAt(before);
    for (let dropped = this.#lastIndex as number; dropped >= index; dropped -= 1) {
      this.#forget(dropped);
      this.#unwritten.set(dropped, undefined);
      this.#sizeBytes -= this.#sizes.pop() ?? 0;
    }
    this.#cacheFirst = Math.min(this.#cacheFirst, index);
    this.#lastIndex = before;
    this.#lastChain = chain;
  }

  #forget(index: number): void {
    this.#cacheBytes -= this.#cache.get(index)?.bytes.length ?? 0;
    this.#cache.delete(index);
  }
}
