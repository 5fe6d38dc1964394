// Sequences from seeds against the model; the first that differs is made short and told whole.
import { inspect } from "node:util";
import { play, type Played } from "./play.ts";
import { randomCalls, type Call, type CallChoices } from "./random-calls.ts";
import type { ServiceUnderTest } from "./service-under-test.ts";
import { shrunk } from "./shrink.ts";

export interface Comparison {
  readonly open: () => Promise<ServiceUnderTest>;
  readonly choices: CallChoices;
  readonly calls: number;
  /** How to play a seed again. */
  readonly again: (seed: number) => string;
  /** Left out where a second run would not be the same. */
  readonly shrinks?: boolean;
}

/** Throws an error that has the seed, the shortest sequence and both answers. */
export async function compare(seed: number, comparison: Comparison): Promise<Played> {
  const { open, choices, calls: length } = comparison;
  const calls = randomCalls(seed, length, choices);
  const playOnce = async (some: readonly Call[]): Promise<Played> => {
    await using service = await open();
    return await play(service, some);
  };
  const played = await playOnce(calls);
  if (played.difference === undefined) return played;

  const upTo = calls.slice(0, played.difference.at + 1);
  const short =
    comparison.shrinks === false
      ? upTo
      : await shrunk(upTo, async (some) => (await playOnce(some)).difference !== undefined);
  const { difference = played.difference } =
    comparison.shrinks === false ? played : await playOnce(short);
  const told = short.map((call) => JSON.stringify(call)).join("\n  ");
  throw new Error(
    `${comparison.again(seed)}\n  ${told}\n` +
      `expected ${inspect(difference.expected, { depth: 9 })}\n` +
      `got      ${inspect(difference.got, { depth: 9 })}`,
  );
}
