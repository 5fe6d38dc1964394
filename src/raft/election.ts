// How a leader is chosen: asking whether it is worth standing, standing, giving a vote, counting
// (thesis 3.4, 3.6.1, 4.2.3, 9.6).
import { assert, unreachable } from "../base/assert.ts";
import { term, type NodeId, type Term } from "../base/ids.ts";
import { appendAndReplicate } from "./replicate.ts";
import { learnCommitted } from "./commit.ts";
import { members } from "./configuration.ts";
import type { Effect, StepResult } from "./effect.ts";
import type {
  Message,
  PreVoteRequest,
  PreVoteResponse,
  VoteRequest,
  VoteResponse,
} from "./input.ts";
import { isAtLeastAsComplete, lastPosition, positionAt } from "./log-terms.ts";
import { draw, type Prng } from "./prng.ts";
import { newProgress } from "./progress.ts";
import { countVotes } from "./quorum.ts";
import type { Electing, Follower, Leader, Patience, RaftState } from "./state.ts";
import { nextFollower, nextState, withVote } from "./successor.ts";
import { hasCommittedChange } from "./unapplied.ts";

const nothing = new Uint8Array();

/**
 * Steps back to follower. Entering a newer term forgets the vote given in the old one. Patience is
 * not renewed by that: only a leader, a vote given or an own election does (thesis 3.4), or one
 * candidate that cannot win would keep those waiting who can.
 */
export function becomeFollower(
  state: RaftState,
  inTerm: Term,
  leader: NodeId | undefined,
): RaftState {
  assert(inTerm >= state.term, "a term never goes back");
  const votedFor = inTerm === state.term ? state.votedFor : undefined;
  const { role } = state;
  const { patience, prng } =
    leader !== undefined || role.kind === "leader"
      ? drawPatience(state)
      : { patience: patienceOf(role), prng: state.prng };
  const { quietTicks, patienceTicks } = patience;
  const follower: Follower = { kind: "follower", leader, quietTicks, patienceTicks };
  return withVote(nextState(state, { term: inTerm, role: follower, prng }), votedFor);
}

/** A follower that does not stand before another election timeout has passed, from now. */
export function patientFromNow(state: RaftState): RaftState {
  const { role } = state;
  assert(role.kind === "follower", "only a follower waits");
  const { patience, prng } = drawPatience(state);
  const patienceTicks = role.quietTicks + patience.patienceTicks;
  return nextState(state, {
    role: { ...nextFollower(role, role.quietTicks), patienceTicks },
    prng,
  });
}

/** Whether this node has heard from a leader within the shortest election timeout. */
export function hearsLeader(state: RaftState): boolean {
  const { role } = state;
  if (role.kind === "leader") return true;
  if (role.kind !== "follower" || role.leader === undefined) return false;
  return role.quietTicks < state.settings.electionTicks;
}

/** Asks around first: a node that cannot win must not push the term up and depose a leader. */
export function startPreVote(state: RaftState): StepResult {
  const { patience, prng } = drawPatience(state);
  const votes = new Map([[state.self, "granted"]] as const);
  return settle(
    nextState(state, { role: { kind: "pre_candidate", votes, ...patience }, prng }),
    () => ({
      kind: "pre_vote_request",
      term: term(state.term + 1),
      lastLog: lastPosition(state.log),
    }),
  );
}

/** Stands for election: after a pre-vote, or because the leader hands over. */
export function startElection(state: RaftState, reason: VoteRequest["reason"]): StepResult {
  const { patience, prng } = drawPatience(state);
  const votes = new Map([[state.self, "granted"]] as const);
  const role = { kind: "candidate", votes, ...patience } as const;
  const standing = nextState(state, { term: term(state.term + 1), role, prng });
  const candidate = withVote(standing, state.self);
  return settle(candidate, () => ({
    kind: "vote_request",
    term: candidate.term,
    lastLog: lastPosition(candidate.log),
    reason,
  }));
}

/** Changes nothing in this node: a question is not an election. */
export function onPreVoteRequest(
  state: RaftState,
  from: NodeId,
  request: PreVoteRequest,
): StepResult {
  const isComplete = isAtLeastAsComplete(request.lastLog, lastPosition(state.log));
  const isGranted = request.term > state.term && isComplete && !hearsLeader(state);
  return acknowledge(state, from, {
    kind: "pre_vote_response",
    // A refusal carries our own term, so that one left behind learns of it (openraft#1796).
    term: isGranted ? request.term : state.term,
    vote: isGranted ? "granted" : "refused",
    committed: positionAt(state.log, state.commitIndex),
  });
}

