// Whether the disk still takes what it is given. A leader whose disk hangs would lead for ever,
// since its heartbeats need none: it must step down, and the process must not wait for ever either.

/** A write that takes longer will not end; starting again may help. */
const hungMs = 30_000;
/** What one tick counts for at most: a process that was paused has not waited for its disk. */
const tickMsMax = 1_000;

export class DiskWatch {
  readonly #stalledTicks: number;
  #ticks = 0;
  #waitedMs = 0;
  #lastTickMs: number | undefined;

  /** `stalledTicks`: after more of them in one write the disk counts as stalled. */
  constructor(stalledTicks: number) {
    this.#stalledTicks = stalledTicks;
  }

  /** A write begins. */
  begin(nowMs: number): void {
    this.#ticks = 0;
    this.#waitedMs = 0;
    this.#lastTickMs = nowMs;
  }

  /** It has ended, one way or the other. */
  end(): void {
    this.#lastTickMs = undefined;
  }

  /** Called with every tick. */
  onTick(nowMs: number): "fine" | "stalled" | "hung" {
    if (this.#lastTickMs === undefined) return "fine";
    this.#ticks += 1;
    this.#waitedMs += Math.min(nowMs - this.#lastTickMs, tickMsMax);
    this.#lastTickMs = nowMs;
    if (this.#waitedMs >= hungMs) return "hung";
    return this.#ticks > this.#stalledTicks ? "stalled" : "fine";
  }
}
