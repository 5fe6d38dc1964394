// An answer as the AWS command line prints it: AWS member names, dates in ISO 8601, base64 bytes.
import type { FieldShape, Message } from "../base/message-shape.ts";
import { messageShapes } from "../generated/public-contract.ts";

/** Where AWS does not only capitalize the first letter. */
const namesOfAws: Readonly<Record<string, string>> = {
  arn: "ARN",
  rotationLambdaArn: "RotationLambdaARN",
};

/** What a list command was asked for is shown even when there is nothing. */
const shownEmpty: ReadonlySet<string> = new Set(["secretList", "versions", "members"]);

function awsName(member: string): string {
  return namesOfAws[member] ?? member.charAt(0).toUpperCase() + member.slice(1);
}

/** The message `name` of the contract, ready for `JSON.stringify`. */
export function awsJson(name: string, message: object): Record<string, unknown> {
  const members = Object.entries(messageShapes[name] ?? {}).flatMap(([member, shape]) => {
    const value = (message as Message)[member];
    if (value === undefined || (isEmptied(shape, value) && !shownEmpty.has(member))) return [];
    return [[awsName(member), json(shape, value)] as const];
  });
  return Object.fromEntries(members);
}

/** A list or a map that is there only because nothing is in it. */
function isEmptied(shape: FieldShape, value: unknown): boolean {
  if (typeof shape === "string") return false;
  if ("list" in shape) return (value as readonly unknown[]).length === 0;
  return "map" in shape && Object.keys(value as object).length === 0;
}

function json(shape: FieldShape, value: unknown): unknown {
  if (shape === "time") return new Date(value as number).toISOString();
  if (shape === "bytes") return Buffer.from(value as Uint8Array).toString("base64");
  if (typeof shape === "string") return value;
  if ("message" in shape) return awsJson(shape.message, value as object);
  if ("map" in shape) {
    const rows = Object.entries(value as object) as [string, unknown][];
    return Object.fromEntries(rows.map(([key, item]) => [key, json(shape.map, item)]));
  }
  const elements = "list" in shape ? shape.list : shape.wrappedList;
  return (value as readonly unknown[]).map((element) => json(elements, element));
}
