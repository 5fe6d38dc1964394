// Whether a resource policy lets strangers in (AWS: PutResourcePolicy, BlockPublicPolicy). AWS
// proves it with an automated reasoner that it does not publish; this is the rule it documents for
// S3 ("The meaning of public"), with the keys that hold for a secret.
//
//   An Allow is broad when it covers anyone at all:
//     Principal "*" or {"AWS": "*"}            yes
//     NotPrincipal, whoever it leaves out      yes
//     an account, user, role, service          no
//   and none of its conditions narrows that to callers that are named. A condition narrows when
//     its operator compares for likeness       StringEquals, StringLike, ArnLike, IpAddress, ...
//     it fails without its key                 no IfExists, no ForAllValues
//     its key says who calls, or from where    the table below
//     every value of it is fixed               no variable, no wildcard, but for the end of an
//                                              ARN or of a path that names its owner before
import { parseAddressRange } from "./policy-address.ts";
import { isNegated, type PolicyCondition } from "./policy-condition.ts";
import type { PolicyDocument, PolicyStatement } from "./policy-document.ts";
import { hasWildcard } from "./policy-pattern.ts";

/** The places of the statements that let strangers in, from 0. */
export function broadStatements({ statements }: PolicyDocument): readonly number[] {
  return statements.flatMap((statement, place) => (isBroad(statement) ? [place] : []));
}

function isBroad({ effect, principals, conditions }: PolicyStatement): boolean {
  if (effect === "deny") return false;
  const coversAnyone =
    principals.sense === "all_but_these" || principals.items.some(({ kind }) => kind === "anyone");
  return coversAnyone && !conditions.some(narrows);
}

function narrows(condition: PolicyCondition): boolean {
  const { operator, quantifier, whenMissing, key, values } = condition;
  const holdsWithoutKey = whenMissing === "holds" || quantifier === "for_all_values";
  if (holdsWithoutKey || isNegated(condition)) return false;
  const narrowing = narrowingKeys.get(key.toLowerCase());
  if (!narrowing?.operators.includes(operator)) return false;
  return values.length > 0 && values.every(narrowing.isFixed);
}

interface NarrowingKey {
  readonly operators: readonly string[];
  readonly isFixed: (value: string) => boolean;
}

const texts = ["StringEquals", "StringEqualsIgnoreCase", "StringLike"];
const arns = [...texts, "ArnEquals", "ArnLike"];

const ofText: NarrowingKey = { operators: texts, isFixed: isPlain };
const ofArn: NarrowingKey = { operators: arns, isFixed: isFixedArn };
const ofPath: NarrowingKey = { operators: texts, isFixed: isFixedPath };
const ofAddress: NarrowingKey = { operators: ["IpAddress"], isFixed: isFixedRange };

/** Keys of a policy, in small letters. */
const narrowingKeys: ReadonlyMap<string, NarrowingKey> = new Map([
  ["aws:principalaccount", ofText],
  ["aws:principalarn", ofArn],
  ["aws:principalorgid", ofText],
  ["aws:principalorgpaths", ofPath],
  ["aws:userid", ofPath],
  ["aws:sourceaccount", ofText],
  ["aws:sourceowner", ofText],
  ["aws:sourcearn", ofArn],
  ["aws:sourceorgid", ofText],
  ["aws:sourceorgpaths", ofPath],
  ["aws:sourcevpc", ofText],
  ["aws:sourcevpce", ofText],
  ["aws:sourceip", ofAddress],
  ["aws:vpcsourceip", ofAddress],
]);

function isPlain(value: string): boolean {
  return value !== "" && !hasWildcard(value) && !value.includes("${");
}

/** `arn:aws:iam::111122223333:role/*`: whose it is, is fixed before anything is left open. */
function isFixedArn(value: string): boolean {
  if (isPlain(value)) return true;
  const fields = fixedBeginning(value).split(":");
  const account = fields[4] ?? "";
  return fields.length >= 6 && account !== "";
}

/** `o-a1b2c3/*`, `AROAEXAMPLEID:*`: the same of an organisation's path and of an id. */
function isFixedPath(value: string): boolean {
  return isPlain(value) || /^[^/:]+[/:]/.test(fixedBeginning(value));
}

/** Up to the first thing in it that is left open. */
function fixedBeginning(value: string): string {
  const open = value.search(/[*?]|\$\{/);
  return open === -1 ? value : value.slice(0, open);
}

/** AWS counts a range of more than a /8 of IPv4, or more than a /32 of IPv6, as everybody. */
function isFixedRange(value: string): boolean {
  const range = parseAddressRange(value);
  if (range === undefined) return false;
  return range.prefixLength >= (range.family === 4 ? 8 : 32);
}
