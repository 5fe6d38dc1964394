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

type Waiter = Proposal & { readonly term: Term };

export class Proposals {
  readonly #limits: ProposalLimits;
  /** Not given to the core yet: all of one turn go together. */
  #queued: Proposal[] = [];
  /** Several at one index if this node lost the lead, and had it back before an entry got there. */
  readonly #waiting = new Map<LogIndex, readonly Waiter[]>();
  #count = 0;
  #sizeBytes = 0;

  constructor(limits: ProposalLimits) {
    this.#limits = limits;
  }

  /** Throws `overloaded`: nothing was proposed. */
  add(proposal: Proposal): void {
    const sizeBytes = this.#sizeBytes + proposal.payload.length;
    if (this.#count >= this.#limits.count || sizeBytes > this.#limits.sizeBytes) {
      throw refuseCall("overloaded", {});
    }
    this.#count += 1;
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
    const others = this.#waiting.get(index) ?? [];
    this.#waiting.set(index, [...others, { ...proposal, term }]);
  }

  /** This node does not lead: what was not given to the core has certainly not happened. */
  refuse(proposals: readonly Proposal[]): void {
    for (const proposal of proposals) {
      this.#release(proposal);
      proposal.reject(refuseCall("no_leader", {}));
    }
  }

  /** The entry of `term` at `index` is applied. */
  settle(index: LogIndex, term: Term, outcome: CommandOutcome | undefined): void {
    const waiters = this.#waiting.get(index) ?? [];
    this.#waiting.delete(index);
    for (const waiter of waiters) {
      this.#release(waiter);
      if (waiter.term === term && outcome !== undefined) waiter.resolve(outcome);
      // Another entry is committed where this one would have been: it never can be.
      else waiter.reject(refuseCall("no_leader", {}));
    }
  }

  /** A snapshot has brought what is applied up to `index`: who waits below cannot be told. */
  forget(index: LogIndex): void {
    for (const [waiting, waiters] of this.#waiting) {
      if (waiting > index) continue;
      this.#waiting.delete(waiting);
      for (const waiter of waiters) {
        this.#release(waiter);
        waiter.reject(refuseCall("outcome_unknown", { reason: "leadership_lost" }));
      }
    }
  }

  /** Nobody can tell any more, or not in time. With `Infinity`, everybody stops waiting. */
  expire(nowMs: number): void {
    for (const [index, waiters] of this.#waiting) {
      const late = waiters.filter((waiter) => waiter.deadlineMs <= nowMs);
      if (late.length === 0) continue;
      const others = waiters.filter((waiter) => waiter.deadlineMs > nowMs);
      if (others.length === 0) this.#waiting.delete(index);
      else this.#waiting.set(index, others);
      for (const waiter of late) {
        this.#release(waiter);
        waiter.reject(refuseCall("outcome_unknown", { reason: "timed_out" }));
      }
    }
  }

  #release({ payload }: Proposal): void {
    this.#count -= 1;
    this.#sizeBytes -= payload.length;
  }
}
