// The constraints of the service model, checked with the sentences of AWS: every violation of a
// request in one refusal. What a member means, and what fits the state, is for the services.
import { refuseCall, type RefusedError } from "../../base/errors.ts";
import { beginningOf } from "../../base/fitting-text.ts";
import { operations, type DraftOf, type OperationName, type RequestOf } from "./operations.ts";
import { checkTokens } from "./request-tokens.ts";
import {
  awsNameOf,
  type Bounds,
  type EnumShape,
  type Members,
  type Shape,
  type StringShape,
} from "./shape.ts";

/** Longer values are cut in a message: it also travels in a gRPC trailer. */
const shownBytes = 2048;

/** For all that a refusal says: more than one violation can take. */
const violationsBytes = 4096;

/**
 * Gives a request back as what it is known to be once it meets the model.
 *
 * Refuses with validation_failed, and with malformed_request what has too many values. A sensitive
 * value is never in the sentence.
 */
export function validateRequest<Name extends OperationName>(
  operation: Name,
  draft: DraftOf<Name>,
): RequestOf<Name> {
  checkTokens(draft);
  const violations = violationsOfMembers(draft, operations[operation].input, "");
  if (violations.length > 0) throw refusalOf(violations);
  // The members were just walked by the shapes that the type is read from.
  return draft as unknown as RequestOf<Name>;
}

/** Names the first violations, and of the rest how many there are. */
function refusalOf(violations: readonly string[]): RefusedError {
  let bytes = 0;
  const tooMany = violations.findIndex((sentence) => {
    bytes += Buffer.byteLength(sentence);
    return bytes > violationsBytes;
  });
  const named = tooMany === -1 ? violations.length : tooMany;
  const unnamed = violations.length - named;
  return refuseCall("validation_failed", {
    violations: violations.slice(0, named),
    ...(unnamed === 0 ? {} : { unnamed }),
  });
}

type Structure = Readonly<Record<string, unknown>>;

function violationsOfMembers(draft: Structure, members: Members, prefix: string): string[] {
  return Object.entries(members).flatMap(([name, member]) => {
    const path = prefix + pathName(awsNameOf(name, member));
    const value = draft[name];
    if (value !== undefined) return violationsOf(value, member.shape, path);
    return member.presence === "required"
      ? [`Value null at '${path}' failed to satisfy constraint: Member must not be null`]
      : [];
  });
}

/** AWS puts the first letter of its own name in lower case: `secretId`, `rotationLambdaARN`. */
function pathName(awsName: string): string {
  return awsName.charAt(0).toLowerCase() + awsName.slice(1);
}

function violationsOf(value: unknown, shape: Shape, path: string): string[] {
  const broken = brokenConstraints(value, shape).map(
    (constraint) =>
      `Value${shown(value, shape)} at '${path}' failed to satisfy constraint: ${constraint}`,
  );
  return [...broken, ...violationsWithin(value, shape, path)];
}

function brokenConstraints(value: unknown, shape: Shape): string[] {
  switch (shape.kind) {
    case "string":
      return brokenTextConstraints(value as string, shape);
    case "enum":
      return outsideEnum(value as string, shape);
    case "blob":
      return outOfBounds("length", (value as Uint8Array).length, shape);
    case "integer":
      return outOfBounds("value", value as number, shape);
    case "list":
      return outOfBounds("length", (value as readonly unknown[]).length, shape);
    case "boolean":
    case "timestamp":
    case "map":
    case "structure":
      return [];
  }
}

function outsideEnum(value: string, { values }: EnumShape): string[] {
  if (values.includes(value)) return [];
  return [`Member must satisfy enum value set: [${values.join(", ")}]`];
}

function brokenTextConstraints(value: string, shape: StringShape): string[] {
  const length = shape.unit === "bytes" ? Buffer.byteLength(value) : Array.from(value).length;
  const broken = outOfBounds("length", length, shape);
  if (shape.pattern === undefined || matchesWhole(value, shape.pattern)) return broken;
  return [...broken, `Member must satisfy regular expression pattern: ${shape.pattern}`];
}

/** Only patterns of the table, none of which backtracks over more than one character class. */
function matchesWhole(value: string, pattern: string): boolean {
  return new RegExp(`^(?:${pattern})$`).test(value);
}

function outOfBounds(measure: "length" | "value", size: number, { min, max }: Bounds): string[] {
  if (max !== undefined && size > max) {
    return [`Member must have ${measure} less than or equal to ${max}`];
  }
  if (min !== undefined && size < min) {
    return [`Member must have ${measure} greater than or equal to ${min}`];
  }
  return [];
}

/** A list counts from one: `filters.1.member.key` (AWS: messages of ValidationException). */
function violationsWithin(value: unknown, shape: Shape, path: string): string[] {
  if (shape.kind === "list") {
    return (value as readonly unknown[]).flatMap((item, index) =>
      violationsOf(item, shape.item, `${path}.${index + 1}.member`),
    );
  }
  if (shape.kind === "structure") {
    return violationsOfMembers(value as Structure, shape.members, `${path}.`);
  }
  return [];
}

function shown(value: unknown, shape: Shape): string {
  if ("sensitive" in shape) return "";
  const whole = plainly(value);
  const beginning = beginningOf(whole, shownBytes);
  return ` '${beginning === whole ? whole : `${beginning}...`}'`;
}

function plainly(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plainly).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([name, member]) => `${name}=${plainly(member)}`)
      .join(", ")}}`;
  }
  return String(value);
}
