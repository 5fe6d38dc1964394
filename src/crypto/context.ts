// What a sealed blob is bound to, as unambiguous bytes: the label, a zero byte, then every field
// behind its length. No field is optional, and their order is that of the table in DESIGN.md.
import { assert } from "../base/assert.ts";
import { concat, utf8 } from "../base/bytes.ts";
import { labelOf, type Purpose } from "./purpose.ts";

/**
 * Lengths make the fields tell-apart: ("ab", "c") and ("a", "bc") are different contexts, which a
 * separator alone would not promise.
 */
export function contextOf(purpose: Purpose, fields: readonly string[]): Uint8Array {
  const label = labelOf(purpose);
  assert(!label.includes("\0"), "a label holds no zero byte");
  return concat([utf8(label), Uint8Array.of(0), ...fields.flatMap(lengthAndBytes)]);
}

/** Four bytes, most significant first. */
export function u32be(count: number): Uint8Array {
  assert(Number.isInteger(count) && count >= 0 && count <= 0xff_ff_ff_ff, "a length is a u32");
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, count);
  return bytes;
}

function lengthAndBytes(field: string): readonly Uint8Array[] {
  const bytes = utf8(field);
  return [u32be(bytes.length), bytes];
}
