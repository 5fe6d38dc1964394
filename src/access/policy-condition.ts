// The conditions of a statement: which operators there are, what each may be given, and what was
// asked for (AWS: IAM JSON policy, "Condition operators").
import { parseAddressRange } from "./policy-address.ts";
import { shownText, type PolicyJson, type PolicyObject } from "./policy-json.ts";
import type { ProblemList } from "./policy-problems.ts";

/** One key under one operator. All conditions of a statement have to hold. */
export interface PolicyCondition {
  readonly operator: ConditionOperator;
  /** How a key with several values in the request is meant. */
  readonly quantifier: "one_value" | "for_all_values" | "for_any_value";
  /** Holds too when the request does not have the key: the suffix `IfExists`. */
  readonly whenMissing: "as_operator_says" | "holds";
  /** As it was written; letters match in either case. */
  readonly key: string;
  /** At least one; one has to match, of a negated operator none. Numbers as they were written. */
  readonly values: readonly string[];
}

export type ConditionOperator = (typeof operatorNames)[number];

const operatorNames = [
  "StringEquals",
  "StringNotEquals",
  "StringEqualsIgnoreCase",
  "StringNotEqualsIgnoreCase",
  "StringLike",
  "StringNotLike",
  "NumericEquals",
  "NumericNotEquals",
  "NumericLessThan",
  "NumericLessThanEquals",
  "NumericGreaterThan",
  "NumericGreaterThanEquals",
  "DateEquals",
  "DateNotEquals",
  "DateLessThan",
  "DateLessThanEquals",
  "DateGreaterThan",
  "DateGreaterThanEquals",
  "Bool",
  "BinaryEquals",
  "IpAddress",
  "NotIpAddress",
  "ArnEquals",
  "ArnLike",
  "ArnNotEquals",
  "ArnNotLike",
  "Null",
] as const;

const operators: ReadonlyMap<string, ConditionOperator> = new Map(
  operatorNames.map((name) => [name, name]),
);

const numberForm = /^[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const dateForm =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?$/;
const base64Form = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

interface ValueForm {
  readonly begins: RegExp;
  readonly expected: string;
  readonly fits: (text: string) => boolean;
}

/** What an operator may be given, by the beginning of its name; any text where none fits. */
const valueForms: readonly ValueForm[] = [
  { begins: /^Numeric/, expected: "a number", fits: (text) => numberForm.test(text) },
  {
    begins: /^Date/,
    expected: "a date or a number of seconds",
    fits: (text) => dateForm.test(text) || numberForm.test(text),
  },
  {
    begins: /^(?:Bool|Null)/,
    expected: "true or false",
    fits: (text) => ["true", "false"].includes(text.toLowerCase()),
  },
  { begins: /^Binary/, expected: "base64", fits: (text) => base64Form.test(text) },
  {
    begins: /^(?:Not)?IpAddress/,
    expected: "an address or a range of addresses",
    fits: (text) => parseAddressRange(text) !== undefined,
  },
  {
    begins: /^Arn/,
    expected: "an ARN",
    fits: (text) => text.startsWith("*") || text.split(":").length >= 6,
  },
];

const keyForm = /^[A-Za-z0-9-]+:.+$/s;
const mostKeyCharacters = 512;
const quantifiers = {
  "ForAllValues:": "for_all_values",
  "ForAnyValue:": "for_any_value",
} as const;

export function readConditions(
  json: PolicyJson,
  at: string,
  problems: ProblemList,
): readonly PolicyCondition[] {
  return membersOf(json, at, problems).flatMap(([name, keys]) => {
    const placeOfOperator = `${at}.${name}`;
    const operator = readOperator(name);
    if (operator === undefined) {
      problems.report("syntax", at, `${shownText(name)} is no condition operator`);
      return [];
    }
    const members = membersOf(keys, placeOfOperator, problems);
    if (keys.kind === "object" && members.length === 0) {
      problems.report("syntax", placeOfOperator, "it compares nothing");
    }
    return members.flatMap(([key, values]) => {
      if (!keyForm.test(key) || key.length > mostKeyCharacters) {
        problems.report("syntax", placeOfOperator, `${shownText(key)} is no condition key`);
        return [];
      }
      const valuesAt = `${placeOfOperator}.${key}`;
      return [{ ...operator, key, values: readValues(operator, values, valuesAt, problems) }];
    });
  });
}

type Operator = Pick<PolicyCondition, "operator" | "quantifier" | "whenMissing">;

/** `Null` asks whether a key is missing, so that `NullIfExists` would ask nothing. */
function readOperator(name: string): Operator | undefined {
  const [prefix, quantifier = "one_value"] =
    Object.entries(quantifiers).find(([begins]) => name.startsWith(begins)) ?? [];
  const bare = name.slice(prefix?.length ?? 0);
  const base = bare.endsWith("IfExists") ? bare.slice(0, -"IfExists".length) : bare;
  const operator = operators.get(base);
  if (operator === undefined || (operator === "Null" && base !== name)) return undefined;
  return { operator, quantifier, whenMissing: base === bare ? "as_operator_says" : "holds" };
}

function readValues(
  { operator }: Operator,
  json: PolicyJson,
  at: string,
  problems: ProblemList,
): readonly string[] {
  const items = json.kind === "list" ? json.items : [json];
  if (items.length === 0) problems.report("syntax", at, "the list is empty");
  return items.flatMap((item, place) => {
    const itemAt = json.kind === "list" ? `${at}[${place}]` : at;
    if (item.kind === "list" || item.kind === "object" || item.kind === "null") {
      problems.report("syntax", itemAt, "a text, a number, true or false is expected");
      return [];
    }
    const form = valueForms.find(({ begins }) => begins.test(operator));
    // What a variable stands for is known with a request only.
    if (form !== undefined && !item.text.includes("${") && !form.fits(item.text)) {
      problems.report("syntax", itemAt, `${shownText(item.text)} is not ${form.expected}`);
    }
    return [item.text];
  });
}

function membersOf(
  json: PolicyJson,
  at: string,
  problems: ProblemList,
): readonly (readonly [string, PolicyJson])[] {
  if (json.kind === "object") return [...(json satisfies PolicyObject).members];
  problems.report("syntax", at, "an object is expected");
  return [];
}

/** Whether it holds when no value matches: `StringNotEquals` and its like. */
export function isNegated({ operator }: PolicyCondition): boolean {
  return operator.includes("Not");
}
