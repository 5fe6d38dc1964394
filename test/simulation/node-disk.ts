// A node's disk: sorted rows in memory, written batch by batch in virtual time. What has landed
// stays; what is under way when the process dies comes to anything. It fills up, it fails, it
// stalls, and at times a row is not what was written.
import type { Change, Database, DatabaseView, KeyRange, Row } from "../../src/storage/database.ts";
import type { Floor } from "../../src/storage/floor-file.ts";
import { decodeHead, type Head } from "../../src/storage/head-row.ts";
import {
  appliedKey,
  entryKey,
  firstGeneration,
  generationKey,
  headKey,
} from "../../src/storage/keys.ts";
import { decodeApplied } from "../../src/storage/applied-row.ts";
import { decodeGeneration } from "../../src/storage/staging-row.ts";
import type { Configuration } from "../../src/raft/configuration.ts";
import { keyText } from "../../src/storage/pending-batch.ts";
import type { LogIndex } from "../../src/base/ids.ts";
import type { Random } from "./node-random.ts";
import type { Micros, World } from "./node-world.ts";

const frameHeader = 5;
const keptBatches = 3;
const headText = keyText(headKey);
const generationText = keyText(generationKey);

type Rows = Map<string, Row>;

/** What this seed's disks are like. */
export interface DiskFaults {
  /** Of a batch, mostly. */
  readonly usualMicros: Micros;
  readonly mostMicros: Micros;
  readonly stall: number;
  readonly stallMicros: Micros;
  readonly failure: number;
}

/** The operating system refuses. What the write came to shows when the disk is opened again. */
export class SimDiskError extends Error {
  override readonly name = "SimDiskError";
}

interface Write {
  readonly changes: readonly Change[];
  readonly life: number;
  readonly done: (error: Error | undefined) => void;
}

export class SimDisk {
  readonly #world: World;
  readonly #random: Random;
  readonly #who: string;
  faults: DiskFaults;
  readonly #rows: Rows = new Map();
  /** As it would be without damage. */
  readonly #undamaged = new Map<string, Uint8Array | undefined>();
  #writes: Write[] = [];
  #lastAt: Micros = 0;
  /** The process that has it open; 0 when none has. */
  #life = 0;
  #isBroken = false;
  isFull = false;
  isLost = false;
  /** What the floor file says. */
  floorBatch = 0;
  landed = 0;
  /** The latest batches, newest first. */
  #latest: readonly { readonly before: Rows; readonly changes: readonly Change[] }[] = [];
  #head: { readonly value: Uint8Array; readonly head: Head } | undefined;

  constructor(parts: {
    readonly world: World;
    readonly random: Random;
    readonly who: string;
    readonly faults: DiskFaults;
  }) {
    this.#world = parts.world;
    this.#random = parts.random;
    this.#who = parts.who;
    this.faults = parts.faults;
  }

