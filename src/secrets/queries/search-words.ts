// The words of a text, as the search of ListSecrets breaks it up.

/**
 * Runs of capitals, of one optional capital with small letters, of digits, and of letters without
 * case. A run of capitals before a small letter leaves its last one to the word that begins there.
 */
const word = /\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\p{Nd}+|[\p{Lt}\p{Lm}\p{Lo}\p{M}]+/gu;

/**
 * Splits at punctuation, at white space, between letters and digits, and at a change of case:
 * `prod/AppBeta2` is `prod`, `App`, `Beta`, `2`. Recorded from AWS: `COMPANYthings` is `COMPAN`,
 * `Ythings`. The words keep their case.
 */
export function searchWords(text: string): readonly string[] {
  return text.match(word) ?? [];
}
