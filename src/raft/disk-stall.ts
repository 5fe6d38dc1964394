// A disk that takes no writes. Heartbeats do not need it, so its leader would lead on, keep the
// others quiet, and commit nothing: it steps down and falls silent instead. The stall is reported
// again with every tick, so nothing of it is remembered (hashicorp/raft#503, consul#22064).
import type { StepResult } from "./effect.ts";
import { becomeFollower, patientFromNow } from "./election.ts";
import type { RaftState } from "./state.ts";

/** Waits for a whole election timeout more; what it has heard of its leader stays true. */
export function onDiskStalled(state: RaftState): StepResult {
  const isFollower = state.role.kind === "follower";
  const follower = isFollower ? state : becomeFollower(state, state.term, undefined);
  return { state: patientFromNow(follower), effects: [] };
}
