import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { publicService } from "../../../src/base/public-services.ts";
import { strict } from "../../../src/server/grpc/strict-decoding.ts";

const methods = strict(publicService("SecretsManager"));

function decode(method: string, ...bytes: readonly number[]): unknown {
  return methods[method]?.requestDeserialize(Buffer.from(bytes));
}

describe("a field that is not written as what it is", () => {
  const refused: readonly (readonly [what: string, method: string, bytes: readonly number[]])[] = [
    // GetRandomPassword: 6 is a truth, as a text; inside it stands a field nobody looked at.
    ["a truth as a text", "GetRandomPassword", [0x32, 2, 0x0a, 0x7f]],
    ["a number as a text", "GetRandomPassword", [0x0a, 1, 5]],
    ["a number of fixed length", "GetRandomPassword", [0x0d, 1, 0, 0, 0]],
    ["a text as a number", "GetSecretValue", [0x08, 1]],
    ["a text of fixed length", "GetSecretValue", [0x09, 1, 2, 3, 4, 5, 6, 7, 8]],
    // TagResource: 2 is a tag, and in it 1 is a text.
    ["a message as a number", "TagResource", [0x10, 1]],
    ["a text within a message as a number", "TagResource", [0x12, 2, 0x08, 1]],
  ];
  for (const [what, method, bytes] of refused) {
    it(`is refused: ${what}`, () => {
      assert.throws(() => decode(method, ...bytes), {
        message: "the message has a field of another kind than its own",
      });
    });
  }

  it("is taken when nobody knows the field", () => {
    assert.ok(decode("GetSecretValue", 0xf8, 0x03, 1, 0xfa, 0x03, 1, 7, 0x0a, 2, 0x64, 0x62));
  });

  it("is none of those that are as they should be", () => {
    assert.ok(decode("GetRandomPassword", 0x08, 20, 0x12, 1, 0x61, 0x30, 1));
    assert.ok(decode("TagResource", 0x0a, 2, 0x64, 0x62, 0x12, 3, 0x0a, 1, 0x61));
  });
});

describe("a field with a number that none may have", () => {
  const tags: readonly (readonly [what: string, tag: readonly number[]])[] = [
    ["0", [0x00]],
    ["0, with a length", [0x02]],
    // In its 32 lowest bits it is field 1, a text.
    ["2^32 and one more", [0x8a, 0x80, 0x80, 0x80, 0x10]],
    ["2^35 and one more", [0x8a, 0x80, 0x80, 0x80, 0x80, 0x01]],
    ["2^60", [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
  ];
  for (const [what, tag] of tags) {
    it(`is refused: ${what}`, () => {
      assert.throws(() => decode("GetSecretValue", ...tag, 2, 0xc3, 0x28), {
        message: "the message has a field with a number that none may have",
      });
    });
  }

  it("is not the highest that there is, nor one that is spelled at length", () => {
    assert.ok(decode("GetSecretValue", 0xf8, 0xff, 0xff, 0xff, 0x0f, 1));
    assert.ok(decode("GetSecretValue", 0x8a, 0x80, 0x80, 0x00, 2, 0x64, 0x62));
  });
});
