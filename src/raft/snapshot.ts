// When the log no longer reaches back far enough: dropping what is in the state, bringing a
// follower its state as a whole, and starting anew from one (thesis 5.1, 5.2; the Raft paper,
// section 7). The core decides when; the rows never pass through it.
import { assert } from "../base/assert.ts";
import { logIndex, type LogIndex, type NodeId, type Term } from "../base/ids.ts";
import type { Configuration } from "./configuration.ts";
import { durableFrom } from "./durability.ts";
import type { StepResult } from "./effect.ts";
import { becomeFollower } from "./election.ts";
import type { Input } from "./input.ts";
import { positionAt, startAt, termAt, type LogPosition } from "./log-terms.ts";
import { matched, probeFrom } from "./progress.ts";
import { replicateTo, withProgress } from "./replicate.ts";
import type { RaftState } from "./state.ts";
import { nextProgress, nextState } from "./successor.ts";
import { urgeSuccessor } from "./transfer.ts";

export function onCompacted(state: RaftState, upTo: LogIndex): StepResult {
  assert(upTo <= state.commitIndex, "only what is committed is in the state");
  if (upTo <= state.log.start.index) return { state, effects: [] };
  const log = startAt(state.log, positionAt(state.log, upTo));
  return { state: nextState(state, { log }), effects: [] };
}

export function onSnapshotEnded(
  state: RaftState,
  report: Extract<Input, { kind: "snapshot_ended" }>,
): StepResult {
  const { role } = state;
  const { to, outcome } = report;
  const known = leaderProgress(state, to, report.term);
  if (role.kind !== "leader" || known?.mode !== "snapshot") return { state, effects: [] };
  if (outcome.kind === "failed") {
    // As after a lost probe: the next heartbeat that is answered tries again.
    const waiting = nextProgress(probeFrom(known, known.nextIndex), { isProbeOut: true });
    return { state: withProgress(state, role, to, waiting), effects: [] };
  }
  const told = replicateTo(withProgress(state, role, to, matched(known, outcome.index)), to);
  // It may have been the last thing that a successor lacked.
  const urged = urgeSuccessor(told.state, to);
  return { state: urged.state, effects: [...told.effects, ...urged.effects] };
}

/**
 * Whether this node durably holds everything that a snapshot at `position` would bring. Then it is
 * not installed: that would drop the entries after it, which a leader may count on by now.
 */
export function holdsUpTo(state: RaftState, position: LogPosition): boolean {
  const { log, commitIndex, durability } = state;
  if (position.index > durability.index) return false;
  return position.index <= commitIndex || termAt(log, position.index) === position.term;
}

/** The state is the leader's as of `position`; of the log before it nothing is left. */
export function onSnapshotInstalled(
  state: RaftState,
  {
    position,
    configuration,
  }: {
    readonly position: LogPosition;
    readonly configuration: Configuration;
  },
): StepResult {
  assert(state.role.kind !== "leader", "a leader lacks nothing");
  assert(position.index > state.commitIndex, "a snapshot never takes a node back");
  assert(!holdsUpTo(state, position), "what this node has acknowledged is never dropped");
  assert(state.durability.pending.length === 0, "no write is under way");
  const index = logIndex(position.index);
  // Votes that were asked for in another configuration, with another log, decide nothing.
  const isWaiting = state.role.kind === "follower";
  const follower = isWaiting ? state : becomeFollower(state, state.term, undefined);
  return {
    state: nextState(follower, {
      configuration,
      log: { start: position, runs: [], lastIndex: index },
      durability: durableFrom(state.durability, index),
      commitIndex: index,
      unappliedMemberships: [],
    }),
    effects: [],
  };
}

function leaderProgress(state: RaftState, peer: NodeId, inTerm: Term) {
  if (state.role.kind !== "leader" || state.term !== inTerm) return undefined;
  return state.role.progress.get(peer);
}
