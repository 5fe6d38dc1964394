// One node, one input: what it becomes, and what must be done about it.
//
// Read state.ts, input.ts and effect.ts first: they are the whole vocabulary.
import { assert, unreachable } from "../base/assert.ts";
import type { NodeId } from "../base/ids.ts";
import { onAppendResponse, onHeartbeatResponse } from "./answers.ts";
import { advanceCommit } from "./commit.ts";
import { onDiskStalled } from "./disk-stall.ts";
import { issuedWithoutEntries, landed } from "./durability.ts";
import type { Effect, Persist, StepResult } from "./effect.ts";
import {
  becomeFollower,
  hearsLeader,
  onPreVoteRequest,
  onPreVoteResponse,
  onVoteRequest,
  onVoteResponse,
  startPreVote,
} from "./election.ts";
import { onAppendRequest, onHeartbeat } from "./follow.ts";
import { sendHeartbeats } from "./heartbeat.ts";
import type { Input, Message } from "./input.ts";
import { onPeerGone } from "./leader-gone.ts";
import { leaveIfDue, mayStand, onMembershipApplied, onProposeMembership } from "./membership.ts";
import { probeFrom } from "./progress.ts";
import { onRead, onReadIndexRequest, onReadIndexResponse, refusalOf } from "./read-index.ts";
import { quorumSize } from "./quorum.ts";
import { askWhatArrived, onEntriesSent, onPropose, withProgress } from "./replicate.ts";
import { onCompacted, onSnapshotEnded, onSnapshotInstalled } from "./snapshot.ts";
import type { Leader, RaftState } from "./state.ts";
import { nextFollower, nextLeader, nextProgress, nextState } from "./successor.ts";
import { ageTransfer, onTimeoutNow, onTransfer } from "./transfer.ts";

/**
 * Advances one node by one input.
 *
 * Deterministic: the same state and input give the same result, on every machine, in every replay.
 * The caller keeps the new state and performs the effects (see effect.ts for their order).
 */
export function step(state: RaftState, input: Input): StepResult {
  const result = dispatch(state, input);
  // Derived here once: whatever makes it possible, a joint configuration is left at once.
  const left = leaveIfDue(result.state);
  return withHardState(state, {
    state: left.state,
    effects: [...result.effects, ...left.effects, ...failedReads(state, left.state)],
  });
}

function dispatch(state: RaftState, input: Input): StepResult {
  if (isReport(input)) return onReport(state, input);
  switch (input.kind) {
    case "tick":
      return onTick(state, input.elapsedTicks);
    case "message":
      return onMessage(state, input.from, input.message);
    case "propose":
      return onPropose(state, input.payloads);
    case "propose_membership":
      return onProposeMembership(state, input.payload);
    case "read":
      return onRead(state, { readId: input.readId, origin: state.self });
    case "transfer":
      return onTransfer(state, input.to);
    default:
      return unreachable(input, "raft input");
  }
}

const requests = ["tick", "message", "propose", "propose_membership", "read", "transfer"] as const;
const requestKinds: ReadonlySet<string> = new Set(requests);

type Report = Exclude<Input, { kind: (typeof requests)[number] }>;

function isReport(input: Input): input is Report {
  return !requestKinds.has(input.kind);
}

/** What the driver says of what it was asked to do, and of what it found. */
function onReport(state: RaftState, report: Report): StepResult {
  switch (report.kind) {
    case "persisted":
      return advanceCommit(
        nextState(state, { durability: landed(state.durability, report.sequence) }),
      );
    case "membership_applied":
      return onMembershipApplied(state, report);
    case "disk_stalled":
      return onDiskStalled(state);
    case "entries_sent":
      return onEntriesSent(state, report);
    case "compacted":
      return onCompacted(state, report.upTo);
    case "snapshot_ended":
      return onSnapshotEnded(state, report);
    case "snapshot_installed":
      return onSnapshotInstalled(state, report);
    case "peer_unreachable":
      return onPeerUnreachable(state, report.peer);
    case "peer_gone":
      return onPeerGone(state, report.peer);
    default:
      return unreachable(report, "raft input");
  }
}

