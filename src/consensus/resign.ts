// A leader that stops hands its lead over first.
import { setTimeout as pause } from "node:timers/promises";
import type { Input } from "../raft/input.ts";
import type { RaftState } from "../raft/state.ts";
import { furthestFollower } from "./membership-engine.ts";

/** Between two looks whether the successor leads: a hand-over takes a few milliseconds. */
const lookMs = 2;

export interface ResigningNode {
  readonly state: () => RaftState;
  readonly give: (input: Input) => void;
  readonly monotonicMs: () => number;
  /** What the core itself grants a hand-over; it counts by ticks, and a stopped node has none. */
  readonly patienceMs: number;
}

/** As `RaftNode.resign`. */
export async function resign(node: ResigningNode): Promise<void> {
  const successor = furthestFollower(node.state());
  if (successor === undefined) return;
  node.give({ kind: "transfer", to: successor });
  const isHandingOver = (): boolean => {
    const { role } = node.state();
    return role.kind === "leader" && role.transfer !== undefined;
  };
  const untilMs = node.monotonicMs() + node.patienceMs;
  while (isHandingOver() && node.monotonicMs() < untilMs) await pause(lookMs);
}
