// JSON as a policy is written in it: bounded in depth, each key of an object once, and whoever
// refuses it can say where. Numbers and booleans stay the text they are: policies compare texts.

export type PolicyJson = PolicyText | PolicyLiteral | PolicyList | PolicyObject;

export interface PolicyText {
  readonly kind: "text";
  readonly text: string;
}

/** A number, `true`, `false` or `null`, as it was written. */
export interface PolicyLiteral {
  readonly kind: "number" | "boolean" | "null";
  readonly text: string;
}

export interface PolicyList {
  readonly kind: "list";
  readonly items: readonly PolicyJson[];
}

export interface PolicyObject {
  readonly kind: "object";
  readonly members: ReadonlyMap<string, PolicyJson>;
}

export type JsonReading =
  | { readonly ok: true; readonly json: PolicyJson }
  /** `at` is a line and a column, both from 1. */
  | { readonly ok: false; readonly at: string; readonly reason: string };

/** A policy needs seven: document, statements, statement, Condition, operator, key, values. */
const deepest = 10;

/** Total: whatever the text, it comes to a reading. */
export function readPolicyJson(text: string): JsonReading {
  const reader = new JsonReader(text);
  try {
    return { ok: true, json: reader.document() };
  } catch (error) {
    if (!(error instanceof JsonTrouble)) throw error;
    return { ok: false, at: placeIn(text, error.at), reason: error.reason };
  }
}

/** Never leaves this file: it takes the reader out of however many objects it is in. */
class JsonTrouble extends Error {
  readonly at: number;
  readonly reason: string;

  constructor(at: number, reason: string) {
    super(reason);
    this.at = at;
    this.reason = reason;
  }
}

const numberForm = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const space = /[ \t\n\r]*/y;
const halfSurrogate = /\p{Surrogate}/u;
const words: readonly PolicyLiteral[] = [
  { kind: "boolean", text: "true" },
  { kind: "boolean", text: "false" },
  { kind: "null", text: "null" },
];

class JsonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): PolicyJson {
    const json = this.#value();
    if (this.#next() !== "") throw this.#trouble("something follows the end of the document");
    return json;
  }

  #value(): PolicyJson {
    const first = this.#next();
    if (first === "{") return this.#nested(() => this.#object());
    if (first === "[") return this.#nested(() => this.#list());
    if (first === '"') return { kind: "text", text: this.#string() };
    return this.#literal();
  }

  #nested(read: () => PolicyJson): PolicyJson {
    if (this.#depth === deepest) throw this.#trouble(`it is nested deeper than ${deepest} levels`);
    this.#depth += 1;
    this.#at += 1;
    const json = read();
    this.#depth -= 1;
    return json;
  }

  #object(): PolicyObject {
    const members = new Map<string, PolicyJson>();
    while (!this.#closes("}", members.size)) {
      if (this.#next() !== '"') throw this.#trouble("a key in double quotes is expected");
      const keyAt = this.#at;
      const key = this.#string();
      if (members.has(key)) throw new JsonTrouble(keyAt, `the key ${shownText(key)} appears twice`);
      if (this.#next() !== ":") throw this.#trouble("a colon is expected");
      this.#at += 1;
      members.set(key, this.#value());
    }
    return { kind: "object", members };
  }

  #list(): PolicyList {
    const items: PolicyJson[] = [];
    while (!this.#closes("]", items.length)) items.push(this.#value());
    return { kind: "list", items };
  }

  /** Steps over the closing bracket, or over the comma that has to stand before a further item. */
  #closes(bracket: "}" | "]", itemsBefore: number): boolean {
    const next = this.#next();
    if (next === bracket) {
      this.#at += 1;
      return true;
    }
    if (itemsBefore === 0) return false;
    if (next !== ",") throw this.#trouble(`a comma or ${bracket} is expected`);
    this.#at += 1;
    return false;
  }

  #string(): string {
    const start = this.#at;
    const end = this.#endOfString();
    this.#at = end;
    const text = parsedString(this.#text.slice(start, end));
    if (text === undefined) throw new JsonTrouble(start, "the text is not valid JSON");
    if (halfSurrogate.test(text)) throw new JsonTrouble(start, "the text has half a character");
    return text;
  }

  #endOfString(): number {
    for (let at = this.#at + 1; at < this.#text.length; at += 1) {
      const char = this.#text.charAt(at);
      if (char === '"') return at + 1;
      // What follows a backslash cannot end the string.
      if (char === "\\") at += 1;
    }
    throw this.#trouble("the text has no end");
  }

  #literal(): PolicyLiteral {
    const word = words.find(({ text }) => this.#text.startsWith(text, this.#at));
    if (word !== undefined) {
      this.#at += word.text.length;
      return word;
    }
    numberForm.lastIndex = this.#at;
    const [text] = numberForm.exec(this.#text) ?? [];
    if (text === undefined) throw this.#trouble("a value is expected");
    this.#at += text.length;
    return { kind: "number", text };
  }

  /** The next character that is no space, without stepping over it; empty at the end. */
  #next(): string {
    space.lastIndex = this.#at;
    this.#at += space.exec(this.#text)?.[0].length ?? 0;
    return this.#text.charAt(this.#at);
  }

  #trouble(reason: string): JsonTrouble {
    return new JsonTrouble(this.#at, reason);
  }
}

/** In quotes, and no longer than a sentence bears. */
export function shownText(text: string): string {
  const characters = Array.from(text);
  return JSON.stringify(characters.length > 60 ? `${characters.slice(0, 60).join("")}...` : text);
}

function parsedString(literal: string): string | undefined {
  try {
    return JSON.parse(literal) as string;
  } catch {
    // A control character or an escape that there is not: the caller says where.
    return undefined;
  }
}

function placeIn(text: string, at: number): string {
  const before = text.slice(0, at).split("\n");
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}
