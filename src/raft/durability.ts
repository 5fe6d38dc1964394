// How far this node's own log is durable. A report of an old write must not vouch for entries that
// have replaced what it wrote, even at the same index and term.
import { logIndex, type LogIndex } from "../base/ids.ts";
import { nextDurability } from "./successor.ts";

export interface Durability {
  /** Invariant: every entry up to here is on this node's disk, and is the one in the log. */
  readonly index: LogIndex;
  /** Writes under way, in order, and the last entry each of them still vouches for. */
  readonly pending: readonly { readonly sequence: number; readonly last: LogIndex }[];
  readonly nextSequence: number;
}

export function durableUpTo(index: LogIndex): Durability {
  return { index, pending: [], nextSequence: 1 };
}

/** The log has been replaced by a snapshot that ends at `index`, and nothing is under way. */
export function durableFrom(durability: Durability, index: LogIndex): Durability {
  return nextDurability(durability, { index, pending: [] });
}

/** A write is issued that ends the log at `last` and replaces it from `first` on. */
export function issued(durability: Durability, first: LogIndex, last: LogIndex): Durability {
  const beforeFirst = logIndex(first - 1);
  const clip = (index: LogIndex): LogIndex => (index < first ? index : beforeFirst);
  return {
    index: clip(durability.index),
    pending: [
      ...durability.pending.map(({ sequence, last: end }) => ({ sequence, last: clip(end) })),
      { sequence: durability.nextSequence, last },
    ],
    nextSequence: durability.nextSequence + 1,
  };
}

/** A write is issued that leaves the log as it is. */
export function issuedWithoutEntries(durability: Durability): Durability {
  return nextDurability(durability, { nextSequence: durability.nextSequence + 1 });
}

/** Everything up to `sequence` has landed. */
export function landed(durability: Durability, sequence: number): Durability {
  const done = durability.pending.filter((write) => write.sequence <= sequence);
  if (done.length === 0) return durability;
  return nextDurability(durability, {
    index: logIndex(Math.max(durability.index, ...done.map((write) => write.last))),
    pending: durability.pending.filter((write) => write.sequence > sequence),
  });
}
