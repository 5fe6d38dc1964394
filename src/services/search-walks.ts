// Walks through the secrets in each of the orders that ListSecrets knows: every one is an index, so
// that a walk costs what it passes, from wherever it begins.
import type { IndexPlace, OrderedName, QueryView } from "../machine/state-view.ts";
import type { IndexLookup } from "../secrets/queries/search-lookups.ts";
import { numberTerm, type IndexName } from "../secrets/queries/index-entries.ts";
import type { Direction, SecretPosition, SortKey } from "./sorted-search.ts";

/** A secret as an index names it: whether it still is what it was is for the reader to see. */
export interface PlacedName {
  readonly place: SecretPosition;
  readonly name: string;
}

/** How many names are read at once. */
const stride = 200;

export interface WalkStart {
  readonly direction: Direction;
  readonly after: SecretPosition | undefined;
}

/** In the order of creation. */
export async function* walkCreation(
  view: QueryView,
  { direction, after }: WalkStart,
): AsyncGenerator<PlacedName> {
  for await (const { order, name } of namesInOrder(view, direction, after?.order)) {
    yield { place: { sortedBy: order, order }, name };
  }
}

export async function* namesInOrder(
  view: QueryView,
  direction: Direction,
  start?: number,
): AsyncGenerator<OrderedName> {
  let after = start;
  for (;;) {
    const names = await view.namesByOrder({ direction, after, limit: stride });
    yield* names;
    after = names.at(-1)?.order;
    if (names.length < stride) return;
  }
}

const sortIndex: Readonly<Record<Exclude<SortKey, "created-date">, IndexName>> = {
  name: "name",
  "last-changed-date": "changed",
  "last-accessed-date": "accessed",
};

/** In any order but that of creation. The index has to be complete. */
export async function* walkSorted(
  view: QueryView,
  sortBy: keyof typeof sortIndex,
  { direction, after }: WalkStart,
): AsyncGenerator<PlacedName> {
  const index = sortIndex[sortBy];
  const lookup = { index, prefix: "" };
  const start = after && { term: termOf(after.sortedBy), order: after.order };
  for await (const { term, order, name } of entriesOf(view, lookup, { direction, after: start })) {
    yield { place: { sortedBy: sortBy === "name" ? term : Number(term), order }, name };
  }
}

/** By name, and only the names with one of these beginnings. The index has to be complete. */
export async function* walkNames(
  view: QueryView,
  prefixes: readonly string[],
  { direction, after }: WalkStart,
): AsyncGenerator<PlacedName> {
  const sign = direction === "ascending" ? 1 : -1;
  const inOrder = disjoint(prefixes).sort((one, other) => (one < other ? -sign : sign));
  const place = after && { term: termOf(after.sortedBy), order: after.order };
  for (const prefix of inOrder) {
    const isWithin = place?.term.startsWith(prefix) === true;
    if (place !== undefined && !isWithin && isAhead(place.term, prefix, direction)) continue;
    const lookup: IndexLookup = { index: "name", prefix };
    const start = { direction, after: isWithin ? place : undefined };
    for await (const entry of entriesOf(view, lookup, start)) {
      yield { place: { sortedBy: entry.term, order: entry.order }, name: entry.name };
    }
  }
}

/** Whether a walk that has come to `term` has left `prefix` behind. */
function isAhead(term: string, prefix: string, direction: Direction): boolean {
  return direction === "ascending" ? term > prefix : term < prefix;
}

/** Without those that another one is the beginning of: no name is met twice. */
function disjoint(prefixes: readonly string[]): string[] {
  const kept: string[] = [];
  for (const prefix of [...prefixes].sort((one, other) => one.length - other.length)) {
    if (!kept.some((shorter) => prefix.startsWith(shorter))) kept.push(prefix);
  }
  return kept;
}

async function* entriesOf(
  view: QueryView,
  lookup: IndexLookup,
  start: { readonly direction: Direction; readonly after: IndexPlace | undefined },
): AsyncGenerator<IndexPlace & { readonly name: string }> {
  let { after } = start;
  for (;;) {
    const { direction } = start;
    const entries = await view.indexed({ ...lookup, direction, after, limit: stride });
    yield* entries;
    after = entries.at(-1);
    if (entries.length < stride) return;
  }
}

function termOf(sortedBy: string | number): string {
  return typeof sortedBy === "string" ? sortedBy : numberTerm(sortedBy);
}
