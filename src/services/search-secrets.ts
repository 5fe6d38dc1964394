// One page of the secrets that a search finds, in one of the orders that AWS knows. A page costs
// what it passes and not what there is: the few secrets that the index knows to fit one of the
// filters, or else a bounded walk through the order that was asked for.
import { secretFinder } from "../secrets/queries/list-secrets.ts";
import { lookupsFor } from "../secrets/queries/search-lookups.ts";
import type { SecretRecord } from "../secrets/secret.ts";
import { FirstFew } from "./first-few.ts";
import { candidatesFor, termsFor, type Candidates, type GatherLimits } from "./search-plan.ts";
import { walkTerms } from "./search-terms.ts";
import {
  namesInOrder,
  walkCreation,
  walkNames,
  walkSorted,
  type PlacedName,
} from "./search-walks.ts";
import {
  comparePlaces,
  placeOf,
  type PageRange,
  type SearchedState,
  type SecretPage,
  type SecretPosition,
  type SortedSearch,
} from "./sorted-search.ts";

export interface SearchLimits {
  readonly gathered: GatherLimits;
  /** How many secrets one page passes before it gives back what it has: filters may find few. */
  readonly passed: number;
}

/** A record costs about 20 microseconds, an entry of the index about 5. */
export const usualSearchLimits: SearchLimits = {
  gathered: { first: 100, most: 1_500, inAll: 3_000 },
  passed: 1_000,
};

/**
 * A page may be short, or even empty, and still have a next one.
 *
 * The state moves on while a page is made. What is there all along, and is not changed, is found
 * once; what changes its place meanwhile may be found at the old one or the new one.
 *
 * Throws `timed_out` when the deadline of the slices passes.
 */
export async function searchSecrets(
  state: SearchedState,
  search: SortedSearch,
  range: PageRange,
  limits: SearchLimits = usualSearchLimits,
): Promise<SecretPage> {
  const { view } = state;
  if (view.isIndexComplete()) {
    const page = await searchByIndex(state, search, range, limits);
    // A snapshot may have taken the place of the state, and its index is made only now.
    if (view.isIndexComplete()) return page;
  }
  if (search.sortBy === "created-date") {
    const { direction } = search;
    const walk = walkCreation(view, { direction, after: range.after });
    return pageAlong(state, search, { names: walk, limit: range.limit, passed: limits.passed });
  }
  return pageOfAll(state, search, { names: namesInOrder(view, "ascending"), range });
}

async function searchByIndex(
  state: SearchedState,
  search: SortedSearch,
  range: PageRange,
  limits: SearchLimits,
): Promise<SecretPage> {
  const { limit } = range;
  const candidates = await candidatesFor(state.view, search.filters, limits.gathered);
  if (candidates === undefined) {
    const names = await walkOf(state, search, range);
    return pageAlong(state, search, { names, limit, passed: limits.passed });
  }
  const { sortBy } = search;
  if (sortBy === "created-date" || sortBy === "name") {
    const names = placedAfter(candidates, search, range.after);
    return pageAlong(state, search, { names, limit, passed: Infinity });
  }
  const names = Array.from(candidates, ([order, name]) => ({ order, name }));
  return pageOfAll(state, search, { names, range });
}

/** The order that was asked for, as far as filters do not leave parts of it out. */
async function walkOf(
  { view }: SearchedState,
  { sortBy, direction, filters }: SortedSearch,
  { after }: PageRange,
): Promise<AsyncGenerator<PlacedName>> {
  const start = { direction, after };
  if (sortBy === "created-date") {
    const terms = await termsFor(view, filters, { direction, order: after?.order });
    return terms === undefined ? walkCreation(view, start) : walkTerms(view, terms, start);
  }
  if (sortBy !== "name") return walkSorted(view, sortBy, start);
  const prefixes = filters
    .filter(({ key }) => key === "name")
    .flatMap((filter) => {
      const lookups = lookupsFor(filter);
      return lookups === undefined ? [] : [lookups.flat().map(({ prefix }) => prefix)];
    });
  return walkNames(view, prefixes[0] ?? [""], start);
}

/** Candidates whose places are known without a look at them: in order, from there on. */
function placedAfter(
  candidates: Candidates,
  search: SortedSearch,
  after: SecretPosition | undefined,
): readonly PlacedName[] {
  const byName = search.sortBy === "name";
  return Array.from(candidates, ([order, name]) => {
    return { place: { sortedBy: byName ? name : order, order }, name };
  })
    .filter(({ place }) => after === undefined || comparePlaces(search, place, after) > 0)
    .sort((one, other) => comparePlaces(search, one.place, other.place));
}

interface Placed {
  readonly place: SecretPosition;
  readonly secret: SecretRecord;
}

/** A page of what is found along the way. */
async function pageAlong(
  { view, slices }: SearchedState,
  search: SortedSearch,
  {
    names,
    limit,
    passed: mostPassed,
  }: {
    readonly names: AsyncIterable<PlacedName> | Iterable<PlacedName>;
    readonly limit: number;
    readonly passed: number;
  },
): Promise<SecretPage> {
  const finds = secretFinder(search);
  // By order of creation: what moves ahead of the walk is met again.
  const found = new Map<number, Placed>();
  let passed = 0;
  let last: SecretPosition | undefined;
  for await (const { place, name } of names) {
    if (slices.isOver()) await slices.rest();
    const secret = view.secret(name);
    // The name may be free by now, or be another secret's.
    if (secret?.order === place.order && !found.has(place.order) && finds(secret)) {
      // One more than fits: so the last page is known to be the last.
      if (found.size === limit) return pageOf(found.values(), last);
      found.set(place.order, { place, secret });
    }
    last = place;
    passed += 1;
    if (passed === mostPassed) return pageOf(found.values(), last);
  }
  return pageOf(found.values(), undefined);
}

/** A page of names in any order: all of them are looked at, and the first few kept. */
async function pageOfAll(
  { view, slices }: SearchedState,
  search: SortedSearch,
  {
    names,
    range: { after, limit },
  }: {
    readonly names:
      | AsyncIterable<{ readonly order: number; readonly name: string }>
      | Iterable<{ readonly order: number; readonly name: string }>;
    readonly range: PageRange;
  },
): Promise<SecretPage> {
  const finds = secretFinder(search);
  // One more than fits, for the same reason.
  const first = new FirstFew<Placed>(limit + 1, (one, other) =>
    comparePlaces(search, one.place, other.place),
  );
  const isPassed = (place: SecretPosition): boolean =>
    after !== undefined && comparePlaces(search, place, after) <= 0;
  for await (const { order, name } of names) {
    if (slices.isOver()) await slices.rest();
    const secret = view.secret(name);
    if (secret?.order !== order) continue;
    const placed = { place: placeOf(secret, search), secret };
    // Places are compared first: words cost more.
    if (isPassed(placed.place) || !first.wouldKeep(placed)) continue;
    if (finds(secret)) first.offer(placed);
  }
  const kept = first.items.slice(0, limit);
  return pageOf(kept, kept.length === first.items.length ? undefined : kept.at(-1)?.place);
}

function pageOf(found: Iterable<Placed>, next: SecretPosition | undefined): SecretPage {
  const all = [...found];
  return {
    secrets: all.map(({ secret }) => secret),
    places: all.map(({ place }) => place),
    next,
  };
}
