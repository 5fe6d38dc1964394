// LevelDB's log format, in which its write-ahead logs and its manifest are written: blocks of 32
// KiB, records in one or several fragments, each `u32 crc32c (masked) | u16 length | u8 kind | …`.
// What is not a record is told with its place, and whether anything was written after it.
import { maskedCrc32c } from "./crc32c.ts";

const blockLength = 32_768;
const headerLength = 7;
const kinds = { full: 1, first: 2, middle: 3, last: 4 } as const;

export interface RecordFile {
  /** Every whole record before the damage. */
  readonly records: readonly Uint8Array[];
  readonly damage: Damage | undefined;
}

export interface Damage {
  /** In bytes from the beginning of the file. */
  readonly offset: number;
  /** A sentence's end: what stands there. */
  readonly found: string;
  /**
   * `cut`: the file ends in the middle of a record, or in nothing but zeros. `torn`: bytes that are
   * no record, and no record begins after them. A crash in the middle of a write leaves either, and
   * a damaged end looks the same. `followed`: a record begins after it, which no crash leaves.
   */
  readonly kind: "cut" | "torn" | "followed";
}

interface Fragment {
  readonly kind: number;
  readonly payload: Uint8Array;
  readonly end: number;
}

/**
 * Reads a file as LevelDB wrote it: appended to by one process, never preallocated, one record
 * synced before the next is begun. A file system may add zeros at the end when the power goes.
 */
export function readRecordFile(bytes: Uint8Array): RecordFile {
  const steps = recordFileSteps(bytes);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The same, a fragment at a time: each yields how many bytes were looked at. */
export function* recordFileSteps(bytes: Uint8Array): Generator<number, RecordFile> {
  const records: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  let begun = 0;
  let offset = 0;
  const damaged = (at: number, found: string): RecordFile => {
    const ending = isCut(bytes, at) ? "cut" : "torn";
    const kind = isFollowed(bytes, at) ? "followed" : ending;
    return { records, damage: { offset: at, found, kind } };
  };
  while (offset < bytes.length) {
    const filler = fillerAt(bytes, offset);
    if (filler.length > 0) {
      if (filler.some((byte) => byte !== 0)) return damaged(offset, "a block's end is not empty");
      offset += filler.length;
      continue;
    }
    const fragment = fragmentAt(bytes, offset);
    if (fragment === undefined) return damaged(offset, "a record is not whole");
    const misfit = misfitOf(fragment, parts.length);
    if (misfit !== undefined) return damaged(parts.length > 0 ? begun : offset, misfit);
    if (parts.length === 0) begun = offset;
    parts.push(fragment.payload);
    yield fragment.end - offset;
    offset = fragment.end;
    if (!isEnd(fragment.kind)) continue;
    records.push(joined(parts));
    parts = [];
  }
  return parts.length === 0 ? { records, damage: undefined } : damaged(begun, unended);
}

/** Most records are one fragment, and those are not copied. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}

const unended = "a record does not end";

/** Why a fragment cannot follow on as many of a record that has not ended. */
function misfitOf({ kind }: Fragment, openParts: number): string | undefined {
  if (isBeginning(kind)) return openParts > 0 ? unended : undefined;
  return openParts > 0 ? undefined : "a record has no beginning";
}

/** LevelDB fills what is left of a block and too short for a record with zeros. */
function fillerAt(bytes: Uint8Array, offset: number): Uint8Array {
  const room = blockLength - (offset % blockLength);
  return bytes.subarray(offset, room < headerLength ? offset + room : offset);
}

function isEnd(kind: number): boolean {
  return kind === kinds.full || kind === kinds.last;
}

function isBeginning(kind: number): boolean {
  return kind === kinds.full || kind === kinds.first;
}

/** The fragment that stands at `offset`, if it is whole and its checksum is right. */
function fragmentAt(bytes: Uint8Array, offset: number): Fragment | undefined {
  const start = offset + headerLength;
  const room = blockLength - (offset % blockLength);
  if (start > bytes.length || room < headerLength) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint16(offset + 4, true);
  const kind = view.getUint8(offset + 6);
  const end = start + length;
  if (kind < kinds.full || kind > kinds.last) return undefined;
  if (headerLength + length > room || end > bytes.length) return undefined;
  if (maskedCrc32c(bytes.subarray(offset + 6, end)) !== view.getUint32(offset, true)) {
    return undefined;
  }
  return { kind, payload: bytes.subarray(start, end), end };
}

/** Whether the file ends before the record at `offset` does, or holds only zeros from there on. */
function isCut(bytes: Uint8Array, offset: number): boolean {
  const rest = bytes.subarray(offset);
  if (rest.length < headerLength) return true;
  const length = new DataView(rest.buffer, rest.byteOffset).getUint16(4, true);
  const isWhole = fragmentAt(bytes, offset) !== undefined;
  return isWhole || headerLength + length > rest.length || rest.every((byte) => byte === 0);
}

/**
 * Whether a record begins anywhere after `damage`. The rest of a record that is torn in its middle
 * is no beginning: its blocks reach the disk in any order. Every place is tried, because a damaged
 * length tells nothing of where the next record stands.
 */
function isFollowed(bytes: Uint8Array, damage: number): boolean {
  // The first fragment may be whole, and only its end be missing.
  let offset = fragmentAt(bytes, damage)?.end ?? damage + 1;
  while (offset < bytes.length) {
    const fragment = fragmentAt(bytes, offset);
    if (fragment !== undefined && isBeginning(fragment.kind)) return true;
    offset = fragment?.end ?? offset + 1;
  }
  return false;
}
