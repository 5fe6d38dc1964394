// A walk along the terms of one filter: each term has its secrets in the order of creation, and
// together they are merged into one walk in that order.
import type { IndexedName, QueryView } from "../machine/state-view.ts";
import type { IndexLookup } from "../secrets/queries/search-lookups.ts";
import type { PlacedName, WalkStart } from "./search-walks.ts";
import type { Direction } from "./sorted-search.ts";

/** More are not merged: each costs a read of its own. */
const termsMax = 12;
/** How many entries are read at once, of all terms together. */
const stride = 200;
/** By how many entries of a term it is told how close they lie. */
const sample = 10;
const lastOrder = Number.MAX_SAFE_INTEGER - 1;

/** The terms that there are under these lookups, each as a lookup; nothing when they are many. */
export async function termsUnder(
  view: QueryView,
  lookups: readonly IndexLookup[],
): Promise<readonly IndexLookup[] | undefined> {
  const terms = new Map<string, IndexLookup>();
  for (const lookup of lookups) {
    let after: IndexedName | undefined;
    for (;;) {
      const behind = after && { term: after.term, order: lastOrder };
      const range = { ...lookup, direction: "ascending", after: behind, limit: 1 } as const;
      [after] = await view.indexed(range);
      if (after === undefined) break;
      terms.set(after.term, { index: lookup.index, prefix: after.term });
      if (terms.size > termsMax) return undefined;
    }
  }
  return [...terms.values()];
}

/** How large a part of all secrets the terms have from there on, roughly: 1 is every one. */
export async function densityOf(
  view: QueryView,
  terms: readonly IndexLookup[],
  { direction, order }: { readonly direction: Direction; readonly order: number | undefined },
): Promise<number> {
  let density = 0;
  for (const term of terms) {
    const entries = await entriesOf(view, term, { direction, after: order, limit: sample });
    const [first, last] = [entries[0]?.order ?? 0, entries.at(-1)?.order ?? 0];
    if (entries.length === sample) density += sample / (Math.abs(last - first) + 1);
  }
  return density;
}

/** In the order of creation, each secret once. The index has to be complete. */
export async function* walkTerms(
  view: QueryView,
  terms: readonly IndexLookup[],
  { direction, after }: WalkStart,
): AsyncGenerator<PlacedName> {
  const sign = direction === "ascending" ? 1 : -1;
  const limit = Math.ceil(stride / Math.max(terms.length, 1));
  const streams = terms.map((term) => new TermStream(view, term, { direction, limit }));
  for (const stream of streams) await stream.start(after?.order);
  for (;;) {
    const [next] = streams
      .flatMap((stream) => stream.head ?? [])
      .sort((one, other) => sign * (one.order - other.order));
    if (next === undefined) return;
    const { order, name } = next;
    yield { place: { sortedBy: order, order }, name };
    for (const stream of streams) if (stream.head?.order === order) await stream.next();
  }
}

interface StreamRange {
  readonly direction: Direction;
  readonly limit: number;
}

class TermStream {
  readonly #view: QueryView;
  readonly #term: IndexLookup;
  readonly #range: StreamRange;
  #entries: readonly IndexedName[] = [];
  #at = 0;

  constructor(view: QueryView, term: IndexLookup, range: StreamRange) {
    this.#view = view;
    this.#term = term;
    this.#range = range;
  }

  get head(): IndexedName | undefined {
    return this.#entries[this.#at];
  }

  async start(after: number | undefined): Promise<void> {
    this.#entries = await entriesOf(this.#view, this.#term, { ...this.#range, after });
    this.#at = 0;
  }

  async next(): Promise<void> {
    const passed = this.head?.order;
    this.#at += 1;
    if (this.#at < this.#entries.length || this.#at < this.#range.limit) return;
    await this.start(passed);
  }
}

/** Entries of the very term; of those that only begin with it none. */
async function entriesOf(
  view: QueryView,
  { index, prefix: term }: IndexLookup,
  { direction, after, limit }: StreamRange & { readonly after: number | undefined },
): Promise<readonly IndexedName[]> {
  const order = after ?? (direction === "ascending" ? -1 : lastOrder);
  const range = { index, prefix: term, direction, after: { term, order }, limit } as const;
  const entries = await view.indexed(range);
  return entries.filter((entry) => entry.term === term);
}
