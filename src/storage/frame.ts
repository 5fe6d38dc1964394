// The frame around everything on disk: a version, and a checksum over key and value. LevelDB hands
// out flipped bits without a word (its own checks are off and cannot be switched on from here), so
// every read is checked by us; the key is covered too, so that no row can stand under another's.
//
//   u8 version | u32 crc32(key ‖ payload) | payload
import { crc32 } from "node:zlib";
import { hex } from "../base/bytes.ts";
import { setU32, u32At } from "./big-endian.ts";
import { CorruptionError } from "./corruption.ts";

const frameVersion = 1;
const headerLength = 5;

export function frame(key: Uint8Array, payload: Uint8Array): Uint8Array {
  const framed = new Uint8Array(headerLength + payload.length);
  framed[0] = frameVersion;
  setU32(framed, 1, checksum(key, payload));
  framed.set(payload, headerLength);
  return framed;
}

/** The payload, or a `CorruptionError` that names the row. */
export function unframe(key: Uint8Array, framed: Uint8Array, what: string): Uint8Array {
  const damaged = (found: string): CorruptionError =>
    new CorruptionError(`${what}, key ${hex(key.subarray(0, 40))}`, found);
  if (framed.length < headerLength) throw damaged("a row is too short");
  if (framed[0] !== frameVersion) {
    throw damaged(`a row has the unknown format ${framed[0] ?? 0}`);
  }
  const payload = framed.subarray(headerLength);
  const stored = u32At(framed, 1);
  if (stored !== checksum(key, payload)) throw damaged("a row does not match its checksum");
  return payload;
}

function checksum(key: Uint8Array, payload: Uint8Array): number {
  return crc32(payload, crc32(key));
}
