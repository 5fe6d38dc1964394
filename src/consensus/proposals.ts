// Commands on their way through the log, and who waits for what they come to. A waiter is answered
// when an entry is applied at its index: with the outcome if it is the entry that was proposed,
// with a definite refusal if another leader's entry has taken the place, and otherwise not before
// its deadline, when nobody can tell yet.
import { refuseCall, type RefusedError } from "../base/errors.ts";
import type { LogIndex, Term } from "../base/ids.ts";
import type { CommandOutcome } from "../machine/command.ts";

/** What may wait for a quorum at once; more is refused, never queued. */
export interface ProposalLimits {
  readonly count: number;
  readonly sizeBytes: number;
}

export interface Proposal {
  readonly payload: Uint8Array;
  readonly deadlineMs: number;
  readonly resolve: (outcome: CommandOutcome) => void;
  readonly reject: (error: RefusedError) => void;
}

export class Proposals {
  readonly #limits: ProposalLimits;
  /** Not given to the core yet: all of one turn go together. */
  #queued: Proposal[] = [];
  readonly #waiting = new Map<LogIndex, Proposal & { readonly term: Term }>();
  #sizeBytes = 0;

  constructor(limits: ProposalLimits) {
    this.#limits = limits;
  }

  /** Throws `overloaded`: nothing was proposed. */
  add(proposal: Proposal): void {
    const count = this.#queued.length + this.#waiting.size;
    const sizeBytes = this.#sizeBytes + proposal.payload.length;
    if (count >= this.#limits.count || sizeBytes > this.#limits.sizeBytes) {
      throw refuseCall("overloaded", {});
    }
    this.#sizeBytes = sizeBytes;
    this.#queued.push(proposal);
  }

  takeQueued(): readonly Proposal[] {
    const queued = this.#queued;
    this.#queued = [];
    return queued;
  }

  /** The core has put the proposal at `index`. */
  await(index: LogIndex, term: Term, proposal: Proposal): void {
    this.#waiting.set(index, { ...proposal, term });
  }

  /** This node does not lead: what was not given to the core has certainly not happened. */
  refuse(proposals: readonly Proposal[]): void {
    for (const proposal of proposals) {
      this.#sizeBytes -= proposal.payload.length;
      proposal.reject(refuseCall("no_leader", {}));
    }
  }

  /** The entry of `term` at `index` is applied. */
  settle(index: LogIndex, term: Term, outcome: CommandOutcome | undefined): void {
    const waiter = this.#waiting.get(index);
    if (waiter === undefined) return;
    this.#waiting.delete(index);
    this.#sizeBytes -= waiter.payload.length;
    if (waiter.term === term && outcome !== undefined) waiter.resolve(outcome);
    // Another entry is committed where ours would have been: ours never can be.
    else waiter.reject(refuseCall("no_leader", {}));
  }

  expire(nowMs: number): void {
    for (const [index, waiter] of this.#waiting) {
      if (waiter.deadlineMs > nowMs) continue;
      this.#waiting.delete(index);
      this.#sizeBytes -= waiter.payload.length;
      waiter.reject(refuseCall("outcome_unknown", { reason: "timed_out" }));
    }
  }
}
