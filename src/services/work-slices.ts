// Long work for one caller, in slices: others get their turn between them, and it ends when nobody
// waits for it any more.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";
import { refuseCall } from "../base/errors.ts";

/** Work for this long at a time: as much as others are made to wait. */
const sliceMs = 1.5;

export class WorkSlices {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #deadlineMs: number;
  #begunMs: number;

  /** The deadline is on the monotonic clock. */
  constructor(clock: Pick<Clock, "monotonicMs">, deadlineMs: number) {
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#begunMs = clock.monotonicMs();
  }

  /** Whether `rest` is due. Cheap: ask after each small step. */
  isOver(): boolean {
    return this.#clock.monotonicMs() - this.#begunMs >= sliceMs;
  }

  /** Lets others have their turn. Throws `timed_out` when the deadline has passed. */
  async rest(): Promise<void> {
    if (this.#clock.monotonicMs() >= this.#deadlineMs) throw refuseCall("timed_out", {});
    await nextTurn();
    this.#begunMs = this.#clock.monotonicMs();
  }
}
