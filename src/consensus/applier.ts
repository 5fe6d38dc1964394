// Applies committed entries to the state, a slice of time after the other: however much there is to
// do, the loop is not held up.
import { logIndex, type LogIndex } from "../base/ids.ts";
import type { CommandOutcome } from "../machine/command.ts";
import type { Configuration } from "../raft/configuration.ts";
import type { Entry } from "../raft/input.ts";
import { applyEntry } from "../storage/apply-entry.ts";
import type { NodeStore } from "../storage/node-store.ts";

export interface ApplierParts {
  readonly store: NodeStore;
  readonly monotonicMs: () => number;
  /** After each change of the membership, refused or not, and before `onApplied` of the same. */
  readonly onMembership: (index: LogIndex, configuration: Configuration) => void;
  readonly onApplied: (entry: Entry, outcome: CommandOutcome | undefined) => void;
  readonly onAppliedUpTo: (index: LogIndex) => void;
}

/** How long the loop may be busy applying before others get their turn. */
const sliceMs = 4;

export class Applier {
  readonly #parts: ApplierParts;

  constructor(parts: ApplierParts) {
    this.#parts = parts;
  }

  get applied(): LogIndex {
    return this.#parts.store.state.applied.position.index;
  }

  /** Applies what is committed and durable here. `more`: the slice was not enough. */
  applyUpTo(last: LogIndex): "done" | "more" {
    const { log } = this.#parts.store;
    const untilMs = this.#parts.monotonicMs() + sliceMs;
    const from = this.applied;
    for (let index = from + 1; index <= last; index += 1) {
      this.#apply(log.entry(logIndex(index)));
      if (this.#parts.monotonicMs() >= untilMs) break;
    }
    if (this.applied === from) return "done";
    log.release(this.applied);
    this.#parts.onAppliedUpTo(this.applied);
    return this.applied < last ? "more" : "done";
  }

  #apply(entry: Entry): void {
    const { state } = this.#parts.store;
    const outcome = applyEntry(state, entry);
    if (entry.kind === "membership" || entry.kind === "leave_joint") {
      this.#parts.onMembership(entry.index, state.applied.configuration);
    }
    this.#parts.onApplied(entry, outcome);
  }
}
