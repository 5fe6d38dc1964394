// Which secrets a search finds (AWS: ListSecrets and BatchGetSecretValue, `Filters`).
import type { SecretRecord } from "../secret.ts";
import { searchWords } from "./search-words.ts";

type FilterKey =
  "description" | "name" | "tag-key" | "tag-value" | "primary-region" | "owning-service" | "all";

export interface SecretFilter {
  readonly key: FilterKey;
  /** One of them has to match. A leading `!` turns a value's meaning around. */
  readonly values: readonly string[];
}

export interface SecretSearch {
  /** All of them have to match. */
  readonly filters: readonly SecretFilter[];
  readonly includePlannedDeletion: boolean;
}

/**
 * Tells whether a search finds a secret. The words of the search are made once, those of a secret
 * at most once.
 */
export function secretFinder(search: SecretSearch): (secret: SecretRecord) => boolean {
  const filters = search.filters.map(({ key, values }) => {
    const wanted = values.map(wantedBy);
    return (words: SecretWords) =>
      wanted.some((one) => matchers[key](words, one) !== one.isUnwanted);
  });
  return (secret) => {
    if (secret.deletion !== undefined && !search.includePlannedDeletion) return false;
    const words = new SecretWords(secret);
    return filters.every((matches) => matches(words));
  };
}

/** One value of a filter, taken apart. */
export interface Wanted {
  readonly text: string;
  readonly words: readonly string[];
  readonly isUnwanted: boolean;
}

export function wantedBy(value: string): Wanted {
  const isUnwanted = value.startsWith("!");
  const text = isUnwanted ? value.slice(1) : value;
  return { text, words: wordsOf(text), isUnwanted };
}

/** A secret, and its words as soon as somebody asks for them. */
class SecretWords {
  readonly secret: SecretRecord;
  #ofDescription: readonly string[] | undefined;
  #ofAll: readonly string[] | undefined;

  constructor(secret: SecretRecord) {
    this.secret = secret;
  }

  get ofDescription(): readonly string[] {
    return (this.#ofDescription ??= wordsOf(this.secret.description ?? ""));
  }

  /** Of the name, the description and the tags. */
  get ofAll(): readonly string[] {
    return (this.#ofAll ??= [
      ...wordsOf(this.secret.name),
      ...this.ofDescription,
      ...(this.secret.tags ?? []).flatMap(({ key, value }) => [...wordsOf(key), ...wordsOf(value)]),
    ]);
  }
}

type Matcher = (words: SecretWords, wanted: Wanted) => boolean;

const matchers: Readonly<Record<FilterKey, Matcher>> = {
  name: ({ secret }, { text }) => secret.name.startsWith(text),
  description: ({ ofDescription }, { words }) => hasWords(ofDescription, words),
  "tag-key": ({ secret }, { text }) => (secret.tags ?? []).some(({ key }) => key.startsWith(text)),
  "tag-value": ({ secret }, { text }) =>
    (secret.tags ?? []).some(({ value }) => value.startsWith(text)),
  "primary-region": ({ secret }, { text }) => homeRegion(secret).startsWith(text),
  // No service owns a secret here, so there is no name that a value could begin.
  "owning-service": () => false,
  all: ({ ofAll }, { words }) => hasWords(ofAll, words),
};

/**
 * Whether every word that is wanted begins some word that is there, in any case and order. A value
 * without words, such as `+`, matches nothing (recorded from AWS).
 */
function hasWords(present: readonly string[], wanted: readonly string[]): boolean {
  return wanted.length > 0 && wanted.every((word) => present.some((one) => one.startsWith(word)));
}

function wordsOf(text: string): readonly string[] {
  return searchWords(text).map((word) => word.toLowerCase());
}

/** The region in the secret's ARN, `arn:aws:secretsmanager:<region>:...`. */
function homeRegion({ arn }: SecretRecord): string {
  return arn.split(":")[3] ?? "";
}
