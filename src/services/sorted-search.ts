// A search with the order of its answer, and the places in that order.
import type { QueryView } from "../machine/state-view.ts";
import type { SecretSearch } from "../secrets/queries/list-secrets.ts";
import type { SecretRecord } from "../secrets/secret.ts";
import type { WorkSlices } from "./work-slices.ts";

export type SortKey = "created-date" | "last-accessed-date" | "last-changed-date" | "name";

export type Direction = "ascending" | "descending";

export interface SortedSearch extends SecretSearch {
  readonly sortBy: SortKey;
  readonly direction: Direction;
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
  /** Where each of them was found: a page that is cut short goes on behind its last one. */
  readonly places: readonly SecretPosition[];
  /** Absent on the last page. */
  readonly next: SecretPosition | undefined;
}

/** What a search reads from, and how it shares the processor with others. */
export interface SearchedState {
  readonly view: QueryView;
  readonly slices: WorkSlices;
}

const sortValues: Readonly<Record<SortKey, (secret: SecretRecord) => string | number>> = {
  "created-date": ({ order }) => order,
  "last-changed-date": ({ changedAt }) => changedAt,
  name: ({ name }) => name,
  "last-accessed-date": ({ accessedDay }) => accessedDay ?? 0,
};

export function placeOf(secret: SecretRecord, { sortBy }: SortedSearch): SecretPosition {
  return { sortedBy: sortValues[sortBy](secret), order: secret.order };
}

/** Negative when `one` comes before `other` in the search's direction. */
export function comparePlaces(
  { direction }: SortedSearch,
  one: SecretPosition,
  other: SecretPosition,
): number {
  const sign = direction === "ascending" ? 1 : -1;
  if (one.sortedBy !== other.sortedBy) return one.sortedBy < other.sortedBy ? -sign : sign;
  return sign * (one.order - other.order);
}
