// Tags of a secret: unique by key, in the order in which the keys first appeared.
import { accept, refuse, type Outcome } from "../base/outcome.ts";
import type { Tag } from "./secret.ts";

/** AWS keeps these keys to itself, in any case ("Tagging your AWS resources"). */
const reservedPrefix = "aws:";

/**
 * Adds tags; a key that is known keeps its place and gets the new value.
 *
 * Refuses `reserved_tag_key`, and `too_many_tags` when the tags grow beyond `limit`.
 */
export function mergeTags(
  before: readonly Tag[],
  added: readonly Tag[],
  limit: number,
): Outcome<readonly Tag[], undefined> {
  const reserved = added.find(({ key }) => isReserved(key));
  if (reserved !== undefined) return refuse("reserved_tag_key", { key: reserved.key });

  const merged = new Map([...before, ...added].map(({ key, value }) => [key, value]));
  if (merged.size > limit && merged.size > before.length) {
    return refuse("too_many_tags", { limit });
  }
  return accept(
    Array.from(merged, ([key, value]) => ({ key, value })),
    undefined,
  );
}

/** Whether `tags` already say all of `added`. */
export function hasTags(tags: readonly Tag[], added: readonly Tag[]): boolean {
  const known = new Map(tags.map(({ key, value }) => [key, value]));
  return added.every(({ key, value }) => known.get(key) === value);
}

function isReserved(key: string): boolean {
  return key.slice(0, reservedPrefix.length).toLowerCase() === reservedPrefix;
}
