// The read rounds of one life of a node: numbered so that no later one takes an answer for its own.
import type { Clock } from "../base/clock.ts";
import type { Entropy } from "../base/entropy.ts";
import { ReadRounds } from "./read-rounds.ts";

/** Room for 2^32 rounds in each life of a process, and for two million lives drawn at random. */
const readsOfALife = 2 ** 32;
const readLives = 2 ** 21 - 1;
/** A read round without an answer for this many ticks was lost on the way. */
const readLostTicks = 3;

export interface NodeReadsParts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly timing: { readonly tickMs: number };
}

export function readRoundsOfALife(
  { clock, entropy, timing }: NodeReadsParts,
  ask: (readId: number) => void,
): ReadRounds {
  return new ReadRounds({
    monotonicMs: () => clock.monotonicMs(),
    ask,
    atEndOfTurn: setImmediate,
    lostAfterMs: readLostTicks * timing.tickMs,
    firstReadId: entropy.below(readLives) * readsOfALife,
  });
}