  /** For one life of a process. `deliver` brings the end of a write to it. */
  open(life: number, deliver: (carryOn: () => void) => void): Database {
    this.#life = life;
    this.#isBroken = false;
    return {
      get: (key) => this.#rows.get(keyText(key))?.[1],
      write: (changes) =>
        new Promise((resolve, reject) => {
          this.#write({
            changes,
            life,
            done: (error) => {
              deliver(() => {
                if (error === undefined) resolve();
                else reject(error);
              });
            },
          });
        }),
      scan: (range) => iterate(within(this.#rows, range)),
      page: ({ gte, lt }, { limit, reverse }) => {
        const rows = within(this.#rows, { gte, lt });
        return Promise.resolve((reverse ? rows.reverse() : rows).slice(0, limit));
      },
      view: () => viewOf(new Map(this.#rows)),
      close: () => Promise.resolve(),
    };
  }

  get floor(): Floor {
    return {
      write: (batch) => {
        this.floorBatch = batch;
      },
      sync: () => undefined,
      [Symbol.dispose]: () => undefined,
    };
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  get isWriting(): boolean {
    return this.#writes.length > 0;
  }

  get isDamaged(): boolean {
    return this.#undamaged.size > 0;
  }

  /** Rows that are not what was written. */
  damaged(): readonly Uint8Array[] {
    return [...this.#undamaged]
      .filter(([text, value]) => !isSame(this.#rows.get(text)?.[1], value))
      .map(([text]) => new Uint8Array(Buffer.from(text, "latin1")));
  }

  /** From now on every write lands soon, what is held up just now as well. */
  calm(): void {
    this.isFull = false;
    this.#lastAt = this.#world.now;
    for (const write of this.#writes) this.#landLater(write, 1_000);
    this.faults = { usualMicros: 500, mostMicros: 5_000, stall: 0, stallMicros: 0, failure: 0 };
  }

  /** The process is gone: some of what was under way is on the disk, the rest never will be. */
  cut(): void {
    const writes = this.#writes;
    this.#writes = [];
    this.#life = 0;
    for (const { changes } of writes) {
      if (this.#random.happens(0.5)) this.#apply(changes);
    }
  }

  /** One bit of one row is another. Only rows that a start looks at: `isRead` says which. */
  flip(isRead: (key: Uint8Array) => boolean): string | undefined {
    const rows = [...this.#rows.values()].filter(([key]) => isRead(key));
    if (rows.length === 0) return undefined;
    const [key, value] = this.#random.pick(rows);
    const flipped = Uint8Array.from(value);
    const at = this.#random.below(flipped.length);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << this.#random.below(8));
    this.#damage(key, flipped);
    return keyText(key);
  }

  /** One of the latest batches is as if it had never been written. */
  dropBatch(): boolean {
    const dropped = this.#latest[this.#random.below(keptBatches)];
    if (dropped === undefined) return false;
    const { before, changes } = dropped;
    for (const { key } of changes) {
      const text = keyText(key);
      const now = this.#rows.get(text)?.[1];
      const written = changes.findLast((change) => keyText(change.key) === text);
      const value = written?.type === "put" ? written.value : undefined;
      // A later batch has written over it: nothing of this one is missing there.
      if (now !== value) continue;
      this.#damage(key, before.get(text)?.[1]);
    }
    return this.isDamaged;
  }

  /** What is on the disk of the log's ends and the votes. */
  head(): Head | undefined {
    const value = this.#written(headText);
    if (value === undefined) return undefined;
    if (this.#head?.value !== value) {
      this.#head = { value, head: decodeHead(value.subarray(frameHeader)) };
    }
    return this.#head.head;
  }

  /** Who counts, as far as the state that is durably here knows. */
  configuration(): Configuration | undefined {
    const generation = this.#written(generationText);
    const text = keyText(
      appliedKey(
        generation === undefined
          ? firstGeneration
          : decodeGeneration(generation.subarray(frameHeader)),
      ),
    );
    const value = this.#written(text);
    return value === undefined
      ? undefined
      : decodeApplied(value.subarray(frameHeader)).configuration;
  }

  /** Whether the entry with these bytes is durably here, or in the state that is. */
  holds(index: LogIndex, bytes: Uint8Array): boolean {
    const head = this.head();
    if (head === undefined) return false;
    if (index <= head.start.index) return true;
    const value = this.#written(keyText(entryKey(index)));
    return value !== undefined && Buffer.compare(value.subarray(frameHeader), bytes) === 0;
  }

  /** As it was before any damage. */
  #written(text: string): Uint8Array | undefined {
    return this.#undamaged.has(text) ? this.#undamaged.get(text) : this.#rows.get(text)?.[1];
  }

  #write(write: Write): void {
    this.#writes.push(write);
    const { usualMicros, mostMicros, stall, stallMicros } = this.faults;
    const isStalled = this.#random.happens(stall);
    const takes = isStalled
      ? this.#random.between(stallMicros / 10, stallMicros)
      : this.#random.heavyTailed(usualMicros, mostMicros);
    this.#landLater(write, takes);
  }

  #landLater(write: Write, takes: Micros): void {
    this.#lastAt = Math.max(this.#lastAt, this.#world.now + takes);
    this.#world.after(this.#lastAt - this.#world.now, {
      label: "lands",
      who: this.#who,
      detail: undefined,
      happen: () => {
        this.#land(write);
      },
    });
  }

  #land(write: Write): void {
    // A process that died has settled it already.
    if (write.life !== this.#life || this.#writes[0] !== write) return;
    this.#writes.shift();
    if (this.#isBroken) {
      write.done(new SimDiskError("the disk fails"));
      return;
    }
    if (this.isFull) {
      this.#isBroken = true;
      write.done(new SimDiskError("the disk is full"));
      return;
    }
    if (this.#random.happens(this.faults.failure)) {
      // Whether a failed write is there can be seen only when the data is opened again.
      if (this.#random.happens(0.5)) this.#apply(write.changes);
      this.#isBroken = true;
      write.done(new SimDiskError("the disk fails"));
      return;
    }
    this.#apply(write.changes);
    write.done(undefined);
  }

  #apply(changes: readonly Change[]): void {
    this.landed += 1;
    const before: Rows = new Map();
    for (const change of changes) {
      const text = keyText(change.key);
      const row = this.#rows.get(text);
      if (row !== undefined && !before.has(text)) before.set(text, row);
      if (change.type === "put") this.#rows.set(text, [change.key, change.value]);
      else this.#rows.delete(text);
      this.#undamaged.delete(text);
    }
    this.#latest = [{ before, changes }, ...this.#latest.slice(0, keptBatches - 1)];
  }

  #damage(key: Uint8Array, value: Uint8Array | undefined): void {
    const text = keyText(key);
    if (!this.#undamaged.has(text)) this.#undamaged.set(text, this.#rows.get(text)?.[1]);
    if (value === undefined) this.#rows.delete(text);
    else this.#rows.set(text, [key, value]);
  }
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(one, other) === 0;
}

function within(rows: Rows, { gte, lt }: KeyRange): Row[] {
  const from = keyText(gte);
  const below = keyText(lt);
  const found: (readonly [text: string, row: Row])[] = [];
  for (const [text, row] of rows) if (text >= from && text < below) found.push([text, row]);
  return found.sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
}

async function* iterate(rows: readonly Row[]): AsyncGenerator<Row> {
  yield* rows;
}

function viewOf(rows: Rows): DatabaseView {
  return {
    get: (key) => rows.get(keyText(key))?.[1],
    scan: (range) => iterate(within(rows, range)),
    close: () => Promise.resolve(),
  };
}
