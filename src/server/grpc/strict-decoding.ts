// Messages are looked over before they are decoded: the decoder of protobufjs takes a string that
// is cut off for a shorter one, and bytes that are not UTF-8 for others. A value stored that way is
// not the value that was sent.
import { isUtf8 } from "node:buffer";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { RefusedError, refuseCall } from "../../base/errors.ts";
import { publicPackage } from "../../base/public-services.ts";

/** As many as an AWS request has tokens (services/operations/guarded-json.ts). */
const fieldLimit = 10_000;

/** Stands for a message that was not decoded, on its way to where calls are refused. */
export class RefusedMessage {
  readonly refused: RefusedError;

  constructor(refused: RefusedError) {
    this.refused = refused;
  }
}

/**
 * The same service; gRPC refuses what is not well formed with INTERNAL, before any handler. A
 * message of too many fields becomes a `RefusedMessage`.
 */
export function strict(service: ServiceDefinition): ServiceDefinition {
  const methods = Object.entries(service).map(([name, method]) => [name, strictMethod(method)]);
  return Object.fromEntries(methods) as ServiceDefinition;
}

type Method = MethodDefinition<unknown, unknown>;

function strictMethod(method: Method): Method {
  const request = fieldsOf(requestName(method));
  return {
    ...method,
    requestDeserialize: (bytes) => {
      try {
        checkMessage(bytes, request, { left: fieldLimit });
      } catch (error) {
        if (error instanceof RefusedError) return new RefusedMessage(error);
        throw error;
      }
      return method.requestDeserialize(bytes);
    },
  };
}

/** What a descriptor says of a message: its fields by number. */
type Fields = ReadonlyMap<number, FieldDescriptor>;

interface FieldDescriptor {
  readonly number: number;
  readonly type: string;
  readonly label: string;
  readonly typeName: string;
}

interface LoadedMessage {
  readonly type: { readonly name: string; readonly field: readonly FieldDescriptor[] };
}

function requestName(method: Method): string {
  const { requestType } = method as Method & { readonly requestType?: LoadedMessage };
  return requestType?.type.name ?? "";
}

const knownFields = new Map<string, Fields>();

/** Made once a message type: a request may have thousands of one. */
function fieldsOf(name: string): Fields {
  const known = knownFields.get(name);
  if (known !== undefined) return known;
  const definition = publicPackage()[`holdfast.v1.${name}`] as LoadedMessage | undefined;
  const fields = new Map(definition?.type.field.map((field) => [field.number, field]));
  knownFields.set(name, fields);
  return fields;
}

/** The fields that a request may still have, those of the messages inside it among them. */
interface Budget {
  left: number;
}

/** Throws when the fields do not fill `bytes` exactly, or when a text is not UTF-8. */
function checkMessage(bytes: Uint8Array, fields: Fields, budget: Budget): void {
  for (let at = 0; at < bytes.length;) {
    budget.left -= 1;
    if (budget.left < 0) {
      throw refuseCall("malformed_request", { reason: "The message has too many fields." });
    }
    const tag = tagAt(bytes, at);
    const field = fields.get(Math.floor(tag.value / 8));
    const wireType = tag.value % 8;
    if (field !== undefined && !isWrittenAs(field, wireType)) {
      throw new Error("the message has a field of another kind than its own");
    }
    const start = wireType === 2 ? varint(bytes, tag.end) : tag;
    const end = endOfField(bytes, wireType, start);
    if (end > bytes.length) throw new Error("the message is cut off");
    if (wireType === 2 && field !== undefined) {
      checkField(bytes.subarray(start.end, end), field, budget);
    }
    at = end;
  }
}

const lengthTypes: ReadonlySet<string> = new Set(["TYPE_STRING", "TYPE_BYTES", "TYPE_MESSAGE"]);
const fixedTypes: ReadonlyMap<string, number> = new Map([
  ["TYPE_DOUBLE", 1],
  ["TYPE_FIXED64", 1],
  ["TYPE_SFIXED64", 1],
  ["TYPE_FLOAT", 5],
  ["TYPE_FIXED32", 5],
  ["TYPE_SFIXED32", 5],
]);

/**
 * The decoder reads a field it knows by its type, whatever its tag says: what stands in one of
 * another wire type would be taken for the fields after it, and those have not been looked at.
 */
function isWrittenAs({ type, label }: FieldDescriptor, wireType: number): boolean {
  if (lengthTypes.has(type)) return wireType === 2;
  if (wireType === 2) return label === "LABEL_REPEATED";
  return wireType === (fixedTypes.get(type) ?? 0);
}

/** The decoder looks at 32 bits of a tag, and would see another field in one that has more. */
function tagAt(bytes: Uint8Array, at: number): Varint {
  const tag = varint(bytes, at);
  if (tag.value >= 8 && tag.value < 2 ** 32) return tag;
  throw new Error("the message has a field with a number that none may have");
}

function checkField(content: Uint8Array, field: FieldDescriptor, budget: Budget): void {
  if (field.type === "TYPE_STRING" && !isUtf8(content)) throw new Error("a text is not UTF-8");
  if (field.type !== "TYPE_MESSAGE") return;
  const name = field.typeName.slice(field.typeName.lastIndexOf(".") + 1);
  checkMessage(content, fieldsOf(name), budget);
}

interface Varint {
  readonly value: number;
  /** The position after it. */
  readonly end: number;
}

/** `before` is the length of a field that has one, else its tag. */
function endOfField(bytes: Uint8Array, wireType: number, before: Varint): number {
  switch (wireType) {
    case 0:
      return varint(bytes, before.end).end;
    case 1:
      return before.end + 8;
    case 2:
      return before.end + before.value;
    case 5:
      return before.end + 4;
    default:
      // Groups: proto3 has none.
      throw new Error("the message has a field of a kind that is not known");
  }
}

/** At most ten bytes, seven bits each. Past 2^53 it is not exact, but longer than any message. */
function varint(bytes: Uint8Array, start: number): Varint {
  let value = 0;
  for (let at = start; at < start + 10; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) throw new Error("the message is cut off");
    value += (byte & 0x7f) * 2 ** (7 * (at - start));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new Error("the message has a number that does not end");
}
