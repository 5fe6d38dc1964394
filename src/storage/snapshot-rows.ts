// The rows of a snapshot on their way: packed into chunks on one side, unpacked on the other. A
// chunk is `u32 length, key, u32 length, payload` over and over, under a checksum of its own.
import { crc32 } from "node:zlib";
import { setU32 } from "./big-endian.ts";
import { MalformedBytesError } from "./internal-codec.ts";

/** A state row without its generation and its frame: the same on every node. */
export interface SnapshotRow {
  readonly key: Uint8Array;
  readonly payload: Uint8Array;
}

const lengthBytes = 4;
const checksumBytes = 4;

export function packRows(rows: readonly SnapshotRow[]): Uint8Array {
  let length = checksumBytes;
  for (const { key, payload } of rows) length += 2 * lengthBytes + key.length + payload.length;
  const chunk = new Uint8Array(length);
  let offset = checksumBytes;
  const put = (part: Uint8Array): void => {
    setU32(chunk, offset, part.length);
    chunk.set(part, offset + lengthBytes);
    offset += lengthBytes + part.length;
  };
  for (const { key, payload } of rows) {
    put(key);
    put(payload);
  }
  setU32(chunk, 0, crc32(chunk.subarray(checksumBytes)));
  return chunk;
}

/** Throws `MalformedBytesError` for bytes that `packRows` did not make, or that were altered. */
export function unpackRows(chunk: Uint8Array): readonly SnapshotRow[] {
  const malformed = new MalformedBytesError("Cannot read a chunk of a snapshot: it is malformed");
  if (chunk.length < checksumBytes) throw malformed;
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (view.getUint32(0) !== crc32(chunk.subarray(checksumBytes))) throw malformed;
  const rows: SnapshotRow[] = [];
  let offset = checksumBytes;
  const take = (): Uint8Array => {
    if (offset + lengthBytes > chunk.length) throw malformed;
    const end = offset + lengthBytes + view.getUint32(offset);
    if (end > chunk.length) throw malformed;
    const part = chunk.subarray(offset + lengthBytes, end);
    offset = end;
    return part;
  };
  while (offset < chunk.length) {
    const key = take();
    rows.push({ key, payload: take() });
  }
  return rows;
}
