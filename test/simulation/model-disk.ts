// A disk as the core may rely on it: writes become durable in order, some time later, several at
// once; a crash loses those that have not.
import { assert } from "../../src/base/assert.ts";
import { term } from "../../src/base/ids.ts";
import type { HardState, Persist } from "../../src/raft/effect.ts";
import type { Entry } from "../../src/raft/input.ts";

export class ModelDisk {
  hardState: HardState = { term: term(0), votedFor: undefined };
  log: readonly Entry[] = [];
  /** The state machine keeps its own place; it is never ahead of the log. */
  applied = 0;
  landedSequence = 0;
  #queue: Persist[] = [];

  get queued(): number {
    return this.#queue.length;
  }

  write(persist: Persist): void {
    this.#queue.push(persist);
  }

  /** The oldest write becomes durable. Returns the entries it replaced. */
  landNext(): readonly Entry[] {
    const write = this.#queue.shift();
    assert(write !== undefined, "something is queued");
    assert(write.sequence === this.landedSequence + 1, "writes are numbered without a gap");
    this.landedSequence = write.sequence;
    this.hardState = write.hardState ?? this.hardState;
    const [first] = write.entries;
    if (first === undefined) return [];
    assert(first.index <= this.log.length + 1, "the log has no gap");
    const replaced = this.log.slice(first.index - 1);
    this.log = [...this.log.slice(0, first.index - 1), ...write.entries];
    return replaced;
  }

  /** Power is gone: what has not landed never will. */
  lose(): void {
    this.#queue = [];
    this.landedSequence = 0;
  }
}
