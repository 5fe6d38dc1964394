// What a watcher asks for: checked as the contract says, and made a question that an event answers.
import { refuseCall } from "../base/errors.ts";
import type { WatchRequest, WatchTag } from "../generated/public-contract.ts";
import type { SecretEvent } from "../secrets/secret-event.ts";

/** Whether an event is of a secret that was asked for. */
export type WatchFilter = (event: Pick<SecretEvent, "name" | "tags">) => boolean;

const bounds = { prefixes: 100, prefix: 512, tags: 50, key: 128, value: 256, position: 256 };

/** Refuses `validation_failed`. */
export function watchFilter(request: WatchRequest): WatchFilter {
  const violations = violationsOf(request);
  if (violations.length > 0) throw refuseCall("validation_failed", { violations });
  const { namePrefixes = [], tags = [] } = request;
  return (event) =>
    (namePrefixes.length === 0 || namePrefixes.some((prefix) => event.name.startsWith(prefix))) &&
    (tags.length === 0 || tags.some((tag) => hasTag(event, tag)));
}

function hasTag({ tags }: Pick<SecretEvent, "tags">, { key, value }: WatchTag): boolean {
  return tags.some((tag) => tag.key === key && (value === undefined || tag.value === value));
}

function violationsOf({ namePrefixes = [], tags = [], position }: WatchRequest): string[] {
  // Of a list that is too long only that is said.
  const tooMany = [
    ...violation("namePrefixes", namePrefixes.length, { max: bounds.prefixes }),
    ...violation("tags", tags.length, { max: bounds.tags }),
  ];
  if (tooMany.length > 0) return tooMany;
  return [
    ...namePrefixes.flatMap((prefix, at) =>
      violation(`namePrefixes.${at + 1}.member`, lengthOf(prefix), { min: 1, max: bounds.prefix }),
    ),
    ...tags.flatMap((tag, at) => tagViolations(tag, `tags.${at + 1}.member`)),
    ...violation("position", lengthOf(position ?? ""), { max: bounds.position }),
  ];
}

function tagViolations({ key, value = "" }: Partial<WatchTag>, path: string): string[] {
  return [
    ...violation(`${path}.key`, lengthOf(key ?? ""), { min: 1, max: bounds.key }),
    ...violation(`${path}.value`, lengthOf(value), { max: bounds.value }),
  ];
}

function violation(
  path: string,
  length: number,
  { min = 0, max }: { readonly min?: number; readonly max: number },
): string[] {
  if (length >= min && length <= max) return [];
  const bound = length < min ? `greater than or equal to ${min}` : `less than or equal to ${max}`;
  return [`Value at '${path}' failed to satisfy constraint: Member must have length ${bound}`];
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
