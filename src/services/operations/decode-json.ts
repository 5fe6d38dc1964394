// From AWS JSON 1.1 to values, by shape. Unknown members are ignored and `null` is absence, as AWS
// has it; a value of another type is refused. Whether a value is allowed is for validation to say.
import { epochMs } from "../../base/ids.ts";
import { malformed } from "./guarded-json.ts";
import {
  awsNameOf,
  type ListShape,
  type MapShape,
  type Members,
  type Shape,
  type StructureShape,
} from "./shape.ts";

type JsonObject = Readonly<Record<string, unknown>>;

const halfSurrogate = /\p{Surrogate}/u;

/** Reads the members of a JSON object; `path` is where it stands, for the refusal. */
export function decodeMembers(json: unknown, members: Members, path: string): JsonObject {
  const source = objectAt(json, path);
  const decoded: [string, unknown][] = [];
  for (const [name, member] of Object.entries(members)) {
    const awsName = awsNameOf(name, member);
    const value = Object.hasOwn(source, awsName) ? source[awsName] : undefined;
    if (value === undefined || value === null) continue;
    decoded.push([name, decodeValue(value, member.shape, `${path}/${awsName}`)]);
  }
  return Object.fromEntries(decoded);
}

function decodeValue(json: unknown, shape: Shape, path: string): unknown {
  if (shape.kind === "structure") return decodeMembers(json, shape.members, path);
  if (shape.kind === "list") {
    if (!Array.isArray(json)) throw wrongType(path, "a list");
    return json.map((item) => decodeValue(item, shape.item, path));
  }
  if (shape.kind === "map") {
    return new Map(
      Object.entries(objectAt(json, path)).map(([key, value]) => [
        textAt(key, path),
        decodeValue(value, shape.value, path),
      ]),
    );
  }
  return decodeScalar(json, shape, path);
}

type ScalarShape = Exclude<Shape, ListShape | MapShape | StructureShape>;

function decodeScalar(json: unknown, shape: ScalarShape, path: string): unknown {
  switch (shape.kind) {
    case "string":
    case "enum":
      return textAt(json, path);
    case "blob":
      return blobAt(json, path);
    case "boolean":
      if (typeof json !== "boolean") throw wrongType(path, "a boolean");
      return json;
    case "integer":
      return integerAt(json, path);
    case "timestamp":
      return timestampAt(json, path);
  }
}

function objectAt(json: unknown, path: string): JsonObject {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw wrongType(path, "an object");
  }
  return json as JsonObject;
}

/** Half a surrogate pair has no UTF-8: the value would not be the same when it is read again. */
function textAt(json: unknown, path: string): string {
  if (typeof json !== "string") throw wrongType(path, "a string");
  if (halfSurrogate.test(json)) throw wrongType(path, "a string of whole characters");
  return json;
}

/** Strict: the one way to write these bytes in base64 (RFC 4648 section 4), or a refusal. */
function blobAt(json: unknown, path: string): Uint8Array {
  const text = textAt(json, path);
  const bytes = Buffer.alloc(Buffer.byteLength(text, "base64"));
  const length = bytes.write(text, "base64");
  if (bytes.toString("base64", 0, length) !== text) throw wrongType(path, "base64");
  // Unpooled and the caller's own, so that it can be wiped.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, length);
}

function integerAt(json: unknown, path: string): number {
  if (typeof json !== "number" || !Number.isSafeInteger(json)) {
    throw wrongType(path, "a whole number");
  }
  // There is one zero, whichever sign it was written with.
  return json + 0;
}

function timestampAt(json: unknown, path: string): unknown {
  const millis = typeof json === "number" ? Math.round(json * 1000) : NaN;
  if (!Number.isSafeInteger(millis) || millis < 0) throw wrongType(path, "a time");
  return epochMs(millis);
}

function wrongType(path: string, expected: string): ReturnType<typeof malformed> {
  return malformed(`The value at '${path}' is not ${expected}.`);
}
