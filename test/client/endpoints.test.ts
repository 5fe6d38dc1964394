import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { parseEndpoints, placeOf } from "../../src/client/endpoints.ts";

describe("parseEndpoints", () => {
  it("takes one, several, and IPv6", () => {
    assert.deepEqual(parseEndpoints("localhost:7001"), ["localhost:7001"]);
    assert.deepEqual(parseEndpoints(" a:1 , [::1]:65535,"), ["a:1", "[::1]:65535"]);
  });

  for (const text of [
    "localhost",
    "localhost:0",
    "a:65536",
    "https://a:1",
    "a:1:2",
    "a b:1",
    ":1",
  ]) {
    it(`refuses "${text}" with a sentence that shows what was expected`, () => {
      assert.throws(() => parseEndpoints(text), /expected host:port, such as localhost:7001/);
    });
  }
});

describe("placeOf", () => {
  it("takes host and port apart, and an IPv6 address out of its brackets", () => {
    assert.deepEqual(placeOf("localhost:7001"), { host: "localhost", port: 7001 });
    assert.deepEqual(placeOf("[::1]:65535"), { host: "::1", port: 65_535 });
  });
});
