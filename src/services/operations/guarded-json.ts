// JSON from strangers: how deep, how much and with which keys is checked before anything is built.
import { textOf } from "../../base/bytes.ts";
import { refuseCall, type RefusedError } from "../../base/errors.ts";

export interface JsonLimits {
  /** Objects and lists inside each other. */
  readonly depth: number;
  /** Values and punctuation marks. */
  readonly tokens: number;
}

/** For requests, whichever way they came. */
export const requestJsonLimits: JsonLimits = { depth: 32, tokens: 10_000 };

/** For answers between nodes: a page of a hundred secrets with all their tags and labels. */
export const responseJsonLimits: JsonLimits = { depth: 32, tokens: 1_000_000 };

/** The keys seen so far in an object; a list has none. */
type Frame = Set<string> | undefined;

/**
 * Reads a JSON document.
 *
 * Refuses with malformed_request what is not UTF-8 or not JSON, what exceeds `limits`, an object
 * with a key twice or with `__proto__`, and a string with half a surrogate pair.
 */
export function parseGuardedJson(bytes: Uint8Array, limits: JsonLimits): unknown {
  const text = textOf(bytes);
  if (text === undefined) throw malformed("The body is not UTF-8.");
  scan(text, limits);
  return parseJson(text);
}

export function malformed(reason: string): RefusedError {
  return refuseCall("malformed_request", { reason });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser quotes the text it stumbled over, and that may be a secret: nothing of it is kept.
    throw malformed("The body is not valid JSON.");
  }
}

/** Looks at tokens only. What is not JSON at all is left for the parser to say. */
function scan(text: string, limits: JsonLimits): void {
  const frames: Frame[] = [];
  let lastString = "";
  let tokens = 0;
  for (let at = skipSpace(text, 0); at < text.length; at = skipSpace(text, at)) {
    tokens += 1;
    if (tokens > limits.tokens) throw malformed("The body has too many values.");
    const end = endOfToken(text, at);
    const first = text.charAt(at);
    if (first === '"') lastString = text.slice(at, end);
    if (first === ":") noteKey(frames.at(-1), lastString);
    if (first === "{") frames.push(new Set());
    if (first === "[") frames.push(undefined);
    if (first === "}" || first === "]") frames.pop();
    if (frames.length > limits.depth) throw malformed("The body is nested too deeply.");
    at = end;
  }
}

function noteKey(keys: Frame, literal: string): void {
  const key = parseJson(literal);
  if (keys === undefined || typeof key !== "string") return;
  if (key === "__proto__") throw malformed("The body uses a key that is not allowed.");
  if (keys.has(key)) throw malformed("The body has an object with the same key twice.");
  keys.add(key);
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \t\n\r".includes(text.charAt(at))) at += 1;
  return at;
}

/** The position after the token that begins at `start`: always further on. */
function endOfToken(text: string, start: number): number {
  const first = text.charAt(start);
  if (first === '"') return endOfString(text, start);
  let at = start + 1;
  if ("{}[]:,".includes(first)) return at;
  while (at < text.length && !' \t\n\r{}[]:,"'.includes(text.charAt(at))) at += 1;
  return at;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '"') return at + 1;
    // What follows a backslash cannot end the string.
    if (char === "\\") at += 1;
  }
  throw malformed("The body is not valid JSON.");
}
