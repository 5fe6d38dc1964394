// What a leader sends: its own new entries, and to each follower what that one lacks (thesis 3.5,
// 10.2.1). Nothing here waits for an answer; answers.ts makes something of those.
import { assert } from "../base/assert.ts";
import { logIndex, type LogIndex, type NodeId, type Term } from "../base/ids.ts";
import { issued } from "./durability.ts";
import type { Effect, StepResult } from "./effect.ts";
import type { Entry } from "./input.ts";
import { extend, holds, positionAt, truncateFrom } from "./log-terms.ts";
import { canSend, sent, type Progress } from "./progress.ts";
import type { Leader, RaftState } from "./state.ts";
import { nextLeader, nextProgress, nextState } from "./successor.ts";
import { unappliedAfter } from "./unapplied.ts";

type Content = Pick<Entry, "kind" | "payload">;

export function onPropose(state: RaftState, payloads: readonly Uint8Array[]): StepResult {
  assert(state.role.kind === "leader", "only a leader is given proposals");
  return appendAndReplicate(
    state,
    payloads.map((payload) => ({ kind: "command", payload })),
  );
}

/**
 * Adds entries to the leader's own log and sends them on.
 *
 * The sends are listed ahead of the write: an entry may travel while the leader's own copy is on
 * its way to the disk, because the leader counts itself only once that has landed (thesis 10.2.1).
 */
export function appendAndReplicate(state: RaftState, contents: readonly Content[]): StepResult {
  const first = state.log.lastIndex + 1;
  const entries = contents.map((content, offset) => ({
    index: logIndex(first + offset),
    term: state.term,
    kind: content.kind,
    payload: content.payload,
  }));
  const write = appendToLog(state, entries);
  const sends = replicateToAll(write.state);
  return { state: sends.state, effects: [...sends.effects, ...write.effects] };
}

/** Sends to every follower that can take more and lacks something. */
export function replicateToAll(state: RaftState): StepResult {
  if (state.role.kind !== "leader") return { state, effects: [] };
  return [...state.role.progress.keys()].reduce<StepResult>(
    (result, peer) => {
      const one = replicateTo(result.state, peer);
      return { state: one.state, effects: [...result.effects, ...one.effects] };
    },
    { state, effects: [] },
  );
}

export function replicateTo(state: RaftState, to: NodeId): StepResult {
  const { role } = state;
  if (role.kind !== "leader") return { state, effects: [] };
  const progress = role.progress.get(to);
  if (progress === undefined) return { state, effects: [] };
  if (!holds(state.log, logIndex(progress.nextIndex - 1))) {
    return sendSnapshotTo(state, role, to, progress);
  }
  const lacksEntries = progress.nextIndex <= state.log.lastIndex;
  const lacksCommit = progress.mode === "replicate" && progress.sentCommit < state.commitIndex;
  if (!(lacksEntries || lacksCommit) || !canSend(progress, state.settings.flow)) {
    return { state, effects: [] };
  }
  const effect: Effect = {
    kind: "send_entries",
    to,
    term: state.term,
    prev: positionAt(state.log, logIndex(progress.nextIndex - 1)),
    upTo: state.log.lastIndex,
    commitIndex: state.commitIndex,
    readRound: role.reads.round,
  };
  const busy = nextProgress(progress, { isSending: true, sentCommit: state.commitIndex });
  return { state: withProgress(state, role, to, busy), effects: [effect] };
}

/** Only to a follower that answers: a snapshot for a dead one would be in the way of others. */
function sendSnapshotTo(
  state: RaftState,
  role: Leader,
  to: NodeId,
  progress: Progress,
): StepResult {
  // After one that failed, as after a probe, the next answer to a heartbeat comes first.
  const isBusy = progress.mode === "snapshot" || progress.isSending || progress.isProbeOut;
  if (isBusy || !progress.isActive) return { state, effects: [] };
  const waiting = nextProgress(progress, { mode: "snapshot", isProbeOut: false, inFlight: [] });
  return {
    state: withProgress(state, role, to, waiting),
    effects: [{ kind: "send_snapshot", to, term: state.term }],
  };
}

export function onEntriesSent(
  state: RaftState,
  report: {
    readonly to: NodeId;
    readonly term: Term;
    readonly last: LogIndex;
    readonly sizeBytes: number;
  },
): StepResult {
  const { role } = state;
  if (role.kind !== "leader" || report.term !== state.term) return { state, effects: [] };
  const progress = role.progress.get(report.to);
  if (progress?.isSending !== true) return { state, effects: [] };
  const after = sent(progress, report.last, report.sizeBytes);
  return replicateTo(withProgress(state, role, report.to, after), report.to);
}

/**
 * An append may be lost without anybody noticing, and be the last for a long time. Once a heartbeat
 * the leader asks about what is not answered yet, with an append that carries nothing: it is
 * matched once everything before it is durable, and mismatched if something is missing.
 */
export function askWhatArrived(state: RaftState): readonly Effect[] {
  const { role, commitIndex } = state;
  if (role.kind !== "leader") return [];
  return [...role.progress]
    .filter(([, { isSending, inFlight }]) => !isSending && inFlight.length > 0)
    .filter(([, { nextIndex }]) => holds(state.log, logIndex(nextIndex - 1)))
    .map(([to, { nextIndex }]) => ({
      kind: "send",
      to,
      message: {
        kind: "append_request",
        term: state.term,
        prev: positionAt(state.log, logIndex(nextIndex - 1)),
        entries: [],
        commitIndex,
        readRound: role.reads.round,
      },
    }));
}

/** Replaces the log from the first of `entries` on, and asks for the write. */
export function appendToLog(state: RaftState, entries: readonly Entry[]): StepResult {
  const first = entries[0];
  const last = entries.at(-1);
  if (first === undefined || last === undefined) return { state, effects: [] };
  assert(first.index > state.commitIndex, "a committed entry is never replaced");
  const kept = truncateFrom(state.log, first.index);
  const log = entries.reduce((grown, entry) => extend(grown, entry.term, 1), kept);
  assert(log.lastIndex === last.index, "entries follow each other without a gap");
  const sequence = state.durability.nextSequence;
  return {
    state: nextState(state, {
      log,
      durability: issued(state.durability, first.index, last.index),
      unappliedMemberships: unappliedAfter(state.unappliedMemberships, entries),
    }),
    effects: [{ kind: "persist", sequence, hardState: undefined, entries }],
  };
}

export function withProgress(
  state: RaftState,
  role: Leader,
  peer: NodeId,
  progress: Progress,
): RaftState {
  return nextState(state, {
    role: nextLeader(role, { progress: new Map(role.progress).set(peer, progress) }),
  });
}
