import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { fromWire, toWire, type MessageShapes } from "../../src/base/message-shape.ts";

const shapes: MessageShapes = {
  Outer: {
    text: "plain",
    count: "long",
    at: "time",
    blob: "bytes",
    inner: { message: "Inner" },
    loose: { list: "plain", empty: "missing" },
    needed: { list: { message: "Inner" }, empty: "kept" },
    wrapped: { wrappedList: { message: "Inner" } },
    labels: { map: { wrappedList: "plain" } },
  },
  Inner: { name: "plain" },
};

describe("message shape", () => {
  it("brings every kind of member there and back", () => {
    const message = {
      text: "",
      count: -7,
      at: 1_523_477_145_713,
      blob: Uint8Array.of(0, 255),
      inner: { name: "one" },
      loose: ["a"],
      needed: [{ name: "two" }, {}],
      wrapped: [],
      labels: { v1: ["AWSCURRENT"], v2: [] },
    };

    const back = fromWire(shapes, "Outer", toWire(shapes, "Outer", message));

    assert.deepEqual(back, message);
  });

  it("writes longs as decimal text and dates as seconds and nanoseconds", () => {
    const wire = toWire(shapes, "Outer", { count: 42, at: -1 });

    assert.deepEqual(wire, { count: "42", at: { seconds: "-1", nanos: 999_000_000 } });
  });

  it("leaves out members that are undefined, null or not in the contract", () => {
    const wire = toWire(shapes, "Outer", { text: undefined, count: null, stranger: 1 });

    assert.deepEqual(wire, {});
  });

  it("reads an empty list as one only where the contract needs it", () => {
    const message = fromWire(shapes, "Outer", {});

    assert.deepEqual(message, { needed: [], labels: {} });
  });

  it("writes a Map as it writes an object", () => {
    const wire = toWire(shapes, "Outer", { labels: new Map([["v1", ["AWSCURRENT"]]]) });

    assert.deepEqual(wire, { labels: { v1: { values: ["AWSCURRENT"] } } });
  });

  it("keeps a key that objects have a special one for", () => {
    const labels = new Map([["__proto__", ["AWSCURRENT"]]]);

    const wire = toWire(shapes, "Outer", { labels });

    assert.deepEqual(Object.keys(wire["labels"] as object), ["__proto__"]);
  });

  it("gives a view of the bytes, so that wiping one wipes the other", () => {
    const received = Buffer.from("hunter2");

    const { blob } = fromWire(shapes, "Outer", { blob: received });
    (blob as Uint8Array).fill(0);

    assert.deepEqual(received, Buffer.alloc(7));
  });
});