export function onPreVoteResponse(
  state: RaftState,
  from: NodeId,
  response: PreVoteResponse,
): StepResult {
  if (state.role.kind !== "pre_candidate") return countPreVote(state, from, response);
  const learned = learnCommitted(state, response.committed);
  // It stood by a configuration that is out of date: it waits until it has applied the newer.
  const isOutdated = hasCommittedChange(learned.state);
  const counted = isOutdated
    ? { state: becomeFollower(learned.state, state.term, undefined), effects: [] }
    : countPreVote(learned.state, from, response);
  return { state: counted.state, effects: [...learned.effects, ...counted.effects] };
}

function countPreVote(state: RaftState, from: NodeId, response: PreVoteResponse): StepResult {
  if (response.vote === "refused" && response.term > state.term) {
    return { state: becomeFollower(state, response.term, undefined), effects: [] };
  }
  const { role } = state;
  if (role.kind !== "pre_candidate") return { state, effects: [] };
  // A grant names the term it was asked about; one from an earlier attempt says nothing now.
  if (response.vote === "granted" && response.term !== state.term + 1) {
    return { state, effects: [] };
  }
  const votes = new Map(role.votes).set(from, response.vote);
  return settle(nextState(state, { role: { ...role, votes } }));
}

/** Gives at most one vote a term, and only to a log at least as complete as ours. */
export function onVoteRequest(state: RaftState, from: NodeId, request: VoteRequest): StepResult {
  const isFree = state.votedFor === undefined || state.votedFor === from;
  const isComplete = isAtLeastAsComplete(request.lastLog, lastPosition(state.log));
  // Who stands or leads in this term has voted for itself; who follows a leader has seen it won.
  const isFollowing = state.role.kind === "follower" && state.role.leader !== undefined;
  if (!isFree || !isComplete || isFollowing) {
    return acknowledge(state, from, { kind: "vote_response", term: state.term, vote: "refused" });
  }
  const { patience, prng } = drawPatience(state);
  const { quietTicks, patienceTicks } = patience;
  const role: Follower = { kind: "follower", leader: undefined, quietTicks, patienceTicks };
  const voter = withVote(nextState(state, { role, prng }), from);
  return acknowledge(voter, from, { kind: "vote_response", term: state.term, vote: "granted" });
}

export function onVoteResponse(state: RaftState, from: NodeId, response: VoteResponse): StepResult {
  const { role } = state;
  if (role.kind !== "candidate") return { state, effects: [] };
  const votes = new Map(role.votes).set(from, response.vote);
  return settle(nextState(state, { role: { ...role, votes } }));
}

/** Turns a node whose votes are decided into what they made of it; otherwise it asks, or waits. */
function settle(state: RaftState, question?: () => Message): StepResult {
  const { role } = state;
  assert(role.kind === "pre_candidate" || role.kind === "candidate", "votes are for an election");
  const count = countVotes(state.configuration, role.votes);
  switch (count) {
    case "pending":
      return { state, effects: question === undefined ? [] : askVoters(state, question()) };
    case "lost":
      return { state: becomeFollower(state, state.term, undefined), effects: [] };
    case "won":
      return afterWinning(state, role);
    default:
      return unreachable(count, "vote count");
  }
}

function afterWinning(state: RaftState, role: Electing): StepResult {
  return role.kind === "pre_candidate" ? startElection(state, "timeout") : becomeLeader(state);
}

/**
 * A new leader appends an empty entry at once: only an entry of its own term can be committed by
 * counting, and no read is safe before that (thesis 3.6.2, 6.4).
 */
function becomeLeader(state: RaftState): StepResult {
  const { lastIndex } = state.log;
  const others = [...members(state.configuration)].filter((node) => node !== state.self);
  const role: Leader = {
    kind: "leader",
    progress: new Map(others.map((peer) => [peer, newProgress(lastIndex)])),
    firstOwnIndex: newProgress(lastIndex).nextIndex,
    ticksToHeartbeat: state.settings.heartbeatTicks,
    ticksSinceQuorumCheck: 0,
    reads: { round: 0, proving: [], waiting: [] },
    transfer: undefined,
  };
  return appendAndReplicate(nextState(state, { role }), [{ kind: "empty", payload: nothing }]);
}

function askVoters(state: RaftState, question: Message): readonly Effect[] {
  const { voters, outgoingVoters } = state.configuration;
  return [...new Set([...voters, ...outgoingVoters])]
    .filter((voter) => voter !== state.self)
    .map((to) => ({ kind: "send", to, message: question }));
}

function acknowledge(state: RaftState, to: NodeId, message: Message): StepResult {
  return { state, effects: [{ kind: "acknowledge", to, message }] };
}

function patienceOf({ quietTicks, patienceTicks }: Patience): Patience {
  return { quietTicks, patienceTicks };
}

/** Between one and two election timeouts, so that nodes rarely stand at the same moment. */
function drawPatience(state: RaftState): { readonly patience: Patience; readonly prng: Prng } {
  const { electionTicks } = state.settings;
  const { value, prng } = draw(state.prng, electionTicks);
  return { patience: { quietTicks: 0, patienceTicks: electionTicks + value }, prng };
}
