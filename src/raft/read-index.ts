// Reads that are safe without the log: note what is committed, prove that nobody else leads, and
// let the reader wait until it has applied that far (thesis 6.4).
//
// The proof is a number, not a name. A leader counts its rounds up; every heartbeat and append
// carries the newest, every answer echoes it, and a read is released by a quorum of answers to its
// round or a later one. A late answer to an earlier round can never vouch for a newer read.
import type { NodeId } from "../base/ids.ts";
import type { Effect, StepResult } from "./effect.ts";
import { sendHeartbeats } from "./heartbeat.ts";
import type { ReadIndexRequest, ReadIndexResponse } from "./input.ts";
import { reachedByQuorum } from "./quorum.ts";
import type { AskedRead, Leader, ProvingRead, RaftState } from "./state.ts";
import { nextLeader, nextState } from "./successor.ts";

export function onRead(state: RaftState, read: AskedRead): StepResult {
  const { role } = state;
  switch (role.kind) {
    case "leader":
      return askAsLeader(state, role, [read]);
    case "follower":
      return role.leader === undefined ? refuse(state, read) : askLeader(state, role.leader, read);
    case "pre_candidate":
    case "candidate":
      return refuse(state, read);
  }
}

export function onReadIndexRequest(
  state: RaftState,
  from: NodeId,
  request: ReadIndexRequest,
): StepResult {
  const read = { readId: request.readId, origin: from };
  return state.role.kind === "leader" ? onRead(state, read) : refuse(state, read);
}

export function onReadIndexResponse(state: RaftState, response: ReadIndexResponse): StepResult {
  const { readId, answer } = response;
  const effect: Effect =
    answer.kind === "at"
      ? { kind: "read_ready", readId, index: answer.index }
      : { kind: "read_failed", readId };
  return { state, effects: [effect] };
}

/** Starts the reads that came before the leader's own first entry was committed. */
export function proveWaitingReads(state: RaftState): StepResult {
  const { role } = state;
  if (role.kind !== "leader" || role.reads.waiting.length === 0) return { state, effects: [] };
  const { waiting } = role.reads;
  const { round, proving } = role.reads;
  const emptied = nextLeader(role, { reads: { round, proving, waiting: [] } });
  return askAsLeader(nextState(state, { role: emptied }), emptied, waiting);
}

/** Answers every read whose round, or a later one, a quorum has answered. */
export function releaseReads(state: RaftState): StepResult {
  const { role } = state;
  if (role.kind !== "leader" || role.reads.proving.length === 0) return { state, effects: [] };
  const proven = reachedByQuorum(state.configuration, (node) =>
    node === state.self ? role.reads.round : (role.progress.get(node)?.ackedRound ?? 0),
  );
  const released = role.reads.proving.filter((read) => read.round <= proven);
  if (released.length === 0) return { state, effects: [] };
  const { round, waiting } = role.reads;
  const proving = role.reads.proving.slice(released.length);
  return {
    state: nextState(state, { role: nextLeader(role, { reads: { round, proving, waiting } }) }),
    effects: released.map((read) => answerTo(state, read)),
  };
}

function askAsLeader(state: RaftState, role: Leader, asked: readonly AskedRead[]): StepResult {
  if (state.commitIndex < role.firstOwnIndex) {
    const reads = { ...role.reads, waiting: [...role.reads.waiting, ...asked] };
    return { state: nextState(state, { role: nextLeader(role, { reads }) }), effects: [] };
  }
  const round = role.reads.round + 1;
  const proving = [
    ...role.reads.proving,
    ...asked.map(({ readId, origin }) => ({ readId, origin, round, index: state.commitIndex })),
  ];
  const reads = { round, proving, waiting: role.reads.waiting };
  const begun = sendHeartbeats(nextState(state, { role: nextLeader(role, { reads }) }));
  // A region of one is its own quorum.
  const released = releaseReads(begun.state);
  return { state: released.state, effects: [...begun.effects, ...released.effects] };
}

function askLeader(state: RaftState, leader: NodeId, { readId }: AskedRead): StepResult {
  const message = { kind: "read_index_request", term: state.term, readId } as const;
  return { state, effects: [{ kind: "send", to: leader, message }] };
}

function answerTo(state: RaftState, read: ProvingRead): Effect {
  if (read.origin === state.self) {
    return { kind: "read_ready", readId: read.readId, index: read.index };
  }
  return {
    kind: "send",
    to: read.origin,
    message: {
      kind: "read_index_response",
      term: state.term,
      readId: read.readId,
      answer: { kind: "at", index: read.index },
    },
  };
}

function refuse(state: RaftState, read: AskedRead): StepResult {
  return { state, effects: [refusalOf(state, read)] };
}

/** Tells whoever asked that the read must be asked again. */
export function refusalOf(state: RaftState, { readId, origin }: AskedRead): Effect {
  if (origin === state.self) return { kind: "read_failed", readId };
  const answer = { kind: "refused" } as const;
  const message = { kind: "read_index_response", term: state.term, readId, answer } as const;
  return { kind: "send", to: origin, message };
}
