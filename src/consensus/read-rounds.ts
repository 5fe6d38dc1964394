// Reads that wait to be safe. All that come while a round is under way share the next one, so any
// number of readers cost one exchange with a quorum at a time (thesis 6.4).
import { refuseCall, type RefusedError } from "../base/errors.ts";
import type { LogIndex } from "../base/ids.ts";

/** Readers that may wait for the next round; more are refused, never queued. */
const waitingMax = 20_000;
/** How many times the usual wait for an answer becomes the longest. */
const patienceMost = 8;

interface Reader {
  readonly deadlineMs: number;
  readonly resolve: (applied: LogIndex) => void;
  readonly reject: (error: RefusedError) => void;
}

interface Round {
  readonly readId: number;
  readonly readers: readonly Reader[];
  readonly startedMs: number;
}

export interface ReadRoundsParts {
  readonly monotonicMs: () => number;
  /** Asks the core; it answers with `ready` or `failed`, or not at all if a message was lost. */
  readonly ask: (readId: number) => void;
  /** Calls back once in this turn of the event loop, after what else it brings. */
  readonly atEndOfTurn: (callback: () => void) => void;
  /** After this long a round is taken for lost and asked again; after more, each time in a row. */
  readonly lostAfterMs: number;
  /**
   * Where this process begins to count. Never where another life of the node counted: a leader may
   * still answer what that one asked, and the answer must release nothing here.
   */
  readonly firstReadId: number;
}

export class ReadRounds {
  readonly #parts: ReadRoundsParts;
  #next: Reader[] = [];
  #round: Round | undefined;
  #nextId: number;
  #isScheduled = false;
  #patienceMs: number;
  /** Rounds that are proven and wait until the node has applied up to their index. */
  #applying: { readonly index: LogIndex; readonly readers: readonly Reader[] }[] = [];

  constructor(parts: ReadRoundsParts) {
    this.#parts = parts;
    this.#nextId = parts.firstReadId;
    this.#patienceMs = parts.lostAfterMs;
  }

  /**
   * Resolves to the index that is applied then. Rejects with `no_leader`, `timed_out`, or
   * `overloaded` when too many wait already.
   */
  wait(deadlineMs: number): Promise<LogIndex> {
    return new Promise((resolve, reject) => {
      if (this.#next.length >= waitingMax) throw refuseCall("overloaded", {});
      this.#next.push({ deadlineMs, resolve, reject });
      this.#schedule();
    });
  }

  ready(readId: number, index: LogIndex, applied: LogIndex): void {
    const round = this.#round;
    if (round?.readId !== readId) return;
    this.#round = undefined;
    this.#patienceMs = this.#parts.lostAfterMs;
    this.#applying.push({ index, readers: round.readers });
    this.applied(applied);
    this.#schedule();
  }

  /** Leadership is not what it was: the readers go into another round, at the next tick. */
  failed(readId: number): void {
    const round = this.#round;
    if (round?.readId !== readId) return;
    this.#round = undefined;
    this.#next = [...round.readers, ...this.#next];
  }

  applied(index: LogIndex): void {
    const done = this.#applying.filter((waiting) => waiting.index <= index);
    if (done.length === 0) return;
    this.#applying = this.#applying.filter((waiting) => waiting.index > index);
    for (const { readers } of done) for (const reader of readers) reader.resolve(index);
  }

  /** Lets go of readers whose time is up, and begins anew what seems lost. */
  onTick(hasLeader: () => boolean): void {
    const nowMs = this.#parts.monotonicMs();
    const round = this.#round;
    if (round !== undefined && nowMs - round.startedMs > this.#patienceMs) {
      // The way to the leader may just be long: whoever always gives up too early never hears.
      this.#patienceMs = Math.min(2 * this.#patienceMs, patienceMost * this.#parts.lostAfterMs);
      this.failed(round.readId);
    }
    this.#next = this.#expire(this.#next, nowMs, hasLeader);
    this.#applying = this.#applying
      .map(({ index, readers }) => ({ index, readers: this.#expire(readers, nowMs, hasLeader) }))
      .filter(({ readers }) => readers.length > 0);
    this.#schedule();
  }

  /** This node stops: nobody waits any longer. */
  close(): void {
    const waiting = [
      ...this.#applying,
      { readers: [...(this.#round?.readers ?? []), ...this.#next] },
    ];
    this.#applying = [];
    this.#round = undefined;
    this.#next = [];
    for (const { readers } of waiting) {
      for (const reader of readers) reader.reject(refuseCall("no_leader", {}));
    }
  }

  #expire(readers: readonly Reader[], nowMs: number, hasLeader: () => boolean): Reader[] {
    const late = readers.filter((reader) => reader.deadlineMs <= nowMs);
    if (late.length === 0) return [...readers];
    for (const reader of late) {
      reader.reject(refuseCall(hasLeader() ? "timed_out" : "no_leader", {}));
    }
    return readers.filter((reader) => reader.deadlineMs > nowMs);
  }

  #schedule(): void {
    if (this.#isScheduled || this.#round !== undefined || this.#next.length === 0) return;
    this.#isScheduled = true;
    this.#parts.atEndOfTurn(() => {
      this.#isScheduled = false;
      this.#begin();
    });
  }

  #begin(): void {
    if (this.#round !== undefined || this.#next.length === 0) return;
    const readId = this.#nextId;
    this.#nextId += 1;
    this.#round = { readId, readers: this.#next, startedMs: this.#parts.monotonicMs() };
    this.#next = [];
    this.#parts.ask(readId);
  }
}
