// What a leader makes of its followers' answers: where their logs agree, what is committed by it,
// which reads it proves, and what to send next.
import { assert, unreachable } from "../base/assert.ts";
import { logIndex, type LogIndex, type NodeId } from "../base/ids.ts";
import { advanceCommit } from "./commit.ts";
import type { StepResult } from "./effect.ts";
import type { AppendResponse, HeartbeatResponse } from "./input.ts";
import { lastAtMost } from "./log-terms.ts";
import { matched, probeFrom, type Progress } from "./progress.ts";
import { releaseReads } from "./read-index.ts";
import { replicateTo, withProgress } from "./replicate.ts";
import type { RaftState } from "./state.ts";

export function onAppendResponse(
  state: RaftState,
  from: NodeId,
  response: AppendResponse,
): StepResult {
  const { role } = state;
  const known = role.kind === "leader" ? role.progress.get(from) : undefined;
  if (role.kind !== "leader" || known === undefined) return { state, effects: [] };
  const heard = {
    ...known,
    isActive: true,
    ackedRound: Math.max(known.ackedRound, response.readRound),
  };
  const progress = afterAnswer(state, heard, response.answer);
  const released = releaseReads(withProgress(state, role, from, progress));
  const committed = advanceCommit(released.state);
  const more = replicateTo(committed.state, from);
  return {
    state: more.state,
    effects: [...released.effects, ...committed.effects, ...more.effects],
  };
}

export function onHeartbeatResponse(
  state: RaftState,
  from: NodeId,
  response: HeartbeatResponse,
): StepResult {
  const { role } = state;
  const known = role.kind === "leader" ? role.progress.get(from) : undefined;
  if (role.kind !== "leader" || known === undefined) return { state, effects: [] };
  const progress = {
    ...known,
    isActive: true,
    // The follower lives, so a probe without an answer was lost: try again.
    isProbeOut: false,
    ackedRound: Math.max(known.ackedRound, response.readRound),
  };
  const heard: RaftState = {
    ...state,
    role: { ...role, progress: new Map(role.progress).set(from, progress) },
  };
  const released = releaseReads(heard);
  const more = replicateTo(released.state, from);
  return { state: more.state, effects: [...released.effects, ...more.effects] };
}

function afterAnswer(
  state: RaftState,
  progress: Progress,
  answer: AppendResponse["answer"],
): Progress {
  switch (answer.kind) {
    case "matched":
      assert(answer.index <= state.log.lastIndex, "a follower matches what its leader has");
      return matched(progress, answer.index);
    case "mismatched": {
      // An answer to something older than what we know by now says nothing.
      if (isStaleMismatch(progress, answer.prevIndex)) return progress;
      const agree = lastAtMost(state.log, answer.hint.index, answer.hint.term);
      return probeFrom(progress, logIndex(agree.index + 1));
    }
    default:
      return unreachable(answer, "append answer");
  }
}

function isStaleMismatch(progress: Progress, prevIndex: LogIndex): boolean {
  // Also what a follower says that has lost what it acknowledged: no probe can mend that, and the
  // next heartbeat that counts on it halts it.
  if (prevIndex <= progress.matchIndex) return true;
  return progress.mode === "probe" && prevIndex !== progress.nextIndex - 1;
}
