// What a follower does with its leader's word: takes the entries that fit after what it has, says
// where the logs may agree if they do not, and learns what is committed (thesis 3.5).
import { assert } from "../base/assert.ts";
import { logIndex, type LogIndex, type NodeId } from "../base/ids.ts";
import { learnCommit } from "./commit.ts";
import type { StepResult } from "./effect.ts";
import type { AppendRequest, AppendResponse, Entry, Heartbeat } from "./input.ts";
import { beforeLog, holds, lastAtMost, termAt, type LogTerms } from "./log-terms.ts";
import { appendToLog } from "./replicate.ts";
import type { RaftState } from "./state.ts";

/** Takes entries after `prev` if the logs agree there; says where they may agree if not. */
export function onAppendRequest(
  state: RaftState,
  from: NodeId,
  request: AppendRequest,
): StepResult {
  const { prev, entries, readRound } = request;
  if (isNewcomer(state)) return refuseEntries(state, from, request);
  assert(agreesOnCommitted(state, request), "a leader holds everything that is committed");
  if (prev.index < state.commitIndex) {
    return matchedAnswer(state, from, state.commitIndex, readRound);
  }
  if (!holds(state.log, prev.index) || termAt(state.log, prev.index) !== prev.term) {
    const hint = lastAtMost(state.log, prev.index, prev.term);
    const answer = { kind: "mismatched", prevIndex: prev.index, hint } as const;
    return respond(state, from, { answer, readRound });
  }
  const lastNew = logIndex(prev.index + entries.length);
  const write = appendToLog(state, entries.slice(countKnown(state.log, entries)));
  const learned = learnCommit(write.state, Math.min(request.commitIndex, lastNew));
  const answer = matchedAnswer(learned.state, from, lastNew, readRound);
  return {
    state: answer.state,
    effects: [...write.effects, ...answer.effects, ...learned.effects],
  };
}

/**
 * A newcomer knows nobody who votes before its first snapshot has told it, and the log alone never
 * would: the founders are in no entry of it. It says that it agrees on nothing, which makes the
 * leader send the snapshot (a leader's log no longer reaches back to the very beginning).
 */
function refuseEntries(state: RaftState, to: NodeId, request: AppendRequest): StepResult {
  const answer = { kind: "mismatched", prevIndex: request.prev.index, hint: beforeLog } as const;
  return respond(state, to, { answer, readRound: request.readRound });
}

function isNewcomer({ configuration }: RaftState): boolean {
  return configuration.voters.size === 0;
}

export function onHeartbeat(state: RaftState, from: NodeId, heartbeat: Heartbeat): StepResult {
  if (heartbeat.commitIndex > state.log.lastIndex) {
    // The leader counted on entries that we said were durable, and they are not in our log.
    const { commitIndex: expectedIndex } = heartbeat;
    return { state, effects: [{ kind: "halt", lastIndex: state.log.lastIndex, expectedIndex }] };
  }
  const { term } = state;
  const message = { kind: "heartbeat_response", term, readRound: heartbeat.readRound } as const;
  const learned = learnCommit(state, heartbeat.commitIndex);
  return {
    state: learned.state,
    effects: [{ kind: "send", to: from, message }, ...learned.effects],
  };
}

/** A disagreement here means that something acknowledged was lost; going on would hide it. */
function agreesOnCommitted({ log, commitIndex }: RaftState, request: AppendRequest): boolean {
  return [request.prev, ...request.entries].every(
    ({ index, term }) => index > commitIndex || !holds(log, index) || termAt(log, index) === term,
  );
}

/**
 * How many of the entries the log already has. A matching prefix is left alone: a late, shorter
 * append must not shorten the log (thesis 3.5).
 */
function countKnown(log: LogTerms, entries: readonly Entry[]): number {
  const firstNew = entries.findIndex(
    (entry) => !holds(log, entry.index) || termAt(log, entry.index) !== entry.term,
  );
  return firstNew === -1 ? entries.length : firstNew;
}

function matchedAnswer(
  state: RaftState,
  to: NodeId,
  index: LogIndex,
  readRound: number,
): StepResult {
  return respond(state, to, { answer: { kind: "matched", index }, readRound });
}

function respond(
  state: RaftState,
  to: NodeId,
  { answer, readRound }: Pick<AppendResponse, "answer" | "readRound">,
): StepResult {
  const message = { kind: "append_response", term: state.term, readRound, answer } as const;
  return { state, effects: [{ kind: "acknowledge", to, message }] };
}
