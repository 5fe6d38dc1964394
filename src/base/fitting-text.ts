// Text made fit for a place that takes neither everything nor anything of any length.

const encoder = new TextEncoder();
const halfSurrogate = /\p{Surrogate}/gu;

/** The same text with U+FFFD for every half of a surrogate pair: what has a UTF-8 form. */
export function wellFormed(text: string): string {
  return text.replace(halfSurrogate, "\uFFFD");
}

/** The longest beginning of `text` whose UTF-8 has at most `limitBytes`; cuts no character. */
export function beginningOf(text: string, limitBytes: number): string {
  const { read } = encoder.encodeInto(text, new Uint8Array(limitBytes));
  return text.slice(0, read);
}
