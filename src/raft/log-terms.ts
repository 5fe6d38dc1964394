// The log as the core sees it: which term each entry has, and nothing of what is in it. A log of a
// million entries is a handful of runs, so the core stays small, synchronous and cheap to copy.
import { assert } from "../base/assert.ts";
import { logIndex, term, type LogIndex, type Term } from "../base/ids.ts";

export interface LogTerms {
  /** The position just before the first entry that is kept; everything up to it is in the state. */
  readonly start: LogPosition;
  /** Ascending in both fields, one item a term. Invariant: all lie after `start`. */
  readonly runs: readonly TermRun[];
  readonly lastIndex: LogIndex;
}

export interface TermRun {
  readonly term: Term;
  readonly firstIndex: LogIndex;
}

/** Names one entry. Logs that agree on a position agree on everything before it (thesis 3.5). */
export interface LogPosition {
  readonly index: LogIndex;
  readonly term: Term;
}

export const beforeLog: LogPosition = { index: logIndex(0), term: term(0) };

export const emptyLog: LogTerms = { start: beforeLog, runs: [], lastIndex: logIndex(0) };

export function lastPosition(log: LogTerms): LogPosition {
  return { index: log.lastIndex, term: termAt(log, log.lastIndex) };
}

/** Whether the term of `index` is known: it is neither compacted away nor past the end. */
export function holds(log: LogTerms, index: LogIndex): boolean {
  return index >= log.start.index && index <= log.lastIndex;
}

export function termAt(log: LogTerms, index: LogIndex): Term {
  assert(holds(log, index), "only an entry of the log has a term");
  return log.runs.findLast((run) => run.firstIndex <= index)?.term ?? log.start.term;
}

/** The position of `index` in the log. */
export function positionAt(log: LogTerms, index: LogIndex): LogPosition {
  return { index, term: termAt(log, index) };
}

/** Adds `count` entries of one term after the last. */
export function extend(log: LogTerms, inTerm: Term, count: number): LogTerms {
  assert(inTerm >= lastPosition(log).term, "terms never go back along the log");
  if (count === 0) return log;
  const isNewTerm = log.runs.at(-1)?.term !== inTerm;
  const run = { term: inTerm, firstIndex: logIndex(log.lastIndex + 1) };
  return {
    start: log.start,
    runs: isNewTerm ? [...log.runs, run] : log.runs,
    lastIndex: logIndex(log.lastIndex + count),
  };
}

/** Drops everything up to and with `position`: it is in the state, or a snapshot brings it. */
export function startAt(log: LogTerms, position: LogPosition): LogTerms {
  assert(position.index >= log.start.index, "what was dropped does not come back");
  if (position.index >= log.lastIndex) {
    return { start: position, runs: [], lastIndex: position.index };
  }
  const first = logIndex(position.index + 1);
  const current = termAt(log, first);
  const later = log.runs.filter((run) => run.firstIndex > first);
  return {
    start: position,
    runs: [{ term: current, firstIndex: first }, ...later],
    lastIndex: log.lastIndex,
  };
}

/** Drops `index` and everything after it. */
export function truncateFrom(log: LogTerms, index: LogIndex): LogTerms {
  assert(index > log.start.index, "what is in the state is never dropped");
  if (index > log.lastIndex) return log;
  return {
    start: log.start,
    runs: log.runs.filter((run) => run.firstIndex < index),
    lastIndex: logIndex(index - 1),
  };
}

/**
 * The last position at or before `index` whose term is not above `atMost`: where two logs that
 * disagree may agree at best. Skips a whole term a step (thesis 3.5, the optimization after the
 * consistency check).
 */
export function lastAtMost(log: LogTerms, index: LogIndex, atMost: Term): LogPosition {
  const from = logIndex(Math.min(index, log.lastIndex));
  if (from <= log.start.index) return log.start;
  const above = log.runs.find((run) => run.term > atMost);
  if (above === undefined || above.firstIndex > from) return positionAt(log, from);
  const before = logIndex(Math.max(above.firstIndex - 1, log.start.index));
  return positionAt(log, before);
}

/** Whether `ours` holds everything a voter with `theirs` may have seen committed (thesis 3.6.1). */
export function isAtLeastAsComplete(ours: LogPosition, theirs: LogPosition): boolean {
  if (ours.term !== theirs.term) return ours.term > theirs.term;
  return ours.index >= theirs.index;
}
