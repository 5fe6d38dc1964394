import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { EndpointRing, parseEndpoints } from "../../src/client/endpoints.ts";

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

describe("EndpointRing", () => {
  it("goes on to the next node, and round", () => {
    const ring = new EndpointRing(["a", "b"]);

    ring.leave("a");
    const second = ring.current;
    ring.leave("b");

    assert.equal(second, "b");
    assert.equal(ring.current, "a");
  });

  it("moves once when two calls leave the same node", () => {
    const ring = new EndpointRing(["a", "b", "c"]);

    ring.leave("a");
    ring.leave("a");

    assert.equal(ring.current, "b");
  });
});
