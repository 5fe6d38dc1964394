// A number that two nodes agree on exactly when their state rows are the same: the sum of
// SHA-256(key, value) over all rows, modulo 2^256. A sum because one row's change is one
// subtraction and one addition, and because the order of rows does not matter. It also catches what
// no checksum of a row can: a row that is missing.
import { hash } from "node:crypto";
import { setU32 } from "./big-endian.ts";

export type StateDigest = bigint;

export const emptyDigest: StateDigest = 0n;

/** In bytes. */
export const digestLength = 32;
const digestBits = 8 * digestLength;

export function withRow(digest: StateDigest, key: Uint8Array, value: Uint8Array): StateDigest {
  return BigInt.asUintN(digestBits, digest + rowNumber(key, value));
}

export function withoutRow(digest: StateDigest, key: Uint8Array, value: Uint8Array): StateDigest {
  return BigInt.asUintN(digestBits, digest - rowNumber(key, value));
}

export function digestBytes(digest: StateDigest): Uint8Array {
  return new Uint8Array(Buffer.from(digest.toString(16).padStart(2 * digestLength, "0"), "hex"));
}

export function digestOf(bytes: Uint8Array): StateDigest {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

function rowNumber(key: Uint8Array, value: Uint8Array): bigint {
  const row = new Uint8Array(4 + key.length + value.length);
  setU32(row, 0, key.length);
  row.set(key, 4);
  row.set(value, 4 + key.length);
  return BigInt(`0x${hash("sha256", row, "hex")}`);
}
