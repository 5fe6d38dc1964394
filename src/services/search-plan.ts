// Which way a search goes: by the few secrets that the index has for one of its filters, along the
// terms of a filter that has many, or along the order that was asked for. It makes a difference in
// what a page costs, and none in what is found.
import type { QueryView } from "../machine/state-view.ts";
import {
  lookupsFor,
  type IndexLookup,
  type ValueLookups,
} from "../secrets/queries/search-lookups.ts";
import type { SecretFilter } from "../secrets/queries/list-secrets.ts";
import { densityOf, termsUnder } from "./search-terms.ts";
import type { Direction } from "./sorted-search.ts";

/** Names by the order of creation; each secret once, under however many terms it was found. */
export type Candidates = ReadonlyMap<number, string>;

export interface GatherLimits {
  /** How many entries of each filter are looked at first, so that what is rare is found quickly. */
  readonly first: number;
  /** How many entries one filter may have for its secrets to be gathered. */
  readonly most: number;
  /** How many entries are looked at for all filters of a search. */
  readonly inAll: number;
}

interface Budget {
  left: number;
}

/**
 * Everything the search can find, and perhaps more; nothing when that is too much, or when the
 * index does not help. The index has to be complete.
 */
export async function candidatesFor(
  view: QueryView,
  filters: readonly SecretFilter[],
  { first, most, inAll }: GatherLimits,
): Promise<Candidates | undefined> {
  const usable = usableOf(filters);
  const budget = { left: inAll };
  for (const look of [Math.min(first, most), most]) {
    let fewest: Candidates | undefined;
    for (const values of usable) {
      const most = fewest === undefined ? look : Math.min(look, fewest.size);
      fewest = (await gathered(view, values, { most, budget })) ?? fewest;
      if (fewest?.size === 0) return fewest;
    }
    if (fewest !== undefined) return fewest;
  }
  return undefined;
}

function usableOf(filters: readonly SecretFilter[]): readonly (readonly ValueLookups[])[] {
  return filters.flatMap((filter) => {
    const values = lookupsFor(filter);
    return values === undefined ? [] : [values];
  });
}

/** Nothing when there are more than `most` entries, or more than the budget has left. */
async function gathered(
  view: QueryView,
  values: readonly ValueLookups[],
  { most, budget }: { readonly most: number; readonly budget: Budget },
): Promise<Candidates | undefined> {
  const found = new Map<number, string>();
  let room = most;
  for (const lookups of values) {
    let fewest: Awaited<ReturnType<QueryView["indexed"]>> | undefined;
    for (const lookup of lookups) {
      const allowed = Math.min(fewest?.length ?? room, budget.left);
      const range = { ...lookup, direction: "ascending", after: undefined } as const;
      const entries = await view.indexed({ ...range, limit: allowed + 1 });
      budget.left -= Math.min(entries.length, budget.left);
      if (entries.length <= allowed) fewest = entries;
    }
    if (fewest === undefined) return undefined;
    room -= fewest.length;
    for (const { order, name } of fewest) found.set(order, name);
  }
  return found;
}

/** Ways to walk that are compared at most. */
const comparedMax = 6;

/**
 * The terms of one filter, which together have everything the search can find: those that are
 * passed the soonest from a place on. Nothing when every filter has too many terms, or none that
 * the index knows. Within a term secrets are in the order of creation, and in no other.
 */
export async function termsFor(
  view: QueryView,
  filters: readonly SecretFilter[],
  from: { readonly direction: Direction; readonly order: number | undefined },
): Promise<readonly IndexLookup[] | undefined> {
  const ways = usableOf(filters).flatMap(waysThrough).slice(0, comparedMax);
  let best: { readonly terms: readonly IndexLookup[]; readonly density: number } | undefined;
  for (const lookups of ways) {
    const terms = await termsUnder(view, lookups);
    if (terms === undefined) continue;
    const density = await densityOf(view, terms, from);
    if (best === undefined || density < best.density) best = { terms, density };
  }
  return best?.terms;
}

/** One lookup for each value; of a single value each lookup is a way of its own. */
function waysThrough(values: readonly ValueLookups[]): readonly (readonly IndexLookup[])[] {
  const [only] = values;
  if (values.length === 1 && only !== undefined) return only.map((lookup) => [lookup]);
  return [values.flatMap((lookups) => lookups.slice(0, 1))];
}
