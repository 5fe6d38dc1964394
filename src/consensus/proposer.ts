// The way of a command from whoever proposes it to the core: all of one turn of the event loop go
// into the log together, a change of the membership goes alone.
import type { Clock } from "../base/clock.ts";
import { refuseCall, type RefusedError } from "../base/errors.ts";
import { logIndex, type LogIndex } from "../base/ids.ts";
import type { Command, ReplyTo } from "../machine/command.ts";
import type { ChangeMembership } from "../machine/membership.ts";
import type { Input } from "../raft/input.ts";
import { mayChangeMembership } from "../raft/membership.ts";
import type { RaftState } from "../raft/state.ts";
import { encodeEnvelope } from "../storage/command-codec.ts";
import type { Proposals } from "./proposals.ts";
import type { AppliedOutcome, WaitOptions } from "./raft-group.ts";

export interface ProposerParts {
  readonly proposals: Proposals;
  readonly clock: Clock;
  readonly state: () => RaftState;
  readonly give: (input: Input) => void;
  /** Why this node takes no such command at the moment, if so. */
  readonly objectionTo: (command: Command) => RefusedError | undefined;
  /** Calls back once in this turn of the event loop, after what else it brings. */
  readonly atEndOfTurn: (callback: () => void) => void;
}

export class Proposer {
  readonly #parts: ProposerParts;
  #isScheduled = false;

  constructor(parts: ProposerParts) {
    this.#parts = parts;
  }

  /** As `RaftGroup.propose`. */
  propose<C extends Command>(
    command: C,
    { deadlineMs }: WaitOptions,
  ): Promise<AppliedOutcome<ReplyTo<C>>> {
    return new Promise((resolve, reject) => {
      this.#needLead();
      const objection = this.#parts.objectionTo(command);
      if (objection !== undefined) throw objection;
      const payload = encodeEnvelope({ at: this.#parts.clock.now(), command });
      this.#parts.proposals.add({
        payload,
        deadlineMs,
        // The state machine answers each command with the reply of its kind.
        resolve: resolve,
        reject,
      });
      this.#schedule();
    });
  }

  /** Goes into the log by itself, and at once: throws `membership_changing` where it may not. */
  proposeChange(command: ChangeMembership, { deadlineMs }: WaitOptions): Promise<AppliedOutcome> {
    return new Promise((resolve, reject) => {
      this.#needLead();
      const { proposals, clock, state, give } = this.#parts;
      const { log, term } = state();
      if (!mayChangeMembership(state())) throw refuseCall("membership_changing", {});
      const payload = encodeEnvelope({ at: clock.now(), command });
      const proposal = { payload, deadlineMs, resolve, reject };
      proposals.admit(proposal);
      proposals.await(after(log.lastIndex, 0), term, proposal);
      give({ kind: "propose_membership", payload });
    });
  }

  #needLead(): void {
    const { role } = this.#parts.state();
    if (role.kind !== "leader" || role.transfer !== undefined) throw refuseCall("no_leader", {});
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#parts.atEndOfTurn(() => {
      this.#isScheduled = false;
      this.#proposeQueued();
    });
  }

  #proposeQueued(): void {
    const { proposals, state, give } = this.#parts;
    const queued = proposals.takeQueued();
    const { role, term, log } = state();
    if (role.kind !== "leader" || role.transfer !== undefined) {
      proposals.refuse(queued);
      return;
    }
    queued.forEach((proposal, offset) => {
      proposals.await(after(log.lastIndex, offset), term, proposal);
    });
    give({ kind: "propose", payloads: queued.map(({ payload }) => payload) });
  }
}

function after(last: LogIndex, offset: number): LogIndex {
  return logIndex(last + 1 + offset);
}
