// What this node derives of the state for queries: the search index, and what became of secrets.
// It goes with the batch of the rows it is derived of, and is no part of the replicated state: it
// may be dropped and made anew at any time.
import { textOf, utf8 } from "../base/bytes.ts";
import { logIndex, type LogIndex } from "../base/ids.ts";
import type {
  EventPage,
  IndexedEvent,
  IndexedName,
  IndexRange,
  RowChange,
} from "../machine/state-view.ts";
import { indexEntriesOf, type IndexEntry } from "../secrets/queries/index-entries.ts";
import type { SecretRecord } from "../secrets/secret.ts";
import { CorruptionError } from "./corruption.ts";
import type { Database } from "./database.ts";
import {
  eventRowKey,
  eventRowsAfter,
  indexOfEventRow,
  indexRowKey,
  indexRowsOf,
  placeOfIndexRow,
} from "./derived-keys.ts";
import {
  decodeProgress,
  encodeProgress,
  progressFor,
  type DerivedProgress,
} from "./derived-progress.ts";
import { decodeEvents, encodeEvents } from "./event-codec.ts";
import { frame, unframe } from "./frame.ts";
import { MalformedBytesError } from "./internal-codec.ts";
import { derivedPrefix, progressKey, type DerivedMake } from "./keys.ts";
import { OverlaidRows, type FoundRow } from "./overlaid-rows.ts";
import type { PendingBatch } from "./pending-batch.ts";

type IndexChange = Extract<RowChange, { row: "index" }>;
type EventChange = Extract<RowChange, { row: "event" }>;
export type DerivedChange = IndexChange | EventChange;

export interface DerivedParts {
  readonly database: Database;
  readonly generation: number;
  readonly applied: { readonly appliedIndex: LogIndex; readonly rowCount: number };
  readonly onCorruption: (error: unknown) => void;
  /** For how many entries of the log. */
  readonly eventsKept: number;
}

export class DerivedRows {
  readonly #parts: DerivedParts;
  readonly #rows: OverlaidRows;
  #progress: DerivedProgress;

  constructor(parts: DerivedParts) {
    const { database, generation, onCorruption } = parts;
    this.#parts = parts;
    this.#progress = progressFor(readProgress(database, generation), parts.applied);
    const prefix = derivedPrefix(this.live);
    this.#rows = new OverlaidRows({ database, prefix, what: "a derived row", onCorruption });
  }

  /** Rows of any earlier make are nobody's. */
  get live(): DerivedMake {
    return { generation: this.#parts.generation, make: this.#progress.make };
  }

  get isComplete(): boolean {
    return this.#progress.isComplete;
  }

  get builtThrough(): number {
    return this.#progress.builtThrough;
  }

  get unlandedCount(): number {
    return this.#rows.unlandedCount;
  }

  /** Takes what the entry at an index changed; entries come one after the other. */
  absorb(changes: readonly DerivedChange[], at: LogIndex): void {
    const events = changes.flatMap((change) => (change.row === "event" ? [change.event] : []));
    if (events.length > 0) this.#rows.set(eventRowKey(at), encodeEvents(events));
    // Whether it had any: a look would cost more than a removal that finds nothing.
    const outdated = at - this.#parts.eventsKept;
    if (outdated > this.#progress.eventsFrom) {
      this.#rows.set(eventRowKey(logIndex(outdated)), undefined);
    }
    for (const change of changes) if (change.row === "index") this.#absorbIndex(change);
    this.#progress = { ...this.#progress, appliedIndex: at };
  }

  /**
   * Takes a secret that was there already into the index, as it is now. What became of it before
   * and becomes of it later, `absorb` is told: nothing is lost in between, and nothing stays.
   */
  build(secret: SecretRecord): void {
    const { name, order } = secret;
    this.#absorbIndex({ row: "index", name, order, added: indexEntriesOf(secret), dropped: [] });
  }

  built(through: number, isComplete: "complete" | "incomplete"): void {
    this.#progress = {
      ...this.#progress,
      builtThrough: through,
      isComplete: isComplete === "complete",
    };
  }

  async indexed(range: IndexRange): Promise<readonly IndexedName[]> {
    const rows = await this.#rows.page({
      range: indexRowsOf(range),
      limit: range.limit,
      isReverse: range.direction === "descending",
    });
    return rows.map((row) => this.#rows.checked(() => indexedName(row)));
  }

  async eventsAfter(after: LogIndex, limit: number): Promise<EventPage | "too_old"> {
    const { appliedIndex, eventsFrom } = this.#progress;
    if (after < Math.max(eventsFrom, appliedIndex - this.#parts.eventsKept)) return "too_old";
    const rows = await this.#rows.page({ range: eventRowsAfter(after), limit, isReverse: false });
    const events: IndexedEvent[] = [];
    for (const { key, payload } of rows) {
      const index = indexOfEventRow(key);
      const ofEntry = this.#rows.checked(() => decodeEvents(payload));
      events.push(...ofEntry.map((event) => ({ index, event })));
      // An entry is told as a whole: its events have no place of their own to go on from.
      if (events.length >= limit) return { events, through: index };
    }
    // Whoever has seen a node that is further than this one is not sent back.
    return { events, through: logIndex(Math.max(after, appliedIndex)) };
  }

  /** As `OverlaidRows.writeTo`. */
  writeTo(batch: PendingBatch): () => void {
    const key = progressKey(this.#parts.generation);
    batch.put(key, frame(key, encodeProgress(this.#progress)));
    return this.#rows.writeTo(batch);
  }

  #absorbIndex({ name, order, added, dropped }: IndexChange): void {
    const set = ({ index, term }: IndexEntry, payload: Uint8Array | undefined): void => {
      this.#rows.set(indexRowKey(index, { term, order }), payload);
    };
    const payload = utf8(name);
    for (const entry of dropped) set(entry, undefined);
    for (const entry of added) set(entry, payload);
  }
}

/** Throws `CorruptionError`. */
export function readProgress(
  reader: Pick<Database, "get">,
  generation: number,
): DerivedProgress | undefined {
  const key = progressKey(generation);
  const framed = reader.get(key);
  if (framed === undefined) return undefined;
  const where = "the progress of derived rows";
  try {
    return decodeProgress(unframe(key, framed, where));
  } catch (cause) {
    if (!(cause instanceof MalformedBytesError)) throw cause;
    throw new CorruptionError(where, cause.message, { cause });
  }
}

function indexedName({ key, payload }: FoundRow): IndexedName {
  const name = textOf(payload);
  if (name === undefined) throw new CorruptionError("the search index", "a name is no text");
  return { ...placeOfIndexRow(key), name };
}
