// The first few of many in an order, without keeping the many.

export class FirstFew<Item> {
  readonly #most: number;
  readonly #compare: (one: Item, other: Item) => number;
  /** In order. */
  readonly #kept: Item[] = [];

  constructor(most: number, compare: (one: Item, other: Item) => number) {
    this.#most = most;
    this.#compare = compare;
  }

  /** In order, at most as many as were asked for. */
  get items(): readonly Item[] {
    return this.#kept;
  }

  /** Whether an offer of it would be kept as things stand. */
  wouldKeep(item: Item): boolean {
    const last = this.#kept.at(-1);
    return this.#kept.length < this.#most || (last !== undefined && this.#compare(item, last) < 0);
  }

  offer(item: Item): void {
    if (!this.wouldKeep(item)) return;
    this.#kept.splice(this.#placeFor(item), 0, item);
    if (this.#kept.length > this.#most) this.#kept.pop();
  }

  #placeFor(item: Item): number {
    let from = 0;
    let below = this.#kept.length;
    while (from < below) {
      const middle = (from + below) >>> 1;
      const kept = this.#kept[middle];
      if (kept !== undefined && this.#compare(kept, item) <= 0) from = middle + 1;
      else below = middle;
    }
    return from;
  }
}
