import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { openEndpoint, parseAnswer } from "./test-endpoint.ts";

type Answer = readonly [http: number, awsType: string | undefined];
const json = "content-type: application/x-amz-json-1.1";
const target = "x-amz-target: secretsmanager.GetSecretValue";
const missing = "MissingAuthenticationTokenException";

/** Bytes that are no signed request, and the answer: status and type, or that there is none. */
const strangeBytes: readonly (readonly [what: string, text: string, ...answer: Answer])[] = [
  ...["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"].map(
    (method) =>
      [`${method} /`, head(`${method} / HTTP/1.1`), 404, "UnknownOperationException"] as const,
  ),
  ...["//", "/.", "/%2f", "/x", "/?", "/?x=1", "/secretsmanager", "/?Action=ListSecrets"].map(
    (path) =>
      [`POST ${path}`, head(`POST ${path} HTTP/1.1`), 404, "UnknownOperationException"] as const,
  ),
  ["POST *", head("POST * HTTP/1.1"), 404, "UnknownOperationException"],
  [
    "a target in absolute form",
    head("POST https://localhost/ HTTP/1.1"),
    404,
    "UnknownOperationException",
  ],
  [
    "a target with a host of its own",
    head("POST //elsewhere/ HTTP/1.1"),
    404,
    "UnknownOperationException",
  ],
  ["a fragment", head("POST /#x HTTP/1.1"), 404, "UnknownOperationException"],
  ...["GET", "POST"].map(
    (method) =>
      [
        `a presigned ${method}`,
        head(
          `${method} /?Action=GetSecretValue&X-Amz-Algorithm=AWS4-HMAC-SHA256` +
            `&X-Amz-Credential=AKIDEXAMPLE%2F20261122%2Fus-east-1%2Fsecretsmanager%2Faws4_request` +
            `&X-Amz-Date=20261122T031542Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host` +
            `&X-Amz-Signature=${"0".repeat(64)} HTTP/1.1`,
        ),
        400,
        "IncompleteSignatureException",
      ] as const,
  ),
  [
    "a presigned request in lower case",
    head(`POST /?x-amz-signature=${"0".repeat(64)} HTTP/1.1`),
    400,
    "IncompleteSignatureException",
  ],
  ["a method in lower case", head("post / HTTP/1.1"), 400, undefined],
  ["no method", head("/ HTTP/1.1"), 400, undefined],
  ["HTTP/2.0 in plain words", head("POST / HTTP/2.0"), 400, "SerializationException"],
  ["HTTP/0.9", "GET /healthz\r\n\r\n", 400, "SerializationException"],
  ["two spaces in the first line", head("POST  / HTTP/1.1"), 400, "SerializationException"],
  ["a space before a colon", "GET / HTTP/1.1\r\nhost : a\r\n\r\n", 400, undefined],
  ["a header that only ends its line", "GET / HTTP/1.1\nhost: a\n\n", 400, undefined],
  ["NUL in a header", "GET / HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n", 400, undefined],
  [
    "a wait for a go-ahead",
    head("POST / HTTP/1.1", "expect: 100-continue", "content-length: 5"),
    417,
    "UnknownOperationException",
  ],
  [
    "another expectation",
    head("GET /healthz HTTP/1.1", "expect: 200-ok"),
    417,
    "UnknownOperationException",
  ],
  ["nothing that is signed", head("POST / HTTP/1.1", json, target), 400, missing],
  ["no content type", head("POST / HTTP/1.1", target), 400, "SerializationException"],
  ["no target", head("POST / HTTP/1.1", json), 400, "UnknownOperationException"],
  ["a negative length", head("POST / HTTP/1.1", "content-length: -1"), 400, undefined],
  ["a length in hexadecimal", head("POST / HTTP/1.1", "content-length: 0x10"), 400, undefined],
  ["a length with a sign", head("POST / HTTP/1.1", "content-length: +5"), 400, undefined],
  [
    "a length beyond any",
    head("POST / HTTP/1.1", "content-length: 99999999999999999999"),
    400,
    undefined,
  ],
  [
    "a chunk that says it has 4 GiB",
    `${head("POST / HTTP/1.1", json, target, "transfer-encoding: chunked")}ffffffff\r\n`,
    400,
    missing,
  ],
  [
    "a transfer encoding that nobody knows",
    head("POST / HTTP/1.1", "transfer-encoding: cow"),
    400,
    undefined,
  ],
  [
    "a websocket",
    head("POST / HTTP/1.1", json, target, "connection: upgrade, close", "upgrade: websocket"),
    400,
    "SerializationException",
  ],
];

function head(...lines: readonly string[]): string {
  const [first = "", ...headers] = lines;
  const isToBeClosed = !headers.some((line) => line.startsWith("connection:"));
  const closing = isToBeClosed ? ["connection: close"] : [];
  return `${[first, "host: localhost", ...headers, ...closing].join("\r\n")}\r\n\r\n`;
}

describe("the HTTPS endpoint, on bytes that no client of AWS sends", () => {
  for (const [what, text, http, awsType] of strangeBytes) {
    it(`answers ${what} with ${http}${awsType === undefined ? "" : ` ${awsType}`}`, async () => {
      await using endpoint = await openEndpoint();

      const answer = parseAnswer(await endpoint.send(Buffer.from(text, "latin1")));

      assert.equal(answer.http, http);
      assert.equal((answer.json as { __type?: string } | undefined)?.__type, awsType);
      assert.ok(awsType === undefined || answer.headers.has("x-amzn-requestid"));
      assert.ok(![...answer.headers.keys()].some((name) => name.startsWith("access-control")));
      assert.deepEqual(endpoint.calls, []);
      assert.deepEqual(endpoint.internalErrors, []);
    });
  }

  it("answers HEAD without a body", async () => {
    await using endpoint = await openEndpoint();

    const answer = await endpoint.send(Buffer.from(head("HEAD / HTTP/1.1")));

    assert.match(answer, /^HTTP\/1\.1 404 /);
    assert.ok(answer.endsWith("\r\n\r\n"));
  });

  it("hangs up on CONNECT", async () => {
    await using endpoint = await openEndpoint();

    assert.equal(await endpoint.send(Buffer.from(head("CONNECT localhost:443 HTTP/1.1"))), "");
  });
});
