// All that one node knows of its group. Plain values, replaced and never changed in place.
import type { LogIndex, NodeId, Term } from "../base/ids.ts";
import type { Configuration } from "./configuration.ts";
import { durableUpTo, type Durability } from "./durability.ts";
import type { HardState } from "./effect.ts";
import type { LogTerms } from "./log-terms.ts";
import { draw, type Prng } from "./prng.ts";
import type { FlowLimits, Progress } from "./progress.ts";
import { provenCommitted } from "./unapplied.ts";

export interface RaftState {
  readonly self: NodeId;
  /** As of the last applied entry that changed it (membership.ts). */
  readonly configuration: Configuration;
  readonly settings: RaftSettings;

  /** Hard state: step.ts has it persisted before anything that rests on it is sent. */
  readonly term: Term;
  readonly votedFor: NodeId | undefined;

  readonly log: LogTerms;
  readonly durability: Durability;

  /** Invariant: `commitIndex <= log.lastIndex`, and it never goes back. */
  readonly commitIndex: LogIndex;

  /**
   * The `membership` and `leave_joint` entries of the log that are not applied yet, ascending: what
   * `configuration` does not reflect.
   */
  readonly unappliedMemberships: readonly LogIndex[];

  readonly role: Role;
  readonly prng: Prng;
}

export interface RaftSettings {
  /** Silence from a leader, in ticks, after which an election may begin. */
  readonly electionTicks: number;
  /** Ticks from one heartbeat of a leader to the next. */
  readonly heartbeatTicks: number;
  readonly flow: FlowLimits;
}

/** What only one role knows. A field of another role cannot be read. */
export type Role = Follower | PreCandidate | Candidate | Leader;
export type Electing = PreCandidate | Candidate;

export interface Follower extends Patience {
  readonly kind: "follower";
  readonly leader: NodeId | undefined;
}

/** Asks whether an election could be won, before it disturbs anybody with one (thesis 9.6). */
export interface PreCandidate extends Patience {
  readonly kind: "pre_candidate";
  readonly votes: Votes;
}

export interface Candidate extends Patience {
  readonly kind: "candidate";
  readonly votes: Votes;
}

export type Votes = ReadonlyMap<NodeId, "granted" | "refused">;

export interface Patience {
  /** Ticks since the leader was heard, a vote was given, or an election was begun. */
  readonly quietTicks: number;
  /** Between one and two election timeouts, drawn anew each time; less once the leader is gone. */
  readonly patienceTicks: number;
}

export interface Leader {
  readonly kind: "leader";
  /** Everybody else who receives the log. */
  readonly progress: ReadonlyMap<NodeId, Progress>;
  /** The leader's own first entry: nothing before it is committed by counting (thesis 3.6.2). */
  readonly firstOwnIndex: LogIndex;
  readonly ticksToHeartbeat: number;
  readonly ticksSinceQuorumCheck: number;
  readonly reads: Reads;
  /** Who is to lead next. Meanwhile nothing new is proposed. */
  readonly transfer: Transfer | undefined;
}

export interface Transfer {
  readonly to: NodeId;
  /** Until it is given up: leading goes on. */
  readonly ticksLeft: number;
}

/** Reads on their way to being safe (thesis 6.4). */
export interface Reads {
  /** The newest round: sent with every heartbeat and append, echoed by every answer. */
  readonly round: number;
  /** Asked, and waiting for a quorum to answer their round. Ascending in `round`. */
  readonly proving: readonly ProvingRead[];
  /** Asked before the leader has committed an entry of its own term. */
  readonly waiting: readonly AskedRead[];
}

export interface AskedRead {
  readonly readId: number;
  /** The node whose client reads. */
  readonly origin: NodeId;
}

export interface ProvingRead extends AskedRead {
  readonly round: number;
  /** What was committed when the round began: the read must see all of it. */
  readonly index: LogIndex;
}

/** What a node starts from: what its disk remembers, and who it is. */
export interface Recovered {
  readonly self: NodeId;
  readonly configuration: Configuration;
  readonly settings: RaftSettings;
  readonly hardState: HardState;
  /** All of it durable. */
  readonly log: LogTerms;
  /** At least what is applied. */
  readonly commitIndex: LogIndex;
  /** The `membership` and `leave_joint` entries of `log` after what is applied, ascending. */
  readonly unappliedMemberships: readonly LogIndex[];
  readonly seed: Prng;
}

export function startAsFollower(recovered: Recovered): RaftState {
  const { self, configuration, settings, hardState, log, unappliedMemberships, seed } = recovered;
  const proven = provenCommitted(recovered.unappliedMemberships);
  const { value, prng } = draw(seed, settings.electionTicks);
  return {
    self,
    configuration,
    settings,
    term: hardState.term,
    votedFor: hardState.votedFor,
    log,
    durability: durableUpTo(log.lastIndex),
    commitIndex: proven > recovered.commitIndex ? proven : recovered.commitIndex,
    unappliedMemberships,
    role: {
      kind: "follower",
      leader: undefined,
      quietTicks: 0,
      patienceTicks: settings.electionTicks + value,
    },
    prng,
  };
}

/** Who leads, as far as this node knows. */
export function knownLeader(state: RaftState): NodeId | undefined {
  if (state.role.kind === "leader") return state.self;
  return state.role.kind === "follower" ? state.role.leader : undefined;
}
