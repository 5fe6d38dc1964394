import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { readHeaders } from "../../../src/server/http/wire-headers.ts";

describe("readHeaders", () => {
  it("keeps names in lower case, and says which came twice", () => {
    const headers = readHeaders(["Host", "a", "Via", "1", "X-Amz-Date", "t", "via", "2"]);

    assert.deepEqual(
      [...headers.values],
      [
        ["host", "a"],
        ["via", "1"],
        ["x-amz-date", "t"],
      ],
    );
    assert.deepEqual([...headers.repeated], ["via"]);
  });

  for (const name of [
    "Host",
    "Authorization",
    "Content-Type",
    "Content-Length",
    "Transfer-Encoding",
    "X-Amz-Date",
    "X-Amz-Target",
    "X-Amz-Anything",
  ]) {
    it(`refuses ${name} twice, even with the same value`, () => {
      assert.throws(() => readHeaders([name, "1", "a", "b", name.toUpperCase(), "1"]), {
        message: "A header field is there more than once.",
      });
    });
  }

  for (const value of ["\u0000", "a\tb", "a\r\n b", "caf\u00e9", "\u007f"]) {
    it(`refuses the value ${JSON.stringify(value)}`, () => {
      assert.throws(() => readHeaders(["user-agent", value]), {
        message: "A header value is not plain ASCII.",
      });
    });
  }

  for (const name of ["Expect", "Upgrade", "Trailer", "Content-Encoding"]) {
    it(`refuses ${name}`, () => {
      assert.throws(() => readHeaders([name, "x"]), {
        message: "Expect, Upgrade, Trailer and Content-Encoding are not accepted.",
      });
    });
  }

  it("takes a body in chunks, and no other coding of it", () => {
    assert.ok(readHeaders(["Transfer-Encoding", "chunked"]));
    for (const fields of [
      ["Transfer-Encoding", "gzip, chunked"],
      ["Transfer-Encoding", "Chunked"],
      ["Transfer-Encoding", "chunked", "Content-Length", "1"],
    ]) {
      assert.throws(() => readHeaders(fields), { message: "The length of the body is not clear." });
    }
  });

  it("takes 64 fields, and refuses one more", () => {
    const fields = (count: number) =>
      Array.from({ length: count }, (_, at) => [`h${at}`, "1"]).flat();

    assert.equal(readHeaders(fields(64)).values.size, 64);
    assert.throws(() => readHeaders(fields(65)), { message: "There are too many header fields." });
  });
});
