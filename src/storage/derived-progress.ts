// How far a node has come with what it derives of the state: one row a generation, written with
// every batch, so that rows which a batch left behind are told from those of the state they are of.
import { logIndex, type LogIndex } from "../base/ids.ts";
import { counterOf, decodeAs, internal } from "./internal-codec.ts";

/** Bumped whenever the rows would be others: the next start makes them anew. */
export const derivedFormat = 1;

export interface DerivedProgress {
  readonly format: number;
  /** Counts how often the rows were begun anew. */
  readonly make: number;
  /** What they are derived of: the state after this entry. */
  readonly appliedIndex: LogIndex;
  /** The index holds every secret up to this place in the order of creation. */
  readonly builtThrough: number;
  readonly isComplete: boolean;
  /** Events are kept from behind this entry on. */
  readonly eventsFrom: LogIndex;
}

export function encodeProgress(progress: DerivedProgress): Uint8Array {
  return internal.DerivedProgressRow.encode(progress).finish();
}

/** Throws `MalformedBytesError`. */
export function decodeProgress(bytes: Uint8Array): DerivedProgress {
  const row = decodeAs(internal.DerivedProgressRow, bytes, "the progress of derived rows");
  return {
    format: counterOf(row.format, "a format of derived rows"),
    make: counterOf(row.make, "a make of derived rows"),
    appliedIndex: logIndex(counterOf(row.appliedIndex, "the index of derived rows")),
    builtThrough: counterOf(row.builtThrough, "the progress of the search index"),
    isComplete: row.isComplete,
    eventsFrom: logIndex(counterOf(row.eventsFrom, "the first event")),
  };
}

/**
 * Where to go on: with the rows that are there, if they are of this very state and in this format;
 * else from the beginning. An older release, for one, applies entries and derives nothing.
 */
export function progressFor(
  stored: DerivedProgress | undefined,
  { appliedIndex, rowCount }: { readonly appliedIndex: LogIndex; readonly rowCount: number },
): DerivedProgress {
  if (stored?.format === derivedFormat && stored.appliedIndex === appliedIndex) return stored;
  return {
    format: derivedFormat,
    make: (stored?.make ?? 0) + 1,
    appliedIndex,
    builtThrough: 0,
    // Of a state without a row there is nothing to derive.
    isComplete: rowCount === 0,
    eventsFrom: appliedIndex,
  };
}
