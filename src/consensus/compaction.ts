// How much of the log is kept: enough for followers that are a little behind, never so much that a
// dead one makes it grow. Who is further behind is brought the state as a whole.
import { logIndex, type LogIndex } from "../base/ids.ts";
import type { RaftState } from "../raft/state.ts";
import type { LogStore } from "../storage/log-store.ts";

export interface CompactionLimits {
  /** Kept for whoever comes back soon. */
  readonly count: number;
  readonly sizeBytes: number;
  /** Kept at most, for followers that answer and are slow. */
  readonly countMax: number;
  readonly sizeBytesMax: number;
  /** Dropped at once: fewer are not worth a write, more would hold up others. */
  readonly stepMin: number;
  readonly stepMax: number;
}

const mebibyte = 1024 * 1024;

export const compactionLimits: CompactionLimits = {
  count: 10_000,
  sizeBytes: 64 * mebibyte,
  countMax: 100_000,
  sizeBytesMax: 256 * mebibyte,
  stepMin: 1_000,
  stepMax: 5_000,
};

export interface CompactionView {
  readonly log: LogStore;
  /** Applied, and durably so. */
  readonly appliedDurably: LogIndex;
  readonly state: RaftState;
  /** A snapshot that is being sent: what follows on it must stay. */
  readonly snapshotHeld: LogIndex | undefined;
}

/** Up to where the log may be dropped now; nothing, if it is not worth it. */
export function compactionTarget(
  { log, appliedDurably, state, snapshotHeld }: CompactionView,
  limits: CompactionLimits,
): LogIndex | undefined {
  const wanted = log.firstWithin(limits.count, limits.sizeBytes) - 1;
  const tolerated = log.firstWithin(limits.countMax, limits.sizeBytesMax) - 1;
  const needed = Math.min(slowestActive(state), snapshotHeld ?? Infinity);
  const upTo = Math.min(appliedDurably, Math.max(tolerated, Math.min(wanted, needed)));
  const step = upTo - log.start.index;
  if (step < limits.stepMin) return firstStep(log, appliedDurably);
  return logIndex(log.start.index + Math.min(step, limits.stepMax));
}

/**
 * A log that nothing was ever dropped from would reach a newcomer without the configuration, which
 * stands in the state: its start is past the beginning as soon as anything is applied.
 */
function firstStep(log: LogStore, appliedDurably: LogIndex): LogIndex | undefined {
  return log.start.index === 0 && appliedDurably > 0 ? logIndex(1) : undefined;
}

/** How far the slowest follower that answers has come; only a leader knows of any. */
function slowestActive({ role }: RaftState): number {
  if (role.kind !== "leader") return Infinity;
  const active = [...role.progress.values()].filter(({ isActive }) => isActive);
  return Math.min(...active.map(({ matchIndex }) => matchIndex));
}
