// The one door to the codecs made from proto/holdfast/internal. 64-bit fields are plain numbers
// here: every one of ours is a counter, and ids.ts refuses one that is not a safe integer.
import "./protobuf-numbers.ts";
import { holdfast } from "../generated/internal.js";

export const internal = holdfast.internal.v1;

type Codecs = typeof internal;
type MessageName = {
  [Name in keyof Codecs]: Codecs[Name] extends { encode: unknown } ? Name : never;
}[keyof Codecs];

/** The fields of a message, each of which may be absent. */
export type Fields<Name extends MessageName> = Parameters<Codecs[Name]["encode"]>[0];

/** Bytes that are not what they should be: from a peer, or from a disk. */
export class MalformedBytesError extends Error {
  override readonly name = "MalformedBytesError";
}

interface Decoder<Message> {
  decode(bytes: Uint8Array): Message;
}

/** Decodes bytes whose origin is not this process. The error names what they should have been. */
export function decodeAs<Message>(
  codec: Decoder<Message>,
  bytes: Uint8Array,
  what: string,
): Message {
  try {
    return codec.decode(bytes);
  } catch (cause) {
    throw new MalformedBytesError(`Cannot read ${what}: the bytes are malformed`, { cause });
  }
}

/** A counter from a field: absent is 0, as proto3 has it. */
export function counterOf(field: number | null | undefined, what: string): number {
  const value = field ?? 0;
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new MalformedBytesError(`Cannot read ${what}: a counter is out of range`);
  }
  return value;
}

/** An id from a field: never empty, which is also what an absent field looks like. */
export function idOf(field: string | null | undefined, what: string): string {
  if (!field) throw new MalformedBytesError(`Cannot read ${what}: it is empty`);
  return field;
}

/** A field that must be there. */
export function present<Field>(field: Field | null | undefined, what: string): Field {
  if (field === null || field === undefined) {
    throw new MalformedBytesError(`Cannot read ${what}: it is not there`);
  }
  return field;
}
