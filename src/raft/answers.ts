// What a leader makes of its followers' answers: where their logs agree, what is committed by it,
// which reads it proves, and what to send next.
import { assert, unreachable } from "../base/assert.ts";
import { logIndex, type LogIndex, type NodeId } from "../base/ids.ts";
import { advanceCommit } from "./commit.ts";
import type { StepResult } from "./effect.ts";
import type { AppendResponse, HeartbeatResponse } from "./input.ts";
import { lastAtMost, type LogPosition, type LogTerms } from "./log-terms.ts";
import { matched, probeFrom, type Progress } from "./progress.ts";
import { releaseReads } from "./read-index.ts";
import { replicateTo, withProgress } from "./replicate.ts";
import type { RaftState } from "./state.ts";
import { nextProgress } from "./successor.ts";
import { urgeSuccessor } from "./transfer.ts";

export function onAppendResponse(
  state: RaftState,
  from: NodeId,
  response: AppendResponse,
): StepResult {
  const { role } = state;
  const known = role.kind === "leader" ? role.progress.get(from) : undefined;
  if (role.kind !== "leader" || known === undefined) return { state, effects: [] };
  const heard = nextProgress(known, {
    isActive: true,
    ackedRound: Math.max(known.ackedRound, response.readRound),
  });
  const progress = afterAnswer(state, heard, response.answer);
  const released = releaseReads(withProgress(state, role, from, progress));
  const committed = advanceCommit(released.state);
  const more = replicateTo(committed.state, from);
  const urged = urgeSuccessor(more.state, from);
  return {
    state: urged.state,
    effects: [...released.effects, ...committed.effects, ...more.effects, ...urged.effects],
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
  const progress = nextProgress(known, {
    isActive: true,
    // The follower lives, so a probe without an answer was lost: try again.
    isProbeOut: false,
    ackedRound: Math.max(known.ackedRound, response.readRound),
  });
  const released = releaseReads(withProgress(state, role, from, progress));
  const more = replicateTo(released.state, from);
  return { state: more.state, effects: [...released.effects, ...more.effects] };
}

function afterAnswer(
  state: RaftState,
  progress: Progress,
  answer: AppendResponse["answer"],
): Progress {
  // While a snapshot is on its way, only an answer that the log reaches back to ends the wait.
  const isWaiting = progress.mode === "snapshot";
  if (isWaiting && (answer.kind !== "matched" || answer.index < state.log.start.index)) {
    return progress;
  }
  switch (answer.kind) {
    case "matched":
      assert(answer.index <= state.log.lastIndex, "a follower matches what its leader has");
      return matched(progress, answer.index);
    case "mismatched": {
      // An answer to something older than what we know by now says nothing.
      if (isStaleMismatch(progress, answer.prevIndex)) return progress;
      return probeFrom(progress, firstLacking(state.log, answer.hint));
    }
    default:
      return unreachable(answer, "append answer");
  }
}

/**
 * The first entry after the last on which the logs may agree. Before what the log can bring, if
 * they agree before its start at best: a probe from the start on would be turned down for ever.
 */
function firstLacking(log: LogTerms, hint: LogPosition): LogIndex {
  const agree = lastAtMost(log, hint.index, hint.term);
  const isBeforeStart = hint.index < log.start.index || hint.term < agree.term;
  return isBeforeStart ? log.start.index : logIndex(agree.index + 1);
}

function isStaleMismatch(progress: Progress, prevIndex: LogIndex): boolean {
  // Also what a follower says that has lost what it acknowledged: no probe can mend that, and the
  // next heartbeat that counts on it halts it.
  if (prevIndex <= progress.matchIndex) return true;
  return progress.mode === "probe" && prevIndex !== progress.nextIndex - 1;
}
