// Tells the leader once in a while what was read through this node. Nobody waits for it: what could
// not be told now is told later, and a read is never the worse for it.
import type { Clock } from "../base/clock.ts";
import { RefusedError } from "../base/errors.ts";
import type { RaftGroup, WaitOptions } from "../consensus/raft-group.ts";
import { noteAccessesMax } from "../secrets/commands/note-accesses.ts";
import type { AccessNotes, NotedReads } from "./access-notes.ts";

export interface AccessReportParts {
  readonly notes: AccessNotes;
  /** Has the leader take the reads down, whichever node it is. Throws `RefusedError`. */
  readonly tell: (reads: NotedReads, options: WaitOptions) => Promise<unknown>;
  readonly group: Pick<RaftGroup, "readBarrier">;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** A whole number in `[0, below)`. */
  readonly below: (below: number) => number;
  /** Calls back after so many milliseconds; returns how to stop it. */
  readonly later: (ms: number, callback: () => void) => () => void;
  /** Told what is neither a success nor a refusal. */
  readonly onFatal: (error: unknown) => void;
}

/** Between two reports, and as much more as is drawn: nodes do not all come at once. */
const restMs = { least: 3_000, spread: 4_000 } as const;
/** For one batch. */
const patienceMs = 2_000;
/** For all that is left when the node stops, which waits for it. */
const lastPatienceMs = 1_000;

export class AccessReport {
  readonly #parts: AccessReportParts;
  #isClosed = false;
  #stopWaiting: () => void = () => undefined;
  #underWay: Promise<void> = Promise.resolve();

  constructor(parts: AccessReportParts) {
    this.#parts = parts;
    this.#wait();
  }

  /** Tells what is still noted, if there is a leader to be told. What is noted later is lost. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopWaiting();
    await this.#underWay;
    const deadlineMs = this.#parts.clock.monotonicMs() + lastPatienceMs;
    await this.#tellAll(() => ({ deadlineMs }));
  }

  #wait(): void {
    const { later, below, clock } = this.#parts;
    this.#stopWaiting = later(restMs.least + below(restMs.spread), () => {
      const soon = (): WaitOptions | undefined =>
        this.#isClosed ? undefined : { deadlineMs: clock.monotonicMs() + patienceMs };
      this.#underWay = this.#tellAll(soon).then(() => {
        if (!this.#isClosed) this.#wait();
      });
    });
  }

  /** `options` for the next batch, or nothing when there shall be none. */
  async #tellAll(options: () => WaitOptions | undefined): Promise<void> {
    const { notes, tell, group, onFatal } = this.#parts;
    try {
      for (;;) {
        const batch = notes.batch(noteAccessesMax);
        const wait = options();
        if (batch === undefined || wait === undefined) return;
        await tell(batch, wait);
        // The leader knows; behind a barrier this node does too, and needs no note any more.
        await group.readBarrier(wait);
        notes.settle(batch);
      }
    } catch (error) {
      // Such as no leader at the moment, or an upgrade under way: it stays noted.
      if (!(error instanceof RefusedError)) onFatal(error);
    }
  }
}
