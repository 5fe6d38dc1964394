import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  headerOf,
  signedRequest,
  wireBytes,
  withExtraHeader,
  withHeader,
  withoutHeader,
  type RawRequest,
} from "./signed-request.ts";
import { openEndpoint, parseAnswer } from "./test-endpoint.ts";

describe("awsGateway, on a request that was changed on its way", () => {
  it("refuses every change that means something", async () => {
    await using endpoint = await openEndpoint();
    const original = await signedRequest();
    const mutants = [...mutantsOf(original)];
    assert.ok(mutants.length > 500, String(mutants.length));

    for (const batch of batches(mutants, 8)) {
      await Promise.all(
        batch.map(async ([what, mutant]) => {
          const answer = await endpoint.send(wireBytes(mutant));
          assert.match(answer, /^HTTP\/1\.1 4\d\d /, what);
        }),
      );
    }

    assert.deepEqual(endpoint.calls, []);
    assert.equal(parseAnswer(await endpoint.send(wireBytes(original))).http, 200);
  }).timeout(60_000);
});

type Mutant = readonly [what: string, request: RawRequest];

function* mutantsOf(request: RawRequest): Generator<Mutant> {
  for (const method of ["GET", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH"]) {
    yield [method, { ...request, method }];
  }
  for (const target of [
    "//",
    "/.",
    "/%2f",
    "/x",
    "/?",
    "/?x=1",
    "/?X-Amz-Algorithm=AWS4-HMAC-SHA256",
    "https://localhost/",
    "*",
  ]) {
    yield [target, { ...request, target }];
  }
  for (let at = 0; at < request.body.length; at += 1) {
    const body = Uint8Array.from(request.body);
    body[at] = (body[at] ?? 0) ^ 1;
    yield [`body ${at}`, { ...request, body }];
  }
  yield ["body shorter", { ...request, body: request.body.subarray(1) }];
  const longer = Buffer.concat([request.body, Buffer.from(" ")]);
  yield [
    "body longer",
    { ...withHeader(request, "content-length", String(longer.length)), body: longer },
  ];
  yield* headerMutantsOf(request);
}

function* headerMutantsOf(request: RawRequest): Generator<Mutant> {
  for (const [name, value] of request.headers) {
    yield [`without ${name}`, withoutHeader(request, name)];
    yield [`${name} twice`, withExtraHeader(request, name, value)];
    yield [`${name} twice, otherwise`, withExtraHeader(request, name.toUpperCase(), `${value}x`)];
    yield [`${name} emptied`, withHeader(request, name, "")];
    yield [`${name} longer`, withHeader(request, name, `${value}x`)];
    yield [`${name} in two`, withHeader(request, name, `${value},${value}`)];
    for (let at = 0; at < value.length; at += 1) {
      const other = value.charAt(at) === "0" ? "1" : "0";
      const changed = value.slice(0, at) + other + value.slice(at + 1);
      yield [`${name} at ${at}`, withHeader(request, name, changed)];
    }
  }
  for (const [name, value] of [
    ["x-amz-security-token", "token"],
    ["x-amz-anything", "1"],
    ["x-amz-", "1"],
    ["X-AMZ-TARGET", "secretsmanager.DeleteSecret"],
    ["x-amz-date", "20261122T031543Z"],
    ["expect", "100-continue"],
    ["expect", "200-ok"],
    ["upgrade", "h2c"],
    ["trailer", "x-amz-date"],
    ["content-encoding", "gzip"],
    ["transfer-encoding", "chunked"],
    ["transfer-encoding", "identity"],
    ["host", "elsewhere"],
    ["user-agent", "caf\u00e9"],
    ["user-agent", "a\r\n b"],
    ["user-agent", "a\u0000b"],
    ["authorization", "Bearer token"],
  ] as const) {
    yield [`${name}: ${value}`, withExtraHeader(request, name, value)];
  }
  const signature = headerOf(request, "authorization");
  for (const header of ["host", "x-amz-target", "x-amz-date", "content-type"]) {
    const fewer = signature.replace(new RegExp(`;${header}(?=[;,])|${header};`), "");
    yield [`${header} not named`, withHeader(request, "authorization", fewer)];
  }
}

function batches<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  );
}
