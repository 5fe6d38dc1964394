// The filters of semantics.md 5.8, and the order of a list.
import type { ModelSecret } from "./model-state.ts";

export interface ModelFilter {
  readonly Key: string;
  readonly Values: readonly string[];
}

/** Filters must all hold; of the values of one, any; `!` turns a value around. */
export function isFound(secret: ModelSecret, filters: readonly ModelFilter[]): boolean {
  return filters.every(({ Key, Values }) =>
    Values.some((value) =>
      value.startsWith("!") ? !matches(secret, Key, value.slice(1)) : matches(secret, Key, value),
    ),
  );
}

function matches(secret: ModelSecret, key: string, value: string): boolean {
  const tags = secret.tags ?? [];
  switch (key) {
    case "name":
      return secret.name.startsWith(value);
    case "tag-key":
      return tags.some(([tagKey]) => tagKey.startsWith(value));
    case "tag-value":
      return tags.some(([, tagValue]) => tagValue.startsWith(value));
    case "description":
      return hasWords(wordsOf(secret.description), value);
    case "all":
      return hasWords(
        [secret.name, secret.description, ...tags.flat()].flatMap((text) => wordsOf(text)),
        value,
      );
    case "primary-region":
      return "us-east-1".startsWith(value);
    default:
      return false;
  }
}

/** Every word of the value begins one that is there. A value without words matches nothing. */
function hasWords(present: readonly string[], value: string): boolean {
  const wanted = wordsOf(value);
  return wanted.length > 0 && wanted.every((word) => present.some((one) => one.startsWith(word)));
}

/** In small letters. ASCII is all that the sequences use. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    const kind = kindOf(character);
    if (kind === "mark") continue;
    if (at === 0 || isBreak(text, at)) words.push(character);
    else words.push((words.pop() ?? "") + character);
  }
  return words.map((word) => word.toLowerCase());
}

/** Whether a word begins here, before a letter or a digit. */
function isBreak(text: string, at: number): boolean {
  const kind = kindOf(text[at]);
  const before = kindOf(text[at - 1]);
  if (kind === before) {
    // Of several capitals, the last one belongs to the small letter after it.
    return kind === "capital" && kindOf(text[at + 1]) === "small";
  }
  // A capital has begun the word of the small letter after it.
  return !(before === "capital" && kind === "small");
}

function kindOf(character: string | undefined): "capital" | "small" | "digit" | "mark" {
  if (character === undefined) return "mark";
  if (character >= "A" && character <= "Z") return "capital";
  if (character >= "a" && character <= "z") return "small";
  if (character >= "0" && character <= "9") return "digit";
  return "mark";
}

/** In the order of creation where the key says nothing; `desc` turns the whole list around. */
export function inOrder(
  secrets: readonly ModelSecret[],
  sortBy: string,
  sortOrder: string,
): readonly ModelSecret[] {
  const keyOf = (secret: ModelSecret): string | number => {
    if (sortBy === "name") return secret.name;
    if (sortBy === "last-changed-date") return secret.changedAt;
    if (sortBy === "last-accessed-date") return secret.accessedDay ?? 0;
    return 0;
  };
  const sorted = [...secrets].sort((one, other) => {
    const [first, second] = [keyOf(one), keyOf(other)];
    return first < second ? -1 : first > second ? 1 : 0;
  });
  return sortOrder === "desc" ? sorted.reverse() : sorted;
}
