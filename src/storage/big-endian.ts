// Whole numbers as bytes, the highest first. Byte by byte, because every row's key and frame has
// some: making a DataView for one of them takes longer than all the rest of the frame.

/** `value` is a whole number below 2^32. */
export function setU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** `value` is a whole number, no larger than `Number.MAX_SAFE_INTEGER`. */
export function setU64(bytes: Uint8Array, at: number, value: number): void {
  setU32(bytes, at, Math.floor(value / 2 ** 32));
  setU32(bytes, at + 4, value >>> 0);
}

/** The four bytes must be there. */
export function u32At(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  const low = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
  return high * 2 ** 16 + low;
}
