import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { OpenError } from "../../src/crypto/open-error.ts";
import { pad, paddedLength, unpad } from "../../src/crypto/value-padding.ts";

describe("pad", () => {
  const steps: readonly (readonly [length: number, padded: number])[] = [
    [0, 64],
    [1, 64],
    [60, 64],
    [61, 128],
    [124, 128],
    [1020, 1024],
    [1021, 2048],
    [2044, 2048],
    [2045, 3072],
    [65_536, 66_560],
  ];
  for (const [length, padded] of steps) {
    it(`makes ${padded} bytes of ${length}, and gives the ${length} back`, () => {
      const value = new Uint8Array(length).fill(7);

      const result = pad(value);

      assert.equal(result.length, padded);
      assert.equal(paddedLength(length), padded);
      assert.deepEqual(unpad(result), value);
    });
  }

  it("refuses padding that it would not have made", () => {
    const dirty = pad(Uint8Array.of(1));
    dirty[63] = 1;
    const tooLong = new Uint8Array(128);
    const lying = pad(Uint8Array.of(1));
    lying[0] = 0xff;

    for (const bytes of [dirty, tooLong, lying, new Uint8Array(3), new Uint8Array(0)]) {
      assert.throws(() => unpad(bytes), isMalformed);
    }
  });
});

function isMalformed(error: unknown): boolean {
  return error instanceof OpenError && error.failure === "malformed";
}
