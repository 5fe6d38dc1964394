// Handing the lead over: the leader takes no more proposals, brings its successor up to its own
// last entry and tells it to stand at once. The others vote for it although they hear the leader,
// since it is the leader that wants it (thesis 3.10).
import { assert } from "../base/assert.ts";
import type { NodeId } from "../base/ids.ts";
import { isVoter } from "./configuration.ts";
import type { StepResult } from "./effect.ts";
import { startElection } from "./election.ts";
import { mayStand } from "./membership.ts";
import { replicateTo } from "./replicate.ts";
import type { Leader, RaftState } from "./state.ts";
import { nextState } from "./successor.ts";

/** A second request for the same successor changes nothing; one for another takes its place. */
export function onTransfer(state: RaftState, to: NodeId): StepResult {
  const { role } = state;
  assert(role.kind === "leader", "only a leader hands the lead over");
  const isFit = to !== state.self && isVoter(state.configuration, to) && role.progress.has(to);
  if (!isFit || role.transfer?.to === to) return { state, effects: [] };
  const transfer = { to, ticksLeft: state.settings.electionTicks };
  return urgeSuccessor(nextState(state, { role: { ...role, transfer } }), to);
}

/** Tells the successor to stand, once it has everything; sends it what it lacks until then. */
export function urgeSuccessor(state: RaftState, heard: NodeId): StepResult {
  const { role } = state;
  if (role.kind !== "leader" || role.transfer?.to !== heard) return { state, effects: [] };
  const hasEverything = role.progress.get(heard)?.matchIndex === state.log.lastIndex;
  if (!hasEverything) return replicateTo(state, heard);
  const message = { kind: "timeout_now", term: state.term } as const;
  return { state, effects: [{ kind: "send", to: heard, message }] };
}

/** A successor that does not take the lead within an election timeout is given up. */
export function ageTransfer(role: Leader, elapsedTicks: number): Leader {
  const { transfer } = role;
  if (transfer === undefined) return role;
  const ticksLeft = transfer.ticksLeft - elapsedTicks;
  return { ...role, transfer: ticksLeft > 0 ? { ...transfer, ticksLeft } : undefined };
}

/** The leader's word stands in for a pre-vote: it knows that the election can be won. */
export function onTimeoutNow(state: RaftState, from: NodeId): StepResult {
  const { role } = state;
  const isFromLeader = role.kind === "follower" && role.leader === from;
  if (!isFromLeader || !mayStand(state)) return { state, effects: [] };
  return startElection(state, "transfer");
}
