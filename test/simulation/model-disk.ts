// A disk as the core may rely on it: writes become durable in order, some time later, several at
// once; a crash loses those that have not. What is dropped from the log's beginning is in the state
// by then: `log` keeps it, for the witness, and `start` says that the node cannot read it any more.
import { assert } from "../../src/base/assert.ts";
import { term } from "../../src/base/ids.ts";
import type { Configuration } from "../../src/raft/configuration.ts";
import type { HardState, Persist } from "../../src/raft/effect.ts";
import type { Entry } from "../../src/raft/input.ts";
import { beforeLog, type LogPosition } from "../../src/raft/log-terms.ts";

/** What a snapshot brings. */
export interface ModelState {
  /** What the state was made of. */
  readonly entries: readonly Entry[];
  readonly configuration: Configuration;
}

export class ModelDisk {
  hardState: HardState = { term: term(0), votedFor: undefined };
  log: readonly Entry[] = [];
  start: LogPosition = beforeLog;
  /** The state machine keeps its own place; it is never ahead of the log, and often behind. */
  applied = 0;
  /** As of what is applied. */
  configuration: Configuration;
  landedSequence = 0;
  #queue: Persist[] = [];
  #nextStart: LogPosition = beforeLog;

  constructor(configuration: Configuration) {
    this.configuration = configuration;
  }

  get queued(): number {
    return this.#queue.length;
  }

  write(persist: Persist): void {
    this.#queue.push(persist);
  }

  /** Durable with the next write. */
  compact(start: LogPosition): void {
    this.#nextStart = start;
  }

  /** A snapshot takes the place of everything, at once. Returns the entries it replaced. */
  install(position: LogPosition, { entries, configuration }: ModelState): readonly Entry[] {
    assert(this.#queue.length === 0, "no write is under way");
    const replaced = this.log;
    this.log = entries;
    this.configuration = configuration;
    this.start = position;
    this.#nextStart = position;
    this.applied = position.index;
    return replaced;
  }

  /** The oldest write becomes durable. Returns the entries it replaced. */
  landNext(): readonly Entry[] {
    const write = this.#queue.shift();
    assert(write !== undefined, "something is queued");
    assert(write.sequence === this.landedSequence + 1, "writes are numbered without a gap");
    this.landedSequence = write.sequence;
    this.start = this.#nextStart;
    this.hardState = write.hardState ?? this.hardState;
    const [first] = write.entries;
    if (first === undefined) return [];
    assert(first.index <= this.log.length + 1, "the log has no gap");
    assert(first.index > this.start.index, "what is in the state is never replaced");
    const replaced = this.log.slice(first.index - 1);
    this.log = [...this.log.slice(0, first.index - 1), ...write.entries];
    return replaced;
  }

  /** Power is gone: what has not landed never will. */
  lose(): void {
    this.#queue = [];
    this.#nextStart = this.start;
    this.landedSequence = 0;
  }
}
