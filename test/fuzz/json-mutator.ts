// Changes to a JSON document that leave it one: members and values of the wrong kind, length,
// number and depth. What is not JSON any more is for the bytes to bring about.
import type { Chance } from "./chance.ts";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

interface JsonObject {
  readonly [key: string]: Json;
}

/** Lengths around the limits of the service model. */
const edges = [
  0, 1, 2, 3, 19, 20, 31, 32, 35, 36, 64, 65, 128, 129, 256, 257, 512, 513, 2048, 2049,
];
const rareEdges = [4096, 4097, 20_480, 20_481, 65_535, 65_536, 65_537];

const oddTexts = [
  "",
  " ",
  "db",
  "null",
  "__proto__",
  "constructor",
  "..",
  "a/../b",
  "%2e%2e",
  "a\u0000b",
  "a\nb",
  "\ufeff",
  "\ud83d\ude00",
  "é",
  "e\u0301",
  "\u202e",
  "AWSCURRENT",
  "AWSPENDING",
  "aws:x",
  "!db",
  "*",
  "arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf",
  "arn:aws:secretsmanager:us-east-1:000000000000:secret:db",
  "arn:",
  "AAAA",
  "AA==",
  "A",
  "1e400",
  "rate(1 day)",
  "cron(0 0 * * ? *)",
  "us-east-1",
  "{}",
  "[",
];

const oddNumbers = [
  0,
  -0,
  1,
  -1,
  0.5,
  7,
  30,
  31,
  100,
  101,
  4096,
  4097,
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  1e21,
  1e308,
  5e-324,
];

/** One change somewhere in the document, or a few. `donor` gives what is put in its place. */
export function mutateJson(document: Json, chance: Chance, donor: Json): Json {
  let changed = document;
  do {
    changed = changeSomewhere(changed, chance, donor);
  } while (chance.once(3));
  return changed;
}

function changeSomewhere(value: Json, chance: Chance, donor: Json): Json {
  if (Array.isArray(value) && value.length > 0 && !chance.once(4)) {
    const at = chance.below(value.length);
    const list = value as readonly Json[];
    return list.map((item, each) => (each === at ? changeSomewhere(item, chance, donor) : item));
  }
  if (isObject(value) && Object.keys(value).length > 0 && !chance.once(4)) {
    const entries = Object.entries(value);
    const at = chance.below(entries.length);
    return objectOf(
      entries.map(([key, item], each) => [
        key,
        each === at ? changeSomewhere(item, chance, donor) : item,
      ]),
    );
  }
  return changeHere(value, chance, donor);
}

function changeHere(value: Json, chance: Chance, donor: Json): Json {
  if (chance.once(3)) return anotherValue(chance, donor);
  if (Array.isArray(value)) return changeList(value as readonly Json[], chance, donor);
  if (isObject(value)) return changeObject(value, chance, donor);
  if (typeof value === "string") return changeText(value, chance);
  return anotherValue(chance, donor);
}

function anotherValue(chance: Chance, donor: Json): Json {
  switch (chance.below(9)) {
    case 0:
      return null;
    case 1:
      return chance.once(2);
    case 2:
      return chance.pick(oddNumbers);
    case 3:
      return textOfEdge(chance);
    case 4:
      return [];
    case 5:
      return {};
    case 6:
      return nested(chance.pick([2, 8, 31, 32, 33, 200]), chance);
    case 7:
      return partOf(donor, chance);
    default:
      return chance.pick(oddTexts);
  }
}

function changeList(list: readonly Json[], chance: Chance, donor: Json): Json {
  const at = chance.below(list.length + 1);
  switch (chance.below(4)) {
    case 0:
      return list.filter((_, each) => each !== at);
    case 1:
      return [...list.slice(0, at), anotherValue(chance, donor), ...list.slice(at)];
    case 2:
      return list.toReversed();
    default:
      return Array.from({ length: manyTimes(chance) }, () => list).flat();
  }
}

function changeObject(value: JsonObject, chance: Chance, donor: Json): Json {
  const entries = Object.entries(value);
  const at = chance.below(entries.length + 1);
  const others = entries.filter((_, each) => each !== at);
  switch (chance.below(4)) {
    case 0:
      return objectOf(others);
    case 1:
      return objectOf([...entries, [chance.pick(oddTexts), anotherValue(chance, donor)]]);
    case 2:
      return isObject(donor) ? objectOf([...entries, ...Object.entries(donor)]) : donor;
    default: {
      const item = entries[at]?.[1] ?? null;
      return objectOf([...others, [chance.pick(oddTexts), item]]);
    }
  }
}

function changeText(text: string, chance: Chance): string {
  const at = chance.below(text.length + 1);
  switch (chance.below(6)) {
    case 0:
      return text.slice(0, at) + chance.pick(oddTexts) + text.slice(at);
    case 4:
      // Longer than any member may be, and still what it was.
      return chance.once(8) ? text.repeat(Math.ceil(66_000 / (text.length + 1))) : text;
    case 1:
      return text.slice(0, at);
    case 2:
      return text.repeat(1 + chance.below(4));
    case 3:
      return text.slice(0, at) + String.fromCharCode(chance.below(0x1_0000)) + text.slice(at + 1);
    default:
      return textOfEdge(chance);
  }
}

function textOfEdge(chance: Chance): string {
  const length = chance.once(40) ? chance.pick(rareEdges) : chance.pick(edges);
  return chance.pick(["x", "é", "/", "1", "-", "\u0001", "😀"]).repeat(length);
}

function nested(depth: number, chance: Chance): Json {
  let value: Json = 1;
  for (let level = 0; level < depth; level += 1) value = chance.once(2) ? [value] : { a: value };
  return value;
}

function partOf(donor: Json, chance: Chance): Json {
  if (Array.isArray(donor) && donor.length > 0) return chance.pick(donor as readonly Json[]);
  if (isObject(donor) && Object.keys(donor).length > 0) return chance.pick(Object.values(donor));
  return donor;
}

function manyTimes(chance: Chance): number {
  return chance.once(60) ? 5_000 : 1 + chance.below(30);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `fromEntries` makes `__proto__` a member like any other, as `JSON.parse` does. */
function objectOf(entries: readonly (readonly [string, Json])[]): Json {
  return Object.fromEntries(entries);
}
