// Where the cache keeps what it knows, within bounds: whoever was not asked for longest goes first,
// and what goes is wiped. Found by what was asked, and by the names a change goes by.
import type { HoldfastError } from "./call-errors.ts";
import type { KeptValue } from "./cached-secret.ts";

/** What is asked of the region. */
export interface Asked {
  readonly secretId: string;
  readonly versionId?: string | undefined;
  readonly versionStage?: string | undefined;
}

/** What is known of one thing that is asked for. Times are the monotonic clock's. */
export interface Entry {
  readonly asked: Asked;
  /** The last good value. */
  readonly value?: KeptValue;
  /** From then on the value has to be read again. */
  readonly expiresAt: number;
  /** The region's refusal, while it is fresh enough to be given again. */
  readonly refusal?: { readonly error: HoldfastError; readonly until: number };
  /** How often in a row no node answered; the next try is not before `retryAt`. */
  readonly failures: number;
  readonly retryAt: number;
  /** When somebody last asked for it. */
  readonly askedAt: number;
}

export interface ShelfBounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly onEvicted: (entry: Entry, why: "entries" | "bytes") => void;
}

/** What an entry weighs besides its value: names, labels, the maps that lead to it. */
const entryBytes = 512;

export class CacheShelf implements Disposable {
  readonly #bounds: ShelfBounds;
  /** Those not asked for longest first. */
  readonly #entries = new Map<string, Entry>();
  /** Keys by the id that was asked for, the name and the ARN. */
  readonly #keysByName = new Map<string, Set<string>>();
  #bytes = 0;

  constructor(bounds: ShelfBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  find(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Somebody asks for it: it goes last in the line of those that go. */
  touch(key: string, askedAt: number): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const touched = { ...entry, askedAt };
    this.#entries.delete(key);
    this.#entries.set(key, touched);
    return touched;
  }

  /** Changes what is known, and makes room for it. A value that is given up is wiped. */
  keep(key: string, entry: Entry): void {
    const before = this.#entries.get(key);
    if (before !== undefined) this.#uncount(key, before);
    if (before?.value !== entry.value) before?.value?.[Symbol.dispose]();
    // A key that is there keeps its place in the line: that somebody wrote is nobody asking.
    this.#entries.set(key, entry);
    this.#bytes += weightOf(entry);
    for (const name of namesOf(entry)) {
      const keys = this.#keysByName.get(name) ?? new Set();
      this.#keysByName.set(name, keys.add(key));
    }
    this.#makeRoom(key);
  }

  drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#uncount(key, entry);
    this.#entries.delete(key);
    entry.value?.[Symbol.dispose]();
  }

  /** What is known of the secret that goes by `name`: an id that was asked for, a name, an ARN. */
  under(name: string): readonly (readonly [key: string, entry: Entry])[] {
    return [...(this.#keysByName.get(name) ?? [])].flatMap((key) => {
      const entry = this.#entries.get(key);
      return entry === undefined ? [] : [[key, entry] as const];
    });
  }

  all(): readonly (readonly [key: string, entry: Entry])[] {
    return [...this.#entries];
  }

  [Symbol.dispose](): void {
    for (const key of [...this.#entries.keys()]) this.drop(key);
  }

  #makeRoom(key: string): void {
    const { maxEntries, maxBytes } = this.#bounds;
    // What is larger than all the room there is must not drive out everything else.
    const entry = this.#entries.get(key);
    if (entry !== undefined && weightOf(entry) > maxBytes) this.#evict(key, entry, "bytes");
    for (const [oldest, found] of this.#entries) {
      if (this.#entries.size > maxEntries) this.#evict(oldest, found, "entries");
      else if (this.#bytes > maxBytes) this.#evict(oldest, found, "bytes");
      else return;
    }
  }

  #evict(key: string, entry: Entry, why: "entries" | "bytes"): void {
    this.drop(key);
    this.#bounds.onEvicted(entry, why);
  }

  #uncount(key: string, entry: Entry): void {
    this.#bytes -= weightOf(entry);
    for (const name of namesOf(entry)) {
      const keys = this.#keysByName.get(name);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysByName.delete(name);
    }
  }
}

function weightOf({ value }: Entry): number {
  return entryBytes + (value?.sizeBytes ?? 0);
}

function namesOf({ asked, value }: Entry): ReadonlySet<string> {
  return new Set([
    asked.secretId,
    ...(value === undefined ? [] : [value.facts.name, value.facts.arn]),
  ]);
}
