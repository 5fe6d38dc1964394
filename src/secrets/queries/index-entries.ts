// Under which terms the search index holds a secret. The index only narrows a search down: what it
// finds is held against the whole search again, so a term may be cut short.
import type { SecretRecord } from "../secret.ts";
import { searchWords } from "./search-words.ts";

/**
 * - `name`: the name, whole: listings by name walk it, and a cut would lose their order.
 * - `changed`: `changedAt`, `accessed`: `accessedDay` or 0, `deletion`: the planned time of
 *   deletion of a secret that has one; as sixteen decimal digits, so that terms sort as numbers.
 * - `description`: its words; `word`: those of name, description, tag keys and tag values; in
 *   small letters, as `search-words.ts` breaks them up.
 * - `tag-key`, `tag-value`: as they are.
 */
export type IndexName =
  "name" | "changed" | "accessed" | "deletion" | "description" | "word" | "tag-key" | "tag-value";

export interface IndexEntry {
  readonly index: IndexName;
  /** As `termIn` makes it. */
  readonly term: string;
}

export const termCharactersMax = 64;

/**
 * A text as a term: at most `termCharactersMax` UTF-16 units, no half of a surrogate pair, and
 * nothing from a zero character on. A text that begins with another is a term that begins with the
 * other's.
 */
export function indexTerm(text: string): string {
  const cut = beforeZero(text).slice(0, termCharactersMax);
  return cut.length < text.length && /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
}

/** A text as a term of one index. */
export function termIn(index: IndexName, text: string): string {
  return rules[index].isWhole === true ? beforeZero(text) : indexTerm(text);
}

function beforeZero(text: string): string {
  const zero = text.indexOf("\0");
  return zero === -1 ? text : text.slice(0, zero);
}

/** A number as a term: at most sixteen digits, so any safe integer. */
export function numberTerm(number: number): string {
  return String(number).padStart(16, "0");
}

/** Each entry once. */
export function indexEntriesOf(secret: SecretRecord): readonly IndexEntry[] {
  return indexChange(undefined, secret).added;
}

export interface IndexChange {
  readonly added: readonly IndexEntry[];
  readonly dropped: readonly IndexEntry[];
}

/** What a secret's entries have become, once `before` is `after`. What stays is in neither list. */
export function indexChange(
  before: SecretRecord | undefined,
  after: SecretRecord | undefined,
): IndexChange {
  const added: IndexEntry[] = [];
  const dropped: IndexEntry[] = [];
  for (const index of Object.keys(rules) as IndexName[]) {
    const rule = rules[index];
    // Breaking texts up into words costs more than all the rest of a change.
    if (before !== undefined && after !== undefined && isSame(rule, before, after)) continue;
    const now = termsOf(index, after);
    const then = termsOf(index, before);
    for (const term of now) if (!then.has(term)) added.push({ index, term });
    for (const term of then) if (!now.has(term)) dropped.push({ index, term });
  }
  return { added, dropped };
}

interface IndexRule {
  /** What the terms are made of. */
  readonly sources: (secret: SecretRecord) => readonly unknown[];
  readonly texts: (secret: SecretRecord) => readonly string[];
  /** Its terms are never cut. */
  readonly isWhole?: true;
}

const rules: Readonly<Record<IndexName, IndexRule>> = {
  name: { sources: ({ name }) => [name], texts: ({ name }) => [name], isWhole: true },
  changed: {
    sources: ({ changedAt }) => [changedAt],
    texts: ({ changedAt }) => [numberTerm(changedAt)],
  },
  accessed: {
    sources: ({ accessedDay }) => [accessedDay],
    texts: ({ accessedDay }) => [numberTerm(accessedDay ?? 0)],
  },
  deletion: {
    sources: ({ deletion }) => [deletion?.scheduledFor],
    texts: ({ deletion }) => (deletion === undefined ? [] : [numberTerm(deletion.scheduledFor)]),
  },
  description: {
    sources: ({ description }) => [description],
    texts: ({ description }) => wordsOf(description ?? ""),
  },
  word: {
    sources: ({ name, description, tags }) => [name, description, tags],
    texts: ({ name, description, tags }) =>
      [name, description ?? "", ...(tags ?? []).flatMap(({ key, value }) => [key, value])].flatMap(
        wordsOf,
      ),
  },
  "tag-key": {
    sources: ({ tags }) => [tags],
    texts: ({ tags }) => (tags ?? []).map(({ key }) => key),
  },
  "tag-value": {
    sources: ({ tags }) => [tags],
    texts: ({ tags }) => (tags ?? []).map(({ value }) => value),
  },
};

/** By identity: a record that a command left alone in a part has the very same part. */
function isSame({ sources }: IndexRule, before: SecretRecord, after: SecretRecord): boolean {
  const then = sources(before);
  return sources(after).every((source, place) => source === then[place]);
}

function termsOf(index: IndexName, secret: SecretRecord | undefined): ReadonlySet<string> {
  const texts = secret === undefined ? [] : rules[index].texts(secret);
  return new Set(texts.map((text) => termIn(index, text)));
}

function wordsOf(text: string): readonly string[] {
  return searchWords(text).map((word) => word.toLowerCase());
}
