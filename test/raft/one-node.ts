// One node to put in any situation, and words to tell it things. Situations are reached by steps
// of the core itself wherever that is short.
import assert from "node:assert/strict";
import { logIndex, nodeId, term, type NodeId } from "../../src/base/ids.ts";
import { votersOnly, type Configuration } from "../../src/raft/configuration.ts";
import type { Effect, StepResult } from "../../src/raft/effect.ts";
import type { AppendRequest, AppendResponse, Entry, Input, Message } from "../../src/raft/input.ts";
import {
  beforeLog,
  emptyLog,
  extend,
  type LogPosition,
  type LogTerms,
} from "../../src/raft/log-terms.ts";
import type { Progress } from "../../src/raft/progress.ts";
import {
  startAsFollower,
  type Leader,
  type RaftSettings,
  type RaftState,
} from "../../src/raft/state.ts";
import { step } from "../../src/raft/step.ts";

export const n1 = nodeId("n1");
export const n2 = nodeId("n2");
export const n3 = nodeId("n3");
export const n4 = nodeId("n4");
export const n5 = nodeId("n5");

export const settings: RaftSettings = {
  electionTicks: 10,
  heartbeatTicks: 2,
  flow: { maxInFlightMessages: 3, maxInFlightBytes: 1000 },
};

interface Situation {
  readonly self?: NodeId;
  readonly voters?: readonly NodeId[];
  readonly configuration?: Configuration;
  readonly term?: number;
  readonly votedFor?: NodeId;
  /** The terms of its entries: `[1, 1, 2]` is a log of three. */
  readonly log?: readonly number[];
  readonly commitIndex?: number;
  readonly seed?: number;
  readonly settings?: RaftSettings;
}

/** A follower, just started, that knows no leader. Its term is that of its log, unless given. */
export function node(situation: Situation = {}): RaftState {
  const full = { self: n1, voters: [n1, n2, n3], log: [1], commitIndex: 0, seed: 1, ...situation };
  const { self, log, seed, votedFor } = full;
  return startAsFollower({
    self,
    seed,
    configuration: full.configuration ?? votersOnly(full.voters),
    settings: full.settings ?? settings,
    hardState: { term: term(full.term ?? log.at(-1) ?? 0), votedFor },
    log: logOf(...log),
    commitIndex: logIndex(full.commitIndex),
    unappliedMemberships: [],
  });
}

/** The same, and it has just heard from its leader. */
export function follower(leader: NodeId, situation: Situation = {}): RaftState {
  const state = node(situation);
  return stepThrough(state, from(leader, heartbeat(state.term))).state;
}

/** A follower whose leader has been silent for the shortest election timeout; it still waits. */
export function abandonedBy(leader: NodeId): RaftState {
  const { state } = stepThrough(follower(leader, { seed: 2 }), ...ticks(settings.electionTicks));
  assert.equal(state.role.kind, "follower");
  return state;
}

export function preCandidate(situation: Situation = {}): RaftState {
  const state = outOfPatience(node(situation));
  assert.equal(state.role.kind, "pre_candidate");
  return state;
}

/** It has asked for votes in the term after that of its situation, durably. */
export function candidate(situation: Situation = {}): RaftState {
  const asking = preCandidate(situation);
  const granted = {
    kind: "pre_vote_response",
    term: term(asking.term + 1),
    vote: "granted",
    committed: beforeLog,
  } as const;
  const { state } = stepThrough(asking, ...others(asking).map((voter) => from(voter, granted)));
  assert.equal(state.role.kind, "candidate");
  return withLanded(state);
}

/** It leads in the term after that of its situation; its first entry is sent to nobody yet. */
export function leader(situation: Situation = {}): RaftState {
  const standing = candidate(situation);
  const granted = { kind: "vote_response", term: standing.term, vote: "granted" } as const;
  const { state } = stepThrough(standing, ...others(standing).map((voter) => from(voter, granted)));
  assert.equal(state.role.kind, "leader");
  return state;
}

/** It leads, and everybody has everything. */
export function settledLeader(situation: Situation = {}): RaftState {
  const state = withLanded(withEntriesSent(leader(situation)));
  const { lastIndex } = state.log;
  const answers = others(state).map((peer) => from(peer, matchedAt(state.term, lastIndex)));
  const settled = withEntriesSent(stepThrough(state, ...answers).state);
  assert.equal(settled.commitIndex, lastIndex);
  return settled;
}

export function outOfPatience(state: RaftState): RaftState {
  const { role } = state;
  assert.ok(role.kind !== "leader");
  return stepThrough(state, ...ticks(role.patienceTicks - role.quietTicks)).state;
}

/** Everything that was written has become durable. */
export function withLanded(state: RaftState): RaftState {
  const sequence = state.durability.nextSequence - 1;
  return stepThrough(state, { kind: "persisted", sequence }).state;
}

