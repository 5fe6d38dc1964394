// How far the log is committed, as either side counts it (thesis 3.5, 3.6.2).
import { logIndex } from "../base/ids.ts";
import type { StepResult } from "./effect.ts";
import { holds, termAt, type LogPosition } from "./log-terms.ts";
import { reachedByQuorum } from "./quorum.ts";
import { proveWaitingReads } from "./read-index.ts";
import { replicateToAll } from "./replicate.ts";
import type { RaftState } from "./state.ts";
import { nextState } from "./successor.ts";

/** A follower's commit index: what its leader says, as far as the logs are known to agree. */
export function learnCommit(state: RaftState, upTo: number): StepResult {
  if (upTo <= state.commitIndex) return { state, effects: [] };
  const commitIndex = logIndex(upTo);
  return {
    state: nextState(state, { commitIndex }),
    effects: [{ kind: "commit", index: commitIndex }],
  };
}

/**
 * What another node knows to be committed, learned without a leader: true of any log that has the
 * same entry there. Whoever stands by a joint configuration may need voters that are gone for good,
 * and this is how it hears that the configuration has been left (tikv/raft-rs, `commit` in votes).
 */
export function learnCommitted(state: RaftState, committed: LogPosition): StepResult {
  const { index, term } = committed;
  const isOurs = holds(state.log, index) && termAt(state.log, index) === term;
  return isOurs ? learnCommit(state, index) : { state, effects: [] };
}

/**
 * A leader's commit index: what a quorum durably holds, the leader's own copy counted only once it
 * has landed, and only up to an entry of its own term (thesis 3.6.2, figure 3.7).
 */
export function advanceCommit(state: RaftState): StepResult {
  const { role } = state;
  if (role.kind !== "leader") return { state, effects: [] };
  const reached = logIndex(
    reachedByQuorum(state.configuration, (node) =>
      node === state.self ? state.durability.index : (role.progress.get(node)?.matchIndex ?? 0),
    ),
  );
  if (reached <= state.commitIndex || termAt(state.log, reached) !== state.term) {
    return { state, effects: [] };
  }
  const committed = learnCommit(state, reached);
  const proving = proveWaitingReads(committed.state);
  const told = replicateToAll(proving.state);
  return {
    state: told.state,
    effects: [...committed.effects, ...proving.effects, ...told.effects],
  };
}
