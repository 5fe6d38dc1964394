import assert from "node:assert/strict";
import { isIP } from "node:net";
import fc from "fast-check";
import { describe, it } from "mocha";
import { isInRange, parseAddressRange } from "../../src/access/policy-address.ts";

describe("an address in a policy", () => {
  it("is read where Node reads it, and nowhere else", () => {
    const texts = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom(...Array.from("0129af.:")) }),
    );

    fc.assert(
      fc.property(texts, (text) => {
        const range = parseAddressRange(text);
        assert.equal(range?.family ?? 0, isIP(text), text);
      }),
      { numRuns: 2_000 },
    );
  });

  it("leaves out one group at least where it has two colons", () => {
    for (const text of ["1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3::5:6:7:8", "::"]) {
      assert.equal(parseAddressRange(text)?.address.length, 16, text);
    }
    for (const text of ["1:2:3:4:5:6:7::8", "::1:2:3:4:5:6:7:8", "1::2::3", "1:2:3", ":"]) {
      assert.equal(parseAddressRange(text), undefined, text);
    }
  });

  it("may be a range, whose length fits the family", () => {
    assert.equal(parseAddressRange("10.1.0.0/16")?.prefixLength, 16);
    assert.equal(parseAddressRange("::/0")?.prefixLength, 0);
    assert.equal(parseAddressRange("2001:db8::/128")?.prefixLength, 128);
    for (const text of [
      "10.0.0.0/33",
      "::/129",
      "10.0.0.0/",
      "10.0.0.0/8/8",
      "10.0.0.0/08",
      "/8",
    ]) {
      assert.equal(parseAddressRange(text), undefined, text);
    }
  });

  it("keeps all of its bytes", () => {
    assert.deepEqual(parseAddressRange("192.0.2.255")?.address, [192, 0, 2, 255]);
    assert.deepEqual(
      parseAddressRange("2001:db8::ffff:192.0.2.1")?.address,
      [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1],
    );
  });

  const rows: readonly (readonly [range: string, address: string, isIn: boolean])[] = [
    ["10.0.0.0/8", "10.255.255.255", true],
    ["10.0.0.0/8", "11.0.0.0", false],
    ["10.0.0.0/8", "10.0.0.0/7", false],
    ["192.0.2.128/25", "192.0.2.200", true],
    ["192.0.2.128/25", "192.0.2.100", false],
    ["192.0.2.7", "192.0.2.7", true],
    ["192.0.2.7", "192.0.2.6", false],
    ["0.0.0.0/0", "203.0.113.9", true],
    ["::/0", "203.0.113.9", false],
    ["2001:db8::/33", "2001:db8:7fff::1", true],
    ["2001:db8::/33", "2001:db8:8000::1", false],
  ];
  for (const [range, address, isIn] of rows) {
    it(`${address} is ${isIn ? "" : "not "}in ${range}`, () => {
      const whole = parseAddressRange(range);
      const part = parseAddressRange(address);

      assert.ok(whole && part);
      assert.equal(isInRange(whole, part), isIn);
    });
  }
});
