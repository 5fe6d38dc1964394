// Hides how long a secret value is: a length, the value, then zeros up to the next step.
import { assert } from "../base/assert.ts";
import { OpenError } from "./open-error.ts";

const lengthBytes = 4;
const smallStepBytes = 64;
const largeStepBytes = 1024;

/** Fresh bytes, as secret as the value: the caller wipes them. */
export function pad(value: Uint8Array): Uint8Array {
  const padded = new Uint8Array(paddedLength(value.length));
  new DataView(padded.buffer).setUint32(0, value.length);
  padded.set(value, lengthBytes);
  return padded;
}

/** A copy of the value inside. Only the one way to pad is taken: a value has one sealed length. */
export function unpad(padded: Uint8Array): Uint8Array {
  if (padded.length < lengthBytes) throw new OpenError("malformed");
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  if (padded.length !== paddedLength(length)) throw new OpenError("malformed");
  if (padded.subarray(lengthBytes + length).some((byte) => byte !== 0)) {
    throw new OpenError("malformed");
  }
  return padded.slice(lengthBytes, lengthBytes + length);
}

/** Steps of 64 bytes up to 1 KiB, of 1 KiB above. */
export function paddedLength(valueLength: number): number {
  assert(valueLength >= 0, "a length is not negative");
  const needed = lengthBytes + valueLength;
  const step = needed <= largeStepBytes ? smallStepBytes : largeStepBytes;
  return Math.ceil(needed / step) * step;
}
