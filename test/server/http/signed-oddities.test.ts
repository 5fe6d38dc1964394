import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { refuseCall } from "../../../src/base/errors.ts";
import {
  signedRequest,
  wireBytes,
  withExtraHeader,
  withHeader,
  withoutHeader,
  type RawRequest,
  type SigningChoices,
} from "./signed-request.ts";
import { openEndpoint, parseAnswer } from "./test-endpoint.ts";

/** Signed as they are, or bent afterwards. */
const signedRequests: readonly (readonly [
  what: string,
  choices: SigningChoices,
  bend: (request: RawRequest) => RawRequest,
  http: number,
  awsType: string | undefined,
])[] = [
  ...[
    "SecretsManager.GetSecretValue",
    "secretsmanager.getsecretvalue",
    "secretsmanager.GetSecretValue.x",
    "secretsmanager.",
    "secretsmanager",
    "secretsmanager.toString",
    "secretsmanager.__proto__",
    "secretsmanager.ListMembers",
    "secretsmanager_20171017.GetSecretValue",
    "DynamoDB_20120810.GetItem",
  ].map((name) => {
    const choices = { headers: { "x-amz-target": name } };
    return [`the target ${name}`, choices, same, 400, "UnknownOperationException"] as const;
  }),
  ...[
    "application/json",
    "application/x-amz-json-1.0",
    "text/plain",
    "application/x-amz-json-1.1; charset=utf-16",
    "application/x-amz-json-1.1, application/json",
    "application/x-www-form-urlencoded",
    "application/cbor",
  ].map((type) => {
    const choices = { headers: { "content-type": type } };
    return [`the content type ${type}`, choices, same, 400, "SerializationException"] as const;
  }),
  ...[
    "application/x-amz-json-1.1",
    "APPLICATION/X-AMZ-JSON-1.1",
    "application/x-amz-json-1.1; charset=utf-8",
    "application/x-amz-json-1.1;charset=UTF-8",
  ].map((type) => {
    const choices = { headers: { "content-type": type } };
    return [`the content type ${type}`, choices, same, 200, undefined] as const;
  }),
  ...[
    "UNSIGNED-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
  ].map((hash) => {
    const choices = { headers: { "x-amz-content-sha256": hash } };
    return [`the payload hash ${hash}`, choices, same, 400, "InvalidSignatureException"] as const;
  }),
  [
    "aws-chunked",
    {
      headers: {
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "22",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
      },
    },
    same,
    400,
    "SerializationException",
  ],
  ["gzip", { headers: { "content-encoding": "gzip" } }, same, 400, "SerializationException"],
  [
    "no length and no chunks",
    { body: "", unsigned: ["content-length"] },
    (request) => withoutHeader(request, "content-length"),
    400,
    "SerializationException",
  ],
  [
    "a length of nothing",
    { unsigned: ["content-length"] },
    (request) => withHeader(request, "content-length", "0"),
    400,
    undefined,
  ],
  [
    "a second host",
    {},
    (request) => withExtraHeader(request, "Host", "localhost"),
    400,
    "SerializationException",
  ],
  [
    "a second target",
    {},
    (request) => withExtraHeader(request, "x-amz-target", "secretsmanager.GetSecretValue"),
    400,
    "SerializationException",
  ],
  [
    "a second authorization",
    {},
    (request) => withExtraHeader(request, "authorization", "Bearer x"),
    400,
    "SerializationException",
  ],
  [
    "the same length twice",
    {},
    (request) => withExtraHeader(request, "content-length", "22"),
    400,
    undefined,
  ],
  [
    "a second header that is not signed",
    {},
    (request) => withExtraHeader(withExtraHeader(request, "via", "a"), "Via", "b"),
    200,
    undefined,
  ],
  [
    "a host in upper case, and a port",
    { headers: { host: "LOCALHOST:443" } },
    same,
    200,
    undefined,
  ],
  [
    "members that nobody knows",
    { body: '{"SecretId":"a","Colour":{"deep":[{"er":null}]},"secretid":"b"}' },
    same,
    200,
    undefined,
  ],
  [
    "null for what is not there",
    { body: '{"SecretId":"a","VersionId":null}' },
    same,
    200,
    undefined,
  ],
  ["32 levels", { body: nested(32) }, same, 200, undefined],
  ["33 levels", { body: nested(33) }, same, 400, "SerializationException"],
  ["10,000 values and marks", { body: listed("[]", ...ones(4_994)) }, same, 200, undefined],
  ["10,001 of them", { body: listed(...ones(4_996)) }, same, 400, "SerializationException"],
  ["a mark of byte order", { body: '\ufeff{"SecretId":"a"}' }, same, 400, "SerializationException"],
  ["space around it", { body: ' \r\n\t{"SecretId":"a"}\n ' }, same, 200, undefined],
  ["something after it", { body: '{"SecretId":"a"}x' }, same, 400, "SerializationException"],
  ["a text in single quotes", { body: "{'SecretId':'a'}" }, same, 400, "SerializationException"],
  ["a number", { body: "7" }, same, 400, "SerializationException"],
  [
    "more headers than are looked at",
    {},
    (request) => ({
      ...request,
      headers: [
        ...request.headers,
        ...Array.from({ length: 64 }, (_, at) => [`h${at}`, "1"] as const),
      ],
    }),
    400,
    "SerializationException",
  ],
  [
    "17 KiB of headers",
    {},
    (request) => withExtraHeader(request, "x-long", "x".repeat(17 * 1024)),
    431,
    undefined,
  ],
];

