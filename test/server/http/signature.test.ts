import assert from "node:assert/strict";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import { describe, it } from "mocha";
import { hex, utf8 } from "../../../src/base/bytes.ts";
import {
  canonicalRequest,
  sha256Hex,
  sign,
  stringToSign,
} from "../../../src/server/http/signature.ts";
import { formatSignedTime } from "../../../src/server/http/signed-time.ts";
import { accessKeyId, now, region, secretAccessKey } from "./signed-request.ts";

/** In the manner of AWS's own vectors: headers in, the block of canonical headers out. */
const headerCases: readonly (readonly [string, Record<string, string>, string])[] = [
  ["one header", { host: "localhost" }, "host:localhost\n"],
  ["a port", { host: "localhost:8443" }, "host:localhost:8443\n"],
  ["two headers in order", { a: "1", b: "2" }, "a:1\nb:2\n"],
  ["two headers out of order", { b: "2", a: "1" }, "a:1\nb:2\n"],
  ["names by byte, not by letter", { "a-b": "2", a: "1", ab: "3" }, "a:1\na-b:2\nab:3\n"],
  ["digits before letters", { x1: "1", xa: "2", "x-": "3" }, "x-:3\nx1:1\nxa:2\n"],
  ["leading spaces", { a: "   1" }, "a:1\n"],
  ["trailing spaces", { a: "1   " }, "a:1\n"],
  ["spaces on both sides", { a: "  1  " }, "a:1\n"],
  ["two spaces inside", { a: "1  2" }, "a:1 2\n"],
  ["many spaces inside", { a: "1     2   3" }, "a:1 2 3\n"],
  ["one space inside", { a: "1 2" }, "a:1 2\n"],
  ["spaces inside quotes", { a: '"1  2"' }, 'a:"1 2"\n'],
  ["nothing but spaces", { a: "    " }, "a:\n"],
  ["an empty value", { a: "" }, "a:\n"],
  ["a list", { a: "3,1,2" }, "a:3,1,2\n"],
  ["a list with spaces", { a: "3, 1,  2" }, "a:3, 1, 2\n"],
  ["upper case in a value", { a: "AbC" }, "a:AbC\n"],
  ["a colon in a value", { a: "b:c" }, "a:b:c\n"],
  ["a semicolon in a value", { a: "b;c" }, "a:b;c\n"],
  ["percent signs", { a: "%20%2F" }, "a:%20%2F\n"],
  ["an equals sign", { a: "b=c==" }, "a:b=c==\n"],
  ["a backslash", { a: "b\\c" }, "a:b\\c\n"],
  ["a slash and a question mark", { a: "/b?c=d" }, "a:/b?c=d\n"],
  ["what looks like a header", { a: "x-amz-date:1" }, "a:x-amz-date:1\n"],
  [
    "every printable character",
    { a: "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~" },
    "a:!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~\n",
  ],
  [
    "the target",
    { "x-amz-target": "secretsmanager.ListSecrets" },
    "x-amz-target:secretsmanager.ListSecrets\n",
  ],
  ["a token", { "x-amz-security-token": "IQ+/==" }, "x-amz-security-token:IQ+/==\n"],
  [
    "a content type with a parameter",
    { "content-type": "application/x-amz-json-1.1; charset=utf-8" },
    "content-type:application/x-amz-json-1.1; charset=utf-8\n",
  ],
  [
    "the SDK's attempt",
    { "amz-sdk-request": "attempt=1; max=3" },
    "amz-sdk-request:attempt=1; max=3\n",
  ],
  ["a long value", { a: "x".repeat(2000) }, `a:${"x".repeat(2000)}\n`],
];

describe("canonicalRequest", () => {
  for (const [what, headers, expected] of headerCases) {
    it(`writes ${what}`, () => {
      const signedHeaders = Object.keys(headers).sort();

      const text = canonicalRequest({
        headers: new Map(Object.entries(headers)),
        signedHeaders,
        bodySha256: "00",
      });

      assert.equal(text, `POST\n/\n\n${expected}\n${signedHeaders.join(";")}\n00`);
    });
  }
});

describe("sign", () => {
  // AWS: "Create a signed AWS API request", the key of the worked example.
  it("derives the key and signs as the example of AWS", () => {
    const scope = { time: "20150830T123600Z", region: "us-east-1", service: "iam" };
    const text =
      "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n" +
      "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59";

    const signature = sign("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", scope, text);

    assert.equal(
      hex(signature),
      "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    );
  });

  it("agrees with the signer of AWS on any headers and any body", async () => {
    const signer = new SignatureV4({
      service: "secretsmanager",
      region,
      sha256: Sha256,
      credentials: { accessKeyId, secretAccessKey },
    });
    const names = fc.stringMatching(/^x-[a-z0-9-]{1,12}$/);
    const values = fc.stringMatching(/^[!-~][ -~]{0,20}[!-~]$/);
    const requests = fc.record({
      headers: fc.dictionary(names, values, { maxKeys: 8 }),
      body: fc.string({ unit: "binary" }),
      millis: fc.integer({ min: 0, max: 4_102_444_800_000 }),
    });

    await fc.assert(
      fc.asyncProperty(requests, async ({ headers, body, millis }) => {
        const signed = await signer.sign(
          {
            method: "POST",
            protocol: "https:",
            hostname: "localhost",
            path: "/",
            headers: { host: "localhost", ...headers },
            body: utf8(body),
          },
          { signingDate: new Date(millis) },
        );
        const authorization = signed.headers["authorization"] ?? "";
        const signedHeaders = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(";") ?? [];

        const scope = { time: formatSignedTime(millis), region, service: "secretsmanager" };
        const request = canonicalRequest({
          headers: new Map(Object.entries(signed.headers)),
          signedHeaders,
          bodySha256: sha256Hex(utf8(body)),
        });

        const signature = hex(sign(secretAccessKey, scope, stringToSign(scope, request)));
        assert.ok(authorization.endsWith(`Signature=${signature}`), request);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it("is another for every part of the scope", () => {
    const scope = { time: formatSignedTime(now), region, service: "secretsmanager" };
    const others = [
      { ...scope, time: "20261123T031542Z" },
      { ...scope, region: "eu-west-1" },
      { ...scope, service: "kms" },
    ];

    const signatures = [scope, ...others].map((each) => hex(sign(secretAccessKey, each, "text")));

    assert.equal(new Set(signatures).size, 4);
  });
});
