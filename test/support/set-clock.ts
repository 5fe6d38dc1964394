// A clock that moves when it is told to.
import type { Clock } from "../../src/base/clock.ts";
import { epochMs, type EpochMs } from "../../src/base/ids.ts";

export class SetClock implements Clock {
  #now: number;
  #monotonicMs = 0;

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): EpochMs {
    return epochMs(this.#now);
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  advance(ms: number): void {
    this.#now += ms;
    this.#monotonicMs += ms;
  }
}
