// A record of the core with some of its fields replaced. Written out, because the core does little
// else: in Node.js 20 an object spread gives its result another hidden class at each place, and of
// what was made by spreads it takes thirty times as long as a literal. What is rare may use one.
import type { Durability } from "./durability.ts";
import type { Progress } from "./progress.ts";
import type { Follower, Leader, RaftState } from "./state.ts";

type Replaced<Whole> = { readonly [Field in keyof Whole]?: Whole[Field] };

export function nextState(
  state: RaftState,
  change: Replaced<Omit<RaftState, "self" | "settings" | "votedFor">>,
): RaftState {
  return {
    self: state.self,
    configuration: change.configuration ?? state.configuration,
    settings: state.settings,
    term: change.term ?? state.term,
    votedFor: state.votedFor,
    log: change.log ?? state.log,
    durability: change.durability ?? state.durability,
    commitIndex: change.commitIndex ?? state.commitIndex,
    unappliedMemberships: change.unappliedMemberships ?? state.unappliedMemberships,
    role: change.role ?? state.role,
    prng: change.prng ?? state.prng,
  };
}

/** With a vote, or without one. */
export function withVote(state: RaftState, votedFor: RaftState["votedFor"]): RaftState {
  const { self, configuration, settings, term, log } = state;
  const { durability, commitIndex, unappliedMemberships, role, prng } = state;
  return {
    self,
    configuration,
    settings,
    term,
    votedFor,
    log,
    durability,
    commitIndex,
    unappliedMemberships,
    role,
    prng,
  };
}

export function nextLeader(
  role: Leader,
  change: Replaced<Omit<Leader, "kind" | "firstOwnIndex" | "transfer">>,
): Leader {
  return {
    kind: "leader",
    progress: change.progress ?? role.progress,
    firstOwnIndex: role.firstOwnIndex,
    ticksToHeartbeat: change.ticksToHeartbeat ?? role.ticksToHeartbeat,
    ticksSinceQuorumCheck: change.ticksSinceQuorumCheck ?? role.ticksSinceQuorumCheck,
    reads: change.reads ?? role.reads,
    transfer: role.transfer,
  };
}

export function nextFollower({ leader, patienceTicks }: Follower, quietTicks: number): Follower {
  return { kind: "follower", leader, quietTicks, patienceTicks };
}

export function nextProgress(progress: Progress, change: Replaced<Progress>): Progress {
  return {
    matchIndex: change.matchIndex ?? progress.matchIndex,
    nextIndex: change.nextIndex ?? progress.nextIndex,
    mode: change.mode ?? progress.mode,
    isProbeOut: change.isProbeOut ?? progress.isProbeOut,
    isSending: change.isSending ?? progress.isSending,
    inFlight: change.inFlight ?? progress.inFlight,
    sentCommit: change.sentCommit ?? progress.sentCommit,
    isActive: change.isActive ?? progress.isActive,
    ackedRound: change.ackedRound ?? progress.ackedRound,
  };
}

export function nextDurability(durability: Durability, change: Replaced<Durability>): Durability {
  return {
    index: change.index ?? durability.index,
    pending: change.pending ?? durability.pending,
    nextSequence: change.nextSequence ?? durability.nextSequence,
  };
}