function onTick(state: RaftState, elapsedTicks: number): StepResult {
  const { role } = state;
  if (role.kind === "leader") {
    return onLeaderTick(state, ageTransfer(role, elapsedTicks), elapsedTicks);
  }
  const quietTicks = role.quietTicks + 1;
  if (quietTicks >= role.patienceTicks && mayStand(state)) return startPreVote(state);
  const quieter =
    role.kind === "follower" ? nextFollower(role, quietTicks) : { ...role, quietTicks };
  return { state: nextState(state, { role: quieter }), effects: [] };
}

/**
 * CheckQuorum (thesis 6.2): a leader that a quorum does not answer stops leading, and stops
 * heartbeats with it, or its one reachable follower would refuse everybody else for ever.
 */
function onLeaderTick(state: RaftState, role: Leader, elapsedTicks: number): StepResult {
  const ticksSinceQuorumCheck = role.ticksSinceQuorumCheck + elapsedTicks;
  if (ticksSinceQuorumCheck < state.settings.electionTicks) {
    return beat(state, nextLeader(role, { ticksSinceQuorumCheck }));
  }
  if (!isAnsweredByQuorum(state, role)) {
    return { state: becomeFollower(state, state.term, undefined), effects: [] };
  }
  const progress = new Map(
    [...role.progress].map(([peer, known]) => [peer, nextProgress(known, { isActive: false })]),
  );
  if (elapsedTicks < state.settings.electionTicks) {
    return beat(state, nextLeader(role, { progress, ticksSinceQuorumCheck: 0 }));
  }
  // Back from a pause. The answers from before it prove nothing: ask at once, and wait for two
  // heartbeats instead of a whole election timeout.
  const { electionTicks, heartbeatTicks } = state.settings;
  const shortened = Math.max(0, electionTicks - 2 * heartbeatTicks);
  const asking = { ticksSinceQuorumCheck: shortened, ticksToHeartbeat: 1 };
  return beat(state, nextLeader(nextLeader(role, asking), { progress }));
}

function beat(state: RaftState, role: Leader): StepResult {
  const ticksToHeartbeat = role.ticksToHeartbeat - 1;
  if (ticksToHeartbeat > 0) {
    return {
      state: nextState(state, { role: nextLeader(role, { ticksToHeartbeat }) }),
      effects: [],
    };
  }
  const beating = nextLeader(role, { ticksToHeartbeat: state.settings.heartbeatTicks });
  const begun = sendHeartbeats(nextState(state, { role: beating }));
  return { state: begun.state, effects: [...begun.effects, ...askWhatArrived(begun.state)] };
}

function isAnsweredByQuorum(state: RaftState, role: Leader): boolean {
  const isActive = (node: NodeId): boolean =>
    node === state.self || (role.progress.get(node)?.isActive ?? false);
  const { voters, outgoingVoters } = state.configuration;
  return [voters, outgoingVoters].every(
    (set) => set.size === 0 || [...set].filter(isActive).length >= quorumSize(set),
  );
}

function onPeerUnreachable(state: RaftState, peer: NodeId): StepResult {
  const { role } = state;
  if (role.kind !== "leader") return { state, effects: [] };
  const known = role.progress.get(peer);
  // A snapshot travels on a way of its own, and whoever carries it says how it ended.
  if (known === undefined || known.mode === "snapshot") return { state, effects: [] };
  // Of one that has matched nothing yet nothing is known: to begin anew with the first entry would
  // bring the state as a whole to a follower that may lack nothing, once the log begins later.
  const from = known.matchIndex === 0 ? known.nextIndex : known.matchIndex;
  const again = nextProgress(probeFrom(known, from), {
    isSending: false,
    sentCommit: known.matchIndex,
  });
  return { state: withProgress(state, role, peer, again), effects: [] };
}

