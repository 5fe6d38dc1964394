// Under which terms of the index a filter finds what it finds. The index knows what a secret has,
// not what it lacks: a filter with a negated value cannot be looked up.
import { indexTerm, type IndexName } from "./index-entries.ts";
import { wantedBy, type SecretFilter, type Wanted } from "./list-secrets.ts";

/** Every entry of an index whose term begins with `prefix`. */
export interface IndexLookup {
  readonly index: IndexName;
  readonly prefix: string;
}

/** Whatever a value finds has an entry under each of these: any one will do. */
export type ValueLookups = readonly IndexLookup[];

/** Of a value with more words only the longest are of use: they have the fewest entries, mostly. */
const lookupsMax = 3;

/**
 * For each value where to look. Not all that has an entry there is found by the filter. An empty
 * list: the filter finds nothing at all. Absent: the index does not help.
 */
export function lookupsFor({ key, values }: SecretFilter): readonly ValueLookups[] | undefined {
  const wanted = values.map(wantedBy);
  if (wanted.some(({ isUnwanted }) => isUnwanted)) return undefined;
  switch (key) {
    case "name":
    case "tag-key":
    case "tag-value":
      return wanted.map(({ text }) => [{ index: key, prefix: indexTerm(text) }]);
    case "description":
      return byWords("description", wanted);
    case "all":
      return byWords("word", wanted);
    case "primary-region":
      // Nearly every secret of a region has the same: an index of it would not narrow anything.
      return undefined;
    case "owning-service":
      return [];
  }
}

function byWords(index: IndexName, wanted: readonly Wanted[]): readonly ValueLookups[] {
  return wanted
    .filter(({ words }) => words.length > 0)
    .map(({ words }) =>
      [...new Set(words.map(indexTerm))]
        .sort((one, other) => other.length - one.length)
        .slice(0, lookupsMax)
        .map((prefix) => ({ index, prefix })),
    );
}