function same(request: RawRequest): RawRequest {
  return request;
}

/** `depth` objects inside each other, the outermost with a secret's name. */
function nested(depth: number): string {
  return `{"SecretId":"a","x":${'{"x":'.repeat(depth - 1)}1${"}".repeat(depth - 1)}}`;
}

/** `{"SecretId":"a","x":[]}` has ten values and marks; with so many items it has as many more. */
function listed(...items: readonly string[]): string {
  return `{"SecretId":"a","x":[${items.join(",")}]}`;
}

function ones(count: number): readonly string[] {
  return Array<string>(count).fill("1");
}

describe("the HTTPS endpoint, on requests that are signed", () => {
  for (const [what, choices, bend, http, awsType] of signedRequests) {
    it(`answers ${what} with ${http}${awsType === undefined ? "" : ` ${awsType}`}`, async () => {
      await using endpoint = await openEndpoint();
      const request = bend(await signedRequest(choices));

      const answer = parseAnswer(await endpoint.send(wireBytes(request)));

      assert.equal(answer.http, http);
      assert.equal((answer.json as { __type?: string } | undefined)?.__type, awsType);
      assert.equal(endpoint.calls.length, http === 200 ? 1 : 0);
      assert.deepEqual(endpoint.internalErrors, []);
    });
  }

  it("answers HTTP/1.0, and closes", async () => {
    await using endpoint = await openEndpoint();
    const request = await signedRequest();
    const bytes = Buffer.from(
      wireBytes(request)
        .toString("latin1")
        .replace("HTTP/1.1", "HTTP/1.0")
        .replace("connection: close\r\n", ""),
      "latin1",
    );

    const answer = parseAnswer(await endpoint.send(bytes));

    assert.equal(answer.http, 200);
    assert.equal(answer.headers.get("connection"), "close");
  });

  it("spells errors as AWS does: a type, one sentence, and the headers of every answer", async () => {
    await using endpoint = await openEndpoint({
      call: () => Promise.reject(refuseCall("rate_exceeded", {})),
    });

    const answer = parseAnswer(await endpoint.send(wireBytes(await signedRequest())));

    assert.deepEqual(answer.json, { __type: "ThrottlingException", message: "Rate exceeded" });
    assert.equal(answer.headers.get("content-type"), "application/x-amz-json-1.1");
    assert.equal(answer.headers.get("content-length"), String(JSON.stringify(answer.json).length));
    assert.equal(answer.headers.get("x-amzn-requestid"), "00000000-0000-4000-8000-000000000001");
    // AWS sends it with REST-JSON only; SDKs would prefer it to the body.
    assert.equal(answer.headers.has("x-amzn-errortype"), false);
  });
});
