// Whether some order of a secret's calls explains what every caller was told: each call at one
// moment between its beginning and its end. Wing and Gong's search with Lowe's memory of where it
// has been ("Testing for linearizability", 2017). It believes no index.
import { isSeen, type Call } from "./history.ts";
import { agrees, keyOf, perform, type SecretState } from "./secret-model.ts";

export type Linearizability =
  | { readonly kind: "linearizable"; readonly steps: number }
  | { readonly kind: "not_linearizable"; readonly steps: number; readonly stuckAt: Call }
  /** The search was given up: too many orders. */
  | { readonly kind: "undecided"; readonly steps: number };

/** All calls of one secret, but for those that certainly did nothing and saw nothing. */
export function checkLinearizable(calls: readonly Call[], stepLimit = 1_000_000): Linearizability {
  // First with those unknown writes alone that somebody saw: mostly that explains everything.
  const told = calls.filter((call) => isKnown(call) || isSeen(call, calls));
  const quick = new Search(told, stepLimit / 4).run();
  return quick.kind === "linearizable" ? quick : new Search(calls, stepLimit).run();
}

class Search {
  readonly #calls: readonly Call[];
  readonly #stepLimit: number;
  readonly #isPlaced: boolean[];
  readonly #seen = new Set<string>();
  /** Everything before is placed. */
  #low = 0;
  #left: number;
  #steps = 0;
  /** The farthest that any order came: where to look when there is none. */
  #fewestLeft: number;
  #stuckAt: Call | undefined;

  constructor(calls: readonly Call[], stepLimit: number) {
    this.#calls = calls.toSorted((one, other) => one.start - other.start);
    this.#stepLimit = stepLimit;
    this.#isPlaced = this.#calls.map(() => false);
    // A call of unknown outcome need not have happened.
    this.#left = this.#calls.filter(({ outcome }) => outcome.kind !== "unknown").length;
    this.#fewestLeft = this.#left + 1;
  }

  run(): Linearizability {
    const found = this.#place(undefined);
    const steps = this.#steps;
    if (found === "yes") return { kind: "linearizable", steps };
    if (found === "given_up") return { kind: "undecided", steps };
    const stuckAt = this.#stuckAt ?? this.#calls[0];
    if (stuckAt === undefined) throw new Error("an empty history is linearizable");
    return { kind: "not_linearizable", steps, stuckAt };
  }

  #place(state: SecretState): "yes" | "no" | "given_up" {
    if (this.#left === 0) return "yes";
    const key = this.#positionKey(state);
    if (this.#seen.has(key)) return "no";
    this.#seen.add(key);
    const candidates = this.#candidates();
    this.#noteProgress(candidates);
    for (const at of candidates) {
      this.#steps += 1;
      if (this.#steps > this.#stepLimit) return "given_up";
      const call = this.#calls[at];
      const next = call && this.#performed(state, call);
      if (call === undefined || next === undefined) continue;
      const low = this.#take(at, call);
      const found = this.#place(next.state);
      if (found !== "no") return found;
      this.#putBack(at, call, low);
    }
    return "no";
  }

  /** The state after the call, if it can be the next. */
  #performed(
    state: SecretState,
    { operation, outcome: told }: Call,
  ): { readonly state: SecretState } | undefined {
    const { next, outcome } = perform(state, operation);
    if (told.kind !== "unknown") return agrees(outcome, told) ? { state: next } : undefined;
    // One that may not have happened, and would have done nothing, did not.
    return keyOf(next) === keyOf(state) ? undefined : { state: next };
  }

  #noteProgress(candidates: readonly number[]): void {
    if (this.#left >= this.#fewestLeft) return;
    this.#fewestLeft = this.#left;
    this.#stuckAt = candidates.map((at) => this.#calls[at]).find(isKnown);
  }

  /** Calls that may come next: those that began before any other that is left has ended. */
  #candidates(): readonly number[] {
    let firstEnd = Infinity;
    const found: number[] = [];
    for (let at = this.#low; at < this.#calls.length; at += 1) {
      const call = this.#calls[at];
      if (call === undefined || this.#isPlaced[at]) continue;
      if (call.start > firstEnd) break;
      firstEnd = Math.min(firstEnd, call.end);
      found.push(at);
    }
    // The order to try is only a guess; the index is a good one.
    return found.sort((one, other) => this.#guess(one) - this.#guess(other));
  }

  #guess(at: number): number {
    const call = this.#calls[at];
    if (call === undefined) return Infinity;
    const { outcome } = call;
    if (outcome.kind === "ok" && outcome.index !== undefined) {
      // A write is at its index; what was read there was read after it.
      return outcome.index + (outcome.answer.kind === "done" ? 0 : 0.5);
    }
    return outcome.kind === "unknown" ? Infinity : 0;
  }

  #take(at: number, call: Call): number {
    const low = this.#low;
    this.#isPlaced[at] = true;
    if (isKnown(call)) this.#left -= 1;
    while (this.#isPlaced[this.#low] === true) this.#low += 1;
    return low;
  }

  #putBack(at: number, call: Call, low: number): void {
    this.#isPlaced[at] = false;
    if (isKnown(call)) this.#left += 1;
    this.#low = low;
  }

  #positionKey(state: SecretState): string {
    let placed = "";
    for (let at = this.#low; at < this.#calls.length; at += 1) {
      if (this.#isPlaced[at]) placed += `,${at}`;
    }
    return `${this.#low}${placed}:${keyOf(state)}`;
  }
}

function isKnown(call: Call | undefined): boolean {
  return call !== undefined && call.outcome.kind !== "unknown";
}