/** Terms come first, for every message alike: a newer one demotes us, an older is turned away. */
function onMessage(state: RaftState, from: NodeId, message: Message): StepResult {
  if (message.kind === "pre_vote_request") return onPreVoteRequest(state, from, message);
  if (message.kind === "pre_vote_response") return onPreVoteResponse(state, from, message);
  if (message.term < state.term) return onOlderTerm(state, from, message);
  if (message.term === state.term) return onCurrentTerm(state, from, message);

  // A voter that hears its leader lets nobody take the term up (thesis 4.2.3).
  const isUnasked = message.kind === "vote_request" && message.reason !== "transfer";
  if (isUnasked && hearsLeader(state)) return { state, effects: [] };
  const isFromLeader = message.kind === "append_request" || message.kind === "heartbeat";
  const current = becomeFollower(state, message.term, isFromLeader ? from : undefined);
  return onCurrentTerm(current, from, message);
}

type TermedMessage = Exclude<Message, { kind: "pre_vote_request" | "pre_vote_response" }>;

function onOlderTerm(state: RaftState, from: NodeId, message: TermedMessage): StepResult {
  switch (message.kind) {
    case "vote_request":
      return tell(state, from, { kind: "vote_response", term: state.term, vote: "refused" });
    case "append_request":
    case "heartbeat":
      // Not silence: a node that came back with a higher term would be frozen out for ever, since
      // the leader it ignores holds the others' attention (etcd-io/etcd#8501).
      return tell(state, from, { kind: "heartbeat_response", term: state.term, readRound: 0 });
    case "vote_response":
    case "append_response":
    case "heartbeat_response":
    case "read_index_request":
    case "read_index_response":
    case "timeout_now":
      return { state, effects: [] };
  }
}

function onCurrentTerm(state: RaftState, from: NodeId, message: TermedMessage): StepResult {
  switch (message.kind) {
    case "vote_request":
      return onVoteRequest(state, from, message);
    case "vote_response":
      return onVoteResponse(state, from, message);
    case "append_request":
      return onAppendRequest(followLeader(state, from), from, message);
    case "append_response":
      return onAppendResponse(state, from, message);
    case "heartbeat":
      return onHeartbeat(followLeader(state, from), from, message);
    case "heartbeat_response":
      return onHeartbeatResponse(state, from, message);
    case "read_index_request":
      return onReadIndexRequest(state, from, message);
    case "read_index_response":
      return onReadIndexResponse(state, message);
    case "timeout_now":
      return onTimeoutNow(state, from);
    default:
      return unreachable(message, "raft message");
  }
}

/** Whoever speaks as leader in our term is its leader: there is one at most. */
function followLeader(state: RaftState, leader: NodeId): RaftState {
  assert(state.role.kind !== "leader", "a term has one leader");
  if (state.role.kind === "follower" && state.role.leader === leader) {
    return nextState(state, { role: nextFollower(state.role, 0) });
  }
  return becomeFollower(state, state.term, leader);
}

function tell(state: RaftState, to: NodeId, message: Message): StepResult {
  return { state, effects: [{ kind: "send", to, message }] };
}

/**
 * Derived here once, so that no handler can forget it: a term or a vote is durable before a message
 * that rests on it is sent. A node that forgot its vote could vote twice in a term (thesis 3.8).
 */
function withHardState(before: RaftState, result: StepResult): StepResult {
  const { term, votedFor } = result.state;
  if (before.term === term && before.votedFor === votedFor) return result;

  const hardState = { term, votedFor };
  const write = result.effects.find((effect): effect is Persist => effect.kind === "persist");
  if (write !== undefined) {
    const others = result.effects.filter((effect) => effect !== write);
    return { state: result.state, effects: [{ ...write, hardState }, ...others] };
  }
  const sequence = result.state.durability.nextSequence;
  const durability = issuedWithoutEntries(result.state.durability);
  return {
    state: nextState(result.state, { durability }),
    effects: [{ kind: "persist", sequence, hardState, entries: [] }, ...result.effects],
  };
}

/** Derived here once as well: reads that a lost leadership leaves behind fail, never linger. */
function failedReads(before: RaftState, after: RaftState): readonly Effect[] {
  if (before.role.kind !== "leader") return [];
  if (after.role.kind === "leader" && after.term === before.term) return [];
  const { proving, waiting } = before.role.reads;
  return [...proving, ...waiting].map((read) => refusalOf(after, read));
}
