// One page of the secrets that a search finds, in one of the orders that AWS knows. The order of
// creation is an index: a page costs what it looks at. Every other order is made in memory, from
// all secrets, for each page.
import type { StateView } from "../machine/state-view.ts";
import { isFound, type SecretSearch } from "../secrets/queries/list-secrets.ts";
import type { SecretRecord } from "../secrets/secret.ts";

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

export async function searchSecrets(
  view: StateView,
  search: SortedSearch,
  range: PageRange,
): Promise<SecretPage> {
  return search.sortBy === "created-date"
    ? searchByCreation(view, search, range)
    : searchSorted(view, search, range);
}

async function searchByCreation(
  view: StateView,
  search: SortedSearch,
  { after, limit }: PageRange,
): Promise<SecretPage> {
  const found: SecretRecord[] = [];
  let examined = 0;
  let last = after?.order;
  for await (const { order, secret } of secretsInOrder(view, search, last)) {
    if (secret !== undefined && isFound(secret, search)) {
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

async function searchSorted(
  view: StateView,
  search: SortedSearch,
  { after, limit }: PageRange,
): Promise<SecretPage> {
  const sign = search.direction === "ascending" ? 1 : -1;
  const rest: { readonly place: SecretPosition; readonly secret: SecretRecord }[] = [];
  for await (const { secret } of secretsInOrder(view, search, undefined)) {
    if (secret === undefined || !isFound(secret, search)) continue;
    const place = { sortedBy: sortValues[search.sortBy](secret), order: secret.order };
    if (after === undefined || sign * byPlace(place, after) > 0) rest.push({ place, secret });
  }
  rest.sort((one, other) => sign * byPlace(one.place, other.place));
  const page = rest.slice(0, limit);
  return {
    secrets: page.map(({ secret }) => secret),
    next: page.length === rest.length ? undefined : page.at(-1)?.place,
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
  view: StateView,
  { direction }: SortedSearch,
  start: number | undefined,
): AsyncGenerator<{ readonly order: number; readonly secret: SecretRecord | undefined }> {
  let after = start;
  for (;;) {
    const names = await view.namesByOrder({ direction, after, limit: stride });
    for (const { order, name } of names) {
      const secret = view.secret(name);
      yield { order, secret: secret?.order === order ? secret : undefined };
    }
    after = names.at(-1)?.order;
    if (names.length < stride) return;
  }
}
