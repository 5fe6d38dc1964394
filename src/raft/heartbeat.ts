// What a leader says when it has nothing to replicate: that it leads, what is committed, and which
// round of reads wants an answer.
import { logIndex } from "../base/ids.ts";
import type { StepResult } from "./effect.ts";
import type { RaftState } from "./state.ts";

export function sendHeartbeats(state: RaftState): StepResult {
  const { role } = state;
  if (role.kind !== "leader") return { state, effects: [] };
  const effects = [...role.progress].map(
    ([to, progress]) =>
      ({
        kind: "send",
        to,
        message: {
          kind: "heartbeat",
          term: state.term,
          commitIndex: logIndex(Math.min(progress.matchIndex, state.commitIndex)),
          readRound: role.reads.round,
        },
      }) as const,
  );
  return { state, effects };
}
