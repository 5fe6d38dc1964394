// The one reader of time. Everything else is given a `Clock`, so that tests and the simulator can
// be the clock.
import { performance } from "node:perf_hooks";
import { epochMs, type EpochMs } from "./ids.ts";

export interface Clock {
  /** The wall clock: for stamps that people and signatures read. It may jump either way. */
  now(): EpochMs;

  /** Milliseconds from an arbitrary start that never go back: for waiting and for deadlines. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  now: () => epochMs(Date.now()),
  monotonicMs: () => performance.now(),
};
