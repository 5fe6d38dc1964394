// One page of the secrets that a search finds, in one of the orders that AWS knows. The order of
// creation is an index: a page costs what it looks at. For every other order all secrets are looked
// at for each page, and no more of them kept than the page holds.
import type { StateView } from "../machine/state-view.ts";
import { secretFinder, type SecretSearch } from "../secrets/queries/list-secrets.ts";
import type { SecretRecord } from "../secrets/secret.ts";
import { FirstFew } from "./first-few.ts";
import type { WorkSlices } from "./work-slices.ts";

export type SortKey = "created-date" | "last-accessed-date" | "last-changed-date" | "name";

export interface SortedSearch extends SecretSearch {
  readonly sortBy: SortKey;
  readonly direction: "ascending" | "descending";
}

/** The secret a page ended with. By its place, not by a count: what is deleted shifts nothing. */
export interface SecretPosition {
  /** What it is sorted by; the order of creation decides between equals. */
  readonly sortedBy: string | number;
  readonly order: number;
}

export interface PageRange {
  readonly after: SecretPosition | undefined;
  readonly limit: number;
}

export interface SecretPage {
  readonly secrets: readonly SecretRecord[];
  /** Absent on the last page. */
  readonly next: SecretPosition | undefined;
}

/** How many names are read at once. */
const stride = 200;
/** How many secrets one page looks at before it gives back what it has: filters may find few. */
const examinedPerPage = 2_000;

/** What a search reads from, and how it shares the processor with others. */
export interface SearchedState {
  readonly view: StateView;
  readonly slices: WorkSlices;
}

/** Throws `timed_out` when the deadline of the slices passes. */
export async function searchSecrets(
  state: SearchedState,
  search: SortedSearch,
  range: PageRange,
): Promise<SecretPage> {
  return search.sortBy === "created-date"
    ? searchByCreation(state, search, range)
    : searchSorted(state, search, range);
}

/** Where a search for what follows `secret` goes on. */
export function placeOf(secret: SecretRecord, { sortBy }: SortedSearch): SecretPosition {
  return { sortedBy: sortValues[sortBy](secret), order: secret.order };
}

async function searchByCreation(
  state: SearchedState,
  search: SortedSearch,
  { after, limit }: PageRange,
): Promise<SecretPage> {
  const finds = secretFinder(search);
  const found: SecretRecord[] = [];
  let examined = 0;
  let last = after?.order;
  for await (const { order, secret } of secretsInOrder(state, search, last)) {
    if (secret !== undefined && finds(secret)) {
      // One more than fits: so the last page is known to be the last.
      if (found.length === limit) return pageOf(found, found.at(-1)?.order);
      found.push(secret);
    }
    last = order;
    examined += 1;
    if (examined === examinedPerPage) return pageOf(found, last);
  }
  return pageOf(found, undefined);
}

function pageOf(secrets: readonly SecretRecord[], order: number | undefined): SecretPage {
  return { secrets, next: order === undefined ? undefined : { sortedBy: order, order } };
}

interface Placed {
  readonly place: SecretPosition;
  readonly secret: SecretRecord;
}

async function searchSorted(
  state: SearchedState,
  search: SortedSearch,
  { after, limit }: PageRange,
): Promise<SecretPage> {
  const sign = search.direction === "ascending" ? 1 : -1;
  const finds = secretFinder(search);
  // One more than fits, for the same reason.
  const first = new FirstFew<Placed>(
    limit + 1,
    (one, other) => sign * byPlace(one.place, other.place),
  );
  for await (const { secret } of secretsInOrder(state, search, undefined)) {
    if (secret === undefined) continue;
    const placed = { place: placeOf(secret, search), secret };
    if (after !== undefined && sign * byPlace(placed.place, after) <= 0) continue;
    // Places are compared first: words cost more.
    if (first.wouldKeep(placed) && finds(secret)) first.offer(placed);
  }
  const page = first.items.slice(0, limit);
  return {
    secrets: page.map(({ secret }) => secret),
    next: page.length === first.items.length ? undefined : page.at(-1)?.place,
  };
}

const sortValues: Readonly<Record<SortKey, (secret: SecretRecord) => string | number>> = {
  "created-date": ({ order }) => order,
  "last-changed-date": ({ changedAt }) => changedAt,
  name: ({ name }) => name,
  // Reads leave no date yet: all are alike, and the order of creation decides.
  "last-accessed-date": () => 0,
};

function byPlace(one: SecretPosition, other: SecretPosition): number {
  if (one.sortedBy !== other.sortedBy) return one.sortedBy < other.sortedBy ? -1 : 1;
  return one.order - other.order;
}

/**
 * Every secret after a place in the order of creation. The view moves on while names are read: a
 * name whose secret is gone, or was made anew at another place, comes without one.
 */
async function* secretsInOrder(
  { view, slices }: SearchedState,
  { direction }: SortedSearch,
  start: number | undefined,
): AsyncGenerator<{ readonly order: number; readonly secret: SecretRecord | undefined }> {
  let after = start;
  for (;;) {
    const names = await view.namesByOrder({ direction, after, limit: stride });
    for (const { order, name } of names) {
      const secret = view.secret(name);
      yield { order, secret: secret?.order === order ? secret : undefined };
      if (slices.isOver()) await slices.rest();
    }
    after = names.at(-1)?.order;
    if (names.length < stride) return;
  }
}
