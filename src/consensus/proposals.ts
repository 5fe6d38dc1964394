// Commands on their way through the log, and who waits for what they come to. A waiter is answered
// when an entry is applied at its index: with the outcome if it is the entry that was proposed,
// with a definite refusal if another leader's entry has taken the place, and otherwise not before
// its deadline, when nobody can tell yet.
import { refuseCall, type RefusedError } from "../base/errors.ts";
import type { LogIndex, Term } from "../base/ids.ts";
import type { CommandOutcome } from "../machine/command.ts";
import type { AppliedOutcome } from "./raft-group.ts";

/** What may wait for a quorum at once; more is refused, never queued. */
export interface ProposalLimits {
  readonly count: number;
  readonly sizeBytes: number;
}

export interface Proposal {
  readonly payload: Uint8Array;
  readonly deadlineMs: number;
  readonly resolve: (outcome: AppliedOutcome) => void;
  readonly reject: (error: RefusedError) => void;
}

interface Waiter extends Proposal {
  readonly term: Term;
  /**
   * It was told that its time is up. Its entry is in the log all the same, and counts until the log
   * has got past it: or a group that answers but does not write would pile up entries without end
   * (etcd-io/etcd#10167).
   */
  readonly isAnswered: boolean;
}

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
    this.admit(proposal);
    this.#queued.push(proposal);
  }

  /** Counts a proposal that goes to the core at once. Throws `overloaded`. */
  admit(proposal: Proposal): void {
    const sizeBytes = this.#sizeBytes + proposal.payload.length;
    if (this.#count >= this.#limits.count || sizeBytes > this.#limits.sizeBytes) {
      throw refuseCall("overloaded", {});
    }
    this.#count += 1;
    this.#sizeBytes = sizeBytes;
  }

  takeQueued(): readonly Proposal[] {
    const queued = this.#queued;
    this.#queued = [];
    return queued;
  }

  /** The core has put the proposal at `index`. */
  await(index: LogIndex, term: Term, proposal: Proposal): void {
    const others = this.#waiting.get(index) ?? [];
    this.#waiting.set(index, [...others, { ...proposal, term, isAnswered: false }]);
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
      if (waiter.isAnswered) continue;
      if (waiter.term === term && outcome !== undefined) waiter.resolve({ ...outcome, index });
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
        if (waiter.isAnswered) continue;
        waiter.reject(refuseCall("outcome_unknown", { reason: "leadership_lost" }));
      }
    }
  }

  /** Nobody can tell any more, or not in time. With `Infinity`, everybody stops waiting. */
  expire(nowMs: number): void {
    for (const [index, waiters] of this.#waiting) {
      const isLate = (waiter: Waiter): boolean => !waiter.isAnswered && waiter.deadlineMs <= nowMs;
      const late = waiters.filter(isLate);
      if (late.length === 0) continue;
      const after = waiters.map((each) => (isLate(each) ? { ...each, isAnswered: true } : each));
      this.#waiting.set(index, after);
      for (const { reject } of late) reject(refuseCall("outcome_unknown", { reason: "timed_out" }));
    }
  }

  #release({ payload }: Proposal): void {
    this.#count -= 1;
    this.#sizeBytes -= payload.length;
  }
}
