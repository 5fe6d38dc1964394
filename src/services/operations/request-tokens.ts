// How much there is in a request, counted the same way whichever wire it came over: a request that
// one node takes from its caller must not be too much for the leader it is handed to.
import { malformed, requestJsonLimits } from "./guarded-json.ts";

/** Refuses with malformed_request what as AWS JSON would have too many tokens to be read. */
export function checkTokens(draft: object): void {
  if (tokensOf(draft) > requestJsonLimits.tokens) throw malformed("The body has too many values.");
}

/** As guarded-json.ts counts them: values, brackets, colons and commas. */
function tokensOf(value: unknown): number {
  if (Array.isArray(value)) return inBrackets(value.map(tokensOf));
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return 1;
  const members = value instanceof Map ? [...value.values()] : Object.values(value);
  const given = members.filter((member) => member !== undefined);
  return inBrackets(given.map((member) => 2 + tokensOf(member)));
}

function inBrackets(tokens: readonly number[]): number {
  const commas = Math.max(0, tokens.length - 1);
  return 2 + commas + tokens.reduce((total, count) => total + count, 0);
}
