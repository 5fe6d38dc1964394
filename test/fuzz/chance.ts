// Chance that repeats itself: what is drawn for an input depends on the seed and on its number
// alone, so that any input can be made again without those before it.

export class Chance {
  #state: number;

  constructor(seed: number, number: number) {
    // Neighbours must not begin alike: both are spread over all bits first.
    this.#state = (spread(seed) ^ spread(number + 0x9e37_79b9)) >>> 0;
  }

  /** A whole number in `[0, below)`. */
  below(below: number): number {
    return Math.floor((this.#next() / 2 ** 32) * below);
  }

  /** Whether something comes about that does once in so many times. */
  once(inTimes: number): boolean {
    return this.below(inTimes) === 0;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("there is nothing to pick");
    return item;
  }

  /** Mulberry32. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    return spread(this.#state);
  }
}

function spread(value: number): number {
  let mixed = value >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}
