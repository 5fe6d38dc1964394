// Chance for the node simulator: xoshiro128**, one stream a component, so that one more draw here
// shifts nothing there. It is also the entropy that the production code is given.
import { assert } from "../../src/base/assert.ts";
import type { Entropy } from "../../src/base/entropy.ts";

export class Random implements Entropy {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  private constructor(seed: number) {
    // splitmix32: no seed comes to four zeros, and neighbours come to strangers.
    let mixed = seed | 0;
    const next = (): number => {
      mixed = (mixed + 0x9e3779b9) | 0;
      let part = mixed ^ (mixed >>> 16);
      part = Math.imul(part, 0x21f0aaad);
      part = Math.imul(part ^ (part >>> 15), 0x735a2d97);
      return part ^ (part >>> 15);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  /** The stream of one component of one seed. */
  static of(seed: number, component: string): Random {
    let mixed = Math.imul(seed, 0x9e3779b1) ^ 0x811c9dc5;
    for (let at = 0; at < component.length; at += 1) {
      mixed = Math.imul(mixed ^ component.charCodeAt(at), 0x01000193);
    }
    return new Random(mixed ^ (mixed >>> 15));
  }

  next(): number {
    const five = Math.imul(this.#b, 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** In `[0, 1)`. */
  fraction(): number {
    return this.next() / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  happens(probability: number): boolean {
    return probability > 0 && this.fraction() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    const picked = items[this.below(items.length)];
    assert(picked !== undefined, "there is something to pick from");
    return picked;
  }

  /** How long until the next of events that come `mean` apart on average. */
  wait(mean: number): number {
    return Math.ceil(-Math.log(1 - this.fraction()) * mean);
  }

  /** Mostly near `usual`, now and then many times that. */
  heavyTailed(usual: number, most: number): number {
    const fraction = 1 - this.fraction();
    return Math.min(most, Math.ceil((usual * 0.5) / Math.sqrt(fraction)));
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at += 1) bytes[at] = this.next() & 0xff;
    return bytes;
  }

  uuid(): string {
    const hex = Array.from({ length: 4 }, () => this.next().toString(16).padStart(8, "0")).join("");
    const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`];
    return [...parts, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
  }
}
