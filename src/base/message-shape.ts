// How a message of the public contract looks to our code, and how to its codec: one table of shapes
// (made from proto/ by scripts/generate-types.mjs) and two functions that walk it.

/**
 * One member, by what has to be done to it.
 *
 * `plain`: the same on both sides. `long`: a number, to the codec a decimal text. `time`:
 * milliseconds since the Unix epoch, to the codec a `google.protobuf.Timestamp`. `bytes`: a view of
 * the bytes of the message, not a copy, so that wiping one wipes the other.
 */
export type FieldShape =
  | "plain"
  | "long"
  | "time"
  | "bytes"
  | { readonly message: string }
  | PlainList
  /** A list in a message of its own (`values`), so that an empty one differs from none. */
  | { readonly wrappedList: FieldShape }
  | { readonly map: FieldShape };

/** What a list without elements is read as, since the wire cannot tell it from no list. */
interface PlainList {
  readonly list: FieldShape;
  readonly empty: "kept" | "missing";
}

/** Members of each message by their names in lowerCamelCase. */
export type MessageShapes = Readonly<Record<string, Readonly<Record<string, FieldShape>>>>;

/** A message whose shape is only known by name. */
export type Message = Readonly<Record<string, unknown>>;

interface Conversion {
  readonly shapes: MessageShapes;
  readonly scalar: (shape: "plain" | "long" | "time" | "bytes", value: unknown) => unknown;
  readonly wrappedList: (elements: FieldShape, value: unknown) => unknown;
  /** What becomes of a list or a map that the message does not have. */
  readonly absent: "kept" | "missing";
}

/**
 * What the codec writes for a message of ours. Members that are `undefined` are left out; a map may
 * be a `Map` or an object.
 */
export function toWire(shapes: MessageShapes, name: string, message: object): Message {
  const conversion: Conversion = {
    shapes,
    scalar: scalarToWire,
    wrappedList: (elements, value) => ({ values: convertList(conversion, elements, value) }),
    absent: "missing",
  };
  return convertMessage(conversion, name, message as Message);
}

/** What our code reads from a message of the codec. Absent members are missing, never undefined. */
export function fromWire(shapes: MessageShapes, name: string, message: object): Message {
  const conversion: Conversion = {
    shapes,
    scalar: scalarFromWire,
    wrappedList: (elements, value) =>
      convertList(conversion, elements, (value as Message)["values"] ?? []),
    absent: "kept",
  };
  return convertMessage(conversion, name, message as Message);
}

function convertMessage(conversion: Conversion, name: string, message: Message): Message {
  const converted: Record<string, unknown> = {};
  for (const [member, shape] of Object.entries(conversion.shapes[name] ?? {})) {
    const value = convert(conversion, shape, message[member]);
    if (value !== undefined) converted[member] = value;
  }
  return converted;
}

function convert(conversion: Conversion, shape: FieldShape, value: unknown): unknown {
  if (typeof shape === "object" && "list" in shape) {
    return convertPlainList(conversion, shape, value);
  }
  if (typeof shape === "object" && "map" in shape) return convertMap(conversion, shape.map, value);
  if (value === undefined || value === null) return undefined;
  if (typeof shape === "string") return conversion.scalar(shape, value);
  if ("message" in shape) return convertMessage(conversion, shape.message, value as Message);
  return conversion.wrappedList(shape.wrappedList, value);
}

function convertPlainList(conversion: Conversion, shape: PlainList, value: unknown): unknown {
  const list = convertList(conversion, shape.list, value ?? []);
  if (list.length > 0) return list;
  return shape.empty === "kept" && conversion.absent === "kept" ? list : undefined;
}

function convertMap(conversion: Conversion, items: FieldShape, value: unknown): unknown {
  if (value === undefined && conversion.absent === "missing") return undefined;
  const rows = value instanceof Map ? [...value] : Object.entries((value ?? {}) as Message);
  return Object.fromEntries(
    rows.map(([key, item]: [string, unknown]) => [key, convert(conversion, items, item)]),
  );
}

function convertList(conversion: Conversion, elements: FieldShape, value: unknown): unknown[] {
  return (value as readonly unknown[]).map((element) => convert(conversion, elements, element));
}

function scalarToWire(shape: "plain" | "long" | "time" | "bytes", value: unknown): unknown {
  if (shape === "long") return String(value);
  if (shape !== "time") return value;
  const ms = Number(value);
  const seconds = Math.floor(ms / 1000);
  return { seconds: String(seconds), nanos: Math.round((ms - seconds * 1000) * 1_000_000) };
}

function scalarFromWire(shape: "plain" | "long" | "time" | "bytes", value: unknown): unknown {
  switch (shape) {
    case "plain":
      return value;
    case "long":
      return Number(value);
    case "time": {
      const { seconds, nanos } = value as { seconds?: unknown; nanos?: unknown };
      return Number(seconds ?? 0) * 1000 + Math.floor(Number(nanos ?? 0) / 1_000_000);
    }
    case "bytes": {
      const bytes = value as Uint8Array;
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
  }
}
