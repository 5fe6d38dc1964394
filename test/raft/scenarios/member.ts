// One node of a scenario: its core, and what its driver, disk and state machine have come to.
import type { HardState, Persist } from "../../../src/raft/effect.ts";
import type { Entry } from "../../../src/raft/input.ts";
import type { RaftState } from "../../../src/raft/state.ts";
import type { Letter } from "./region.ts";

export class Member {
  state: RaftState;
  /** With what was compacted away: the state has it, and a snapshot brings it. */
  log: readonly Entry[];
  disk: { log: readonly Entry[]; hardState: HardState };
  writes: Persist[] = [];
  /** Letters that wait for a write. */
  outbox: { readonly letter: Letter; readonly needs: number }[] = [];
  lastWrite = 0;
  lastHardState = 0;
  landed = 0;
  applied = 0;
  isDiskHeld = false;
  isApplyHeld = false;
  isHalted = false;

  constructor(state: RaftState, log: readonly Entry[]) {
    this.state = state;
    this.log = log;
    this.disk = { log, hardState: { term: state.term, votedFor: state.votedFor } };
  }
}
