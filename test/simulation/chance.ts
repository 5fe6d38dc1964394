// Chance that repeats itself: the same seed makes the same choices.
import { assert } from "../../src/base/assert.ts";
import { draw, type Prng } from "../../src/raft/prng.ts";

export class Chance {
  #seed: Prng;

  constructor(seed: Prng) {
    this.#seed = seed;
  }

  /** A stream of its own, so that one more draw here shifts nothing there. */
  split(name: string): Chance {
    return new Chance(
      Array.from(name).reduce((mixed, letter) => mix(mixed, letter), this.#seed | 0),
    );
  }

  /** A whole number in `[0, limit)`. */
  below(limit: number): number {
    const { value, prng } = draw(this.#seed, limit);
    this.#seed = prng;
    return value;
  }

  happens(probability: number): boolean {
    return probability > 0 && this.below(1_000_000) < probability * 1_000_000;
  }

  pick<Item>(items: readonly Item[]): Item {
    const picked = items[this.below(items.length)];
    assert(picked !== undefined, "there is something to pick from");
    return picked;
  }

  /** Swarm testing: half of the seeds have none of a fault, the others some of it. */
  strength(most: number): number {
    return this.happens(0.5) ? 0 : (most * (1 + this.below(100))) / 100;
  }
}

function mix(mixed: number, letter: string): number {
  return Math.imul(mixed ^ (letter.codePointAt(0) ?? 0), 0x01000193);
}