/** Every `send_entries` that is under way is carried out, as far as there is anything to send. */
export function withEntriesSent(state: RaftState): RaftState {
  const to = others(state).find((peer) => progressOf(state, peer).isSending);
  if (to === undefined) return state;
  return withEntriesSent(stepThrough(state, sentTo(to, state)).state);
}

export function sentTo(to: NodeId, state: RaftState, last = state.log.lastIndex as number): Input {
  return { kind: "entries_sent", to, term: state.term, last: logIndex(last), sizeBytes: 10 };
}

/** One input after the other; all effects in one list. */
export function stepThrough(state: RaftState, ...inputs: readonly Input[]): StepResult {
  const effects: Effect[] = [];
  let current = state;
  for (const input of inputs) {
    const result = step(current, input);
    current = result.state;
    effects.push(...result.effects);
  }
  return { state: current, effects };
}

function others(state: RaftState): readonly NodeId[] {
  return [...state.configuration.voters].filter((voter) => voter !== state.self);
}

export function leading(state: RaftState): Leader {
  assert.ok(state.role.kind === "leader");
  return state.role;
}

export function progressOf(state: RaftState, peer: NodeId): Progress {
  const progress = leading(state).progress.get(peer);
  assert.ok(progress !== undefined);
  return progress;
}

export function logOf(...terms: readonly number[]): LogTerms {
  return terms.reduce((log, each) => extend(log, term(each), 1), emptyLog);
}

export function at(index: number, inTerm: number): LogPosition {
  return { index: logIndex(index), term: term(inTerm) };
}

export function entriesAfter(prev: LogPosition, ...terms: readonly number[]): readonly Entry[] {
  return terms.map((each, offset) => ({
    ...at(prev.index + 1 + offset, each),
    kind: "command" as const,
    payload: new Uint8Array([offset]),
  }));
}

export function from(sender: NodeId, message: Message): Input {
  return { kind: "message", from: sender, message };
}

export function ticks(count: number): readonly Input[] {
  return Array.from({ length: count }, () => ({ kind: "tick", elapsedTicks: 1 }));
}

export function propose(count = 1): Input {
  return { kind: "propose", payloads: Array.from({ length: count }, () => new Uint8Array([7])) };
}

export function preVoteRequest(inTerm: number, lastLog: LogPosition): Message {
  return { kind: "pre_vote_request", term: term(inTerm), lastLog };
}

export function preVote(
  inTerm: number,
  vote: "granted" | "refused",
  committed = beforeLog,
): Message {
  return { kind: "pre_vote_response", term: term(inTerm), vote, committed };
}

export function voteRequest(
  inTerm: number,
  lastLog: LogPosition,
  reason: "timeout" | "transfer" = "timeout",
): Message {
  return { kind: "vote_request", term: term(inTerm), lastLog, reason };
}

export function vote(inTerm: number, answer: "granted" | "refused"): Message {
  return { kind: "vote_response", term: term(inTerm), vote: answer };
}

export function heartbeat(inTerm: number, commitIndex = 0, readRound = 0): Message {
  return { kind: "heartbeat", term: term(inTerm), commitIndex: logIndex(commitIndex), readRound };
}

export function heartbeatResponse(inTerm: number, readRound = 0): Message {
  return { kind: "heartbeat_response", term: term(inTerm), readRound };
}

/** Entries of the given terms after `prev`. */
export function append(
  inTerm: number,
  prev: LogPosition,
  terms: readonly number[],
  commitIndex = 0,
): AppendRequest {
  return {
    kind: "append_request",
    term: term(inTerm),
    prev,
    entries: entriesAfter(prev, ...terms),
    commitIndex: logIndex(commitIndex),
    readRound: 0,
  };
}

export function matchedAt(inTerm: number, index: number, readRound = 0): AppendResponse {
  const answer = { kind: "matched", index: logIndex(index) } as const;
  return { kind: "append_response", term: term(inTerm), readRound, answer };
}

export function mismatchedAt(inTerm: number, prevIndex: number, hint: LogPosition): AppendResponse {
  const answer = { kind: "mismatched", prevIndex: logIndex(prevIndex), hint } as const;
  return { kind: "append_response", term: term(inTerm), readRound: 0, answer };
}

/** What a step asks to be said, to whom, in order. */
export function said(effects: readonly Effect[]): readonly { to: NodeId; message: Message }[] {
  return effects.flatMap((effect) =>
    effect.kind === "send" || effect.kind === "acknowledge"
      ? [{ to: effect.to, message: effect.message }]
      : [],
  );
}

export function kindsOf(effects: readonly Effect[]): readonly string[] {
  return effects.map((effect) => effect.kind);
}

export function only<Kind extends Effect["kind"]>(
  effects: readonly Effect[],
  kind: Kind,
): readonly Extract<Effect, { kind: Kind }>[] {
  return effects.filter(
    (effect): effect is Extract<Effect, { kind: Kind }> => effect.kind === kind,
  );
}
