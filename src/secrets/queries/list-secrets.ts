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

/** Whether a search finds a secret. */
export function isFound(secret: SecretRecord, search: SecretSearch): boolean {
  if (secret.deletion !== undefined && !search.includePlannedDeletion) return false;
  return search.filters.every(({ key, values }) => {
    const matches = matchers[key];
    return values.some((value) =>
      value.startsWith("!") ? !matches(secret, value.slice(1)) : matches(secret, value),
    );
  });
}

type Matcher = (secret: SecretRecord, value: string) => boolean;

const matchers: Readonly<Record<FilterKey, Matcher>> = {
  name: ({ name }, value) => name.startsWith(value),
  description: ({ description }, value) => hasWords([description ?? ""], value),
  "tag-key": ({ tags }, value) => (tags ?? []).some((tag) => tag.key.startsWith(value)),
  "tag-value": ({ tags }, value) => (tags ?? []).some((tag) => tag.value.startsWith(value)),
  "primary-region": (secret, value) => homeRegion(secret).startsWith(value),
  // No service owns a secret here, so there is no name that a value could begin.
  "owning-service": () => false,
  all: ({ name, description, tags }, value) => {
    const tagTexts = (tags ?? []).flatMap((tag) => [tag.key, tag.value]);
    return hasWords([name, description ?? "", ...tagTexts], value);
  },
};

/**
 * Whether every word of `value` begins some word of the texts, in any case and order. A value
 * without words, such as `+`, matches nothing (recorded from AWS).
 */
function hasWords(texts: readonly string[], value: string): boolean {
  const wanted = wordsOf(value);
  const present = texts.flatMap(wordsOf);
  return wanted.length > 0 && wanted.every((word) => present.some((one) => one.startsWith(word)));
}

function wordsOf(text: string): readonly string[] {
  return searchWords(text).map((word) => word.toLowerCase());
}

/** The region in the secret's ARN, `arn:aws:secretsmanager:<region>:...`. */
function homeRegion({ arn }: SecretRecord): string {
  return arn.split(":")[3] ?? "";
}
