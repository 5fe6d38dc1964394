import assert from "node:assert/strict";
import { once, EventEmitter } from "node:events";
import { createServer } from "node:http";
import { connect as connectPlain, type AddressInfo } from "node:net";
import { connect } from "node:tls";
import { describe, it } from "mocha";
import { InvariantViolation } from "../../../src/base/assert.ts";
import { refuseCall } from "../../../src/base/errors.ts";
import { logIndex } from "../../../src/base/ids.ts";
import { awsGateway } from "../../../src/server/http/aws-gateway.ts";
import {
  credentials,
  now,
  region,
  signedRequest,
  wireBytes,
  withExtraHeader,
  withHeader,
  withoutHeader,
  type RawRequest,
} from "./signed-request.ts";
import { openEndpoint, parseAnswer, patientSignIns, stoppedClock } from "./test-endpoint.ts";

describe("awsGateway, on the wire", () => {
  it("answers with the headers of AWS", async () => {
    await using endpoint = await openEndpoint();

    const answer = parseAnswer(await endpoint.send(wireBytes(await signedRequest())));

    assert.equal(answer.http, 200);
    assert.equal(answer.headers.get("content-type"), "application/x-amz-json-1.1");
    assert.equal(answer.headers.get("x-amzn-requestid"), "00000000-0000-4000-8000-000000000001");
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.ok(!Number.isNaN(Date.parse(answer.headers.get("date") ?? "")));
    assert.deepEqual(answer.json, {});
    assert.equal(endpoint.calls[0]?.caller.deadlineMs, 11_000);
  });

  it("tells the log index that an answer reflects, and none where there is none", async () => {
    await using telling = await openEndpoint({
      call: async (_operation, { onReflected }) => {
        onReflected?.(logIndex(2 ** 40));
        return {};
      },
    });
    await using silent = await openEndpoint();

    const told = parseAnswer(await telling.send(wireBytes(await signedRequest())));
    const untold = parseAnswer(await silent.send(wireBytes(await signedRequest())));

    assert.equal(told.headers.get("x-holdfast-index"), String(2 ** 40));
    assert.equal(untold.headers.has("x-holdfast-index"), false);
  });

  it("is the same for header names in another case, and for a body in chunks", async () => {
    await using endpoint = await openEndpoint();
    const request = await signedRequest({ unsigned: ["content-length"] });
    const upper = {
      ...request,
      headers: request.headers.map(([name, value]) => [name.toUpperCase(), value] as const),
    };
    const head = withExtraHeader(
      withoutHeader(request, "content-length"),
      "transfer-encoding",
      "chunked",
    );
    const chunks = `1\r\n{\r\n${(request.body.length - 1).toString(16)}\r\n`;
    const chunked = Buffer.concat([
      wireBytes({ ...head, body: new Uint8Array() }),
      Buffer.from(chunks),
      request.body.subarray(1),
      Buffer.from("\r\n0\r\n\r\n"),
    ]);

    assert.equal(parseAnswer(await endpoint.send(wireBytes(upper))).http, 200);
    assert.equal(parseAnswer(await endpoint.send(chunked)).http, 200);
  });

  it("answers to its own names on any port, and to no other", async () => {
    await using endpoint = await openEndpoint();
    const statusFor = async (host: string) => {
      const request = await signedRequest({ headers: { host } });
      return parseAnswer(await endpoint.send(wireBytes(request))).http;
    };

    for (const host of ["localhost", "LocalHost:8443", "127.0.0.1:1", "[::1]:8443", "[::1]"]) {
      assert.equal(await statusFor(host), 200, host);
    }
    for (const host of [
      "elsewhere",
      "localhost.elsewhere",
      "localhost:",
      "localhost:1:2",
      "localhost:x",
      "a@localhost",
      "localhost/",
    ]) {
      assert.equal(await statusFor(host), 400, host);
    }
  });

  it("refuses trailers after chunks", async () => {
    await using endpoint = await openEndpoint();
    const request = await signedRequest({ unsigned: ["content-length"] });
    const head = withExtraHeader(
      withoutHeader(request, "content-length"),
      "transfer-encoding",
      "chunked",
    );
    const size = request.body.length.toString(16);
    const bytes = Buffer.concat([
      wireBytes({ ...head, body: new Uint8Array() }),
      Buffer.from(`${size}\r\n`),
      request.body,
      Buffer.from("\r\n0\r\nx-amz-target: secretsmanager.DeleteSecret\r\n\r\n"),
    ]);

    const answer = parseAnswer(await endpoint.send(bytes));

    assert.deepEqual(
      [answer.http, answer.json],
      [400, { __type: "SerializationException", message: "Trailers are not accepted." }],
    );
    assert.deepEqual(endpoint.calls, []);
  });

  it("spells the sentence as AWS does for modelled and for other errors", async () => {
    await using endpoint = await openEndpoint({
      call: () => Promise.reject(refuseCall("secret_not_found", {})),
    });

    const modelled = parseAnswer(await endpoint.send(wireBytes(await signedRequest())));
    const other = parseAnswer(
      await endpoint.send(wireBytes(await signedRequest({ operation: "GetSecret" }))),
    );

    assert.deepEqual(
      [modelled.http, modelled.json],
      [
        400,
        {
          __type: "ResourceNotFoundException",
          Message: "Secrets Manager can't find the specified secret.",
        },
      ],
    );
    assert.deepEqual(
      [other.http, other.json],
      [
        400,
        {
          __type: "UnknownOperationException",
          message: "The operation named in the request is not known.",
        },
      ],
    );
  });

  const malformed: Record<string, string> = {
    "truncated JSON": '{"SecretId":"prod/d',
    "JSON of another type": '{"SecretId":7}',
    "a list": "[]",
    nothing: "",
    "deep JSON": `{"SecretId":${"[".repeat(60_000)}${"]".repeat(60_000)}}`,
    "half a character": '{"SecretId":"a\\ud83d"}',
    "a key twice": '{"SecretId":"a","SecretId":"b"}',
    "a key of the prototype": '{"__proto__":{"SecretId":"a"}}',
  };
  for (const [what, body] of Object.entries(malformed)) {
    it(`refuses ${what}, properly signed`, async () => {
      await using endpoint = await openEndpoint();

      const answer = parseAnswer(await endpoint.send(wireBytes(await signedRequest({ body }))));

      assert.equal(answer.http, 400);
      assert.equal((answer.json as { __type: string }).__type, "SerializationException");
      assert.deepEqual(endpoint.calls, []);
    });
  }

  it("looks at a signature before it looks at JSON", async () => {
    await using endpoint = await openEndpoint();
    const request = await signedRequest({ body: "{", secretAccessKey: "another" });

    const answer = parseAnswer(await endpoint.send(wireBytes(request)));

    assert.equal((answer.json as { __type: string }).__type, "InvalidSignatureException");
  });

  it("refuses a body of more than 512 KiB, announced or not, and goes on serving", async () => {
    await using endpoint = await openEndpoint();
    const tooLong = "x".repeat(512 * 1024 + 1);
    const announced = await signedRequest({ body: tooLong });
    const head = withExtraHeader(
      withoutHeader(await signedRequest({ unsigned: ["content-length"] }), "content-length"),
      "transfer-encoding",
      "chunked",
    );
    const chunked = Buffer.concat([
      wireBytes({ ...head, body: new Uint8Array() }),
      Buffer.from(`${tooLong.length.toString(16)}\r\n${tooLong}\r\n0\r\n\r\n`),
    ]);

    const onlyHead = parseAnswer(
      await endpoint.send(wireBytes({ ...announced, body: new Uint8Array() })),
    );
    const unannounced = await endpoint.send(chunked);
    const next = parseAnswer(await endpoint.send(wireBytes(await signedRequest())));

    assert.deepEqual(
      [onlyHead.http, onlyHead.json],
      [
        413,
        {
          __type: "RequestEntityTooLargeException",
          message: "The request is larger than 524288 bytes.",
        },
      ],
    );
    assert.ok(unannounced === "" || unannounced.startsWith("HTTP/1.1 413 "));
    assert.equal(next.http, 200);
    assert.equal(endpoint.calls.length, 1);
  });

  it("takes so many bytes of bodies that are not checked yet, and no more", async () => {
    await using endpoint = await openEndpoint({ bodiesBytes: 40, limits: { requestMs: 60_000 } });
    const request = await signedRequest();
    const statusNow = async () => parseAnswer(await endpoint.send(wireBytes(request)));
    const slow = connect({ port: endpoint.port, ca: endpoint.certificate.cert });
    slow.write(wireBytes(request).subarray(0, -1));

    // The server may hear of the other connection, and of its end, a little later than we do.
    let refused = await statusNow();
    while (refused.http === 200) refused = await statusNow();
    slow.destroy();
    let taken = await statusNow();
    while (taken.http === 400) taken = await statusNow();

    assert.deepEqual(refused.json, { __type: "ThrottlingException", message: "Rate exceeded" });
    assert.equal(taken.http, 200);
    assert.deepEqual(endpoint.internalErrors, []);
  });

  it("counts a body no longer once it is checked, whatever comes of it", async () => {
    const started = new EventEmitter();
    await using endpoint = await openEndpoint({
      bodiesBytes: 22,
      call: (operation) => {
        started.emit(operation);
        return operation === "TagResource" ? new Promise(() => undefined) : Promise.resolve({});
      },
    });
    const forged = parseAnswer(
      await endpoint.send(wireBytes(await signedRequest({ secretAccessKey: "another" }))),
    );
    const slow = connect({ port: endpoint.port, ca: endpoint.certificate.cert });
    const running = once(started, "TagResource");
    const body = '{"SecretId":"prod/d2"}';
    slow.write(wireBytes(await signedRequest({ operation: "TagResource", body })));
    await running;

    const answer = parseAnswer(await endpoint.send(wireBytes(await signedRequest())));

    slow.destroy();
    assert.equal((forged.json as { __type: string }).__type, "InvalidSignatureException");
    assert.equal(answer.http, 200);
  });

  it("holds the answer to who fails to sign in, and to nobody else", async () => {
    const held: (readonly [string | undefined, string | undefined, string])[] = [];
    await using endpoint = await openEndpoint({
      failedSignIns: {
        hold: ({ address, accessKeyId, refused }) => {
          held.push([address, accessKeyId, refused.refusal.code]);
          return Promise.resolve(refuseCall("rate_exceeded", {}));
        },
      },
      call: (operation) =>
        operation === "ListSecrets"
          ? Promise.reject(refuseCall("secret_not_found", {}))
          : Promise.resolve({}),
    });
    const typeOf = async (request: RawRequest) =>
      (parseAnswer(await endpoint.send(wireBytes(request))).json as { __type?: string }).__type;
    const good = await signedRequest();
    const late = await signedRequest({ at: now - 600_000 });
    const twice = await signedRequest({ operation: "DeleteSecret" });

    const strangers = [
      await typeOf(withoutHeader(good, "authorization")),
      await typeOf(withHeader(good, "authorization", "Bearer hft_x")),
      await typeOf(await signedRequest({ region: "eu-west-1" })),
      await typeOf(await signedRequest({ secretAccessKey: "another" })),
      await typeOf(await signedRequest({ accessKeyId: "HFKABBBBBBBBBBBBBBBB" })),
      await typeOf({ ...good, body: Buffer.from('{"SecretId":"prod/dx"}') }),
    ];
    const signers = [
      await typeOf(good),
      await typeOf(late),
      await typeOf(twice),
      await typeOf(twice),
      await typeOf(await signedRequest({ headers: { "x-amz-security-token": "a" } })),
      await typeOf(await signedRequest({ operation: "ListSecrets", body: "{}" })),
      await typeOf(await signedRequest({ body: "{" })),
      await typeOf(await signedRequest({ operation: "Nonsense" })),
    ];

    assert.deepEqual(strangers, Array(6).fill("ThrottlingException"));
    assert.deepEqual(signers, [
      undefined,
      "InvalidSignatureException",
      undefined,
      "InvalidSignatureException",
      "UnrecognizedClientException",
      "ResourceNotFoundException",
      "SerializationException",
      "UnknownOperationException",
    ]);
    assert.deepEqual(held, [
      ["127.0.0.1", undefined, "missing_authentication"],
      ["127.0.0.1", undefined, "incomplete_signature"],
      ["127.0.0.1", undefined, "invalid_signature"],
      ["127.0.0.1", "HFKAAAAAAAAAAAAAAAAA", "invalid_signature"],
      ["127.0.0.1", "HFKABBBBBBBBBBBBBBBB", "invalid_signature"],
      ["127.0.0.1", "HFKAAAAAAAAAAAAAAAAA", "invalid_signature"],
    ]);
  });

  it("goes on serving when a caller hangs up before the answer", async () => {
    const whenCalled = new EventEmitter();
    const answered = once(whenCalled, "answer");
    await using endpoint = await openEndpoint({
      call: async () => {
        whenCalled.emit("call");
        await once(whenCalled, "hung up");
        whenCalled.emit("answer");
        return {};
      },
    });
    const socket = connect({ port: endpoint.port, ca: endpoint.certificate.cert });
    socket.write(wireBytes(await signedRequest()));

    await once(whenCalled, "call");
    socket.destroy();
    await once(socket, "close");
    whenCalled.emit("hung up");
    await answered;

    const health = parseAnswer(
      await endpoint.send(
        Buffer.from("GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
      ),
    );
    assert.equal(health.http, 200);
    assert.deepEqual(endpoint.internalErrors, []);
  });

  it("answers for an operation that does not keep its deadline", async () => {
    await using endpoint = await openEndpoint({
      deadlineMs: -490,
      call: () => new Promise(() => undefined),
    });

    const read = parseAnswer(await endpoint.send(wireBytes(await signedRequest())));
    const write = parseAnswer(
      await endpoint.send(wireBytes(await signedRequest({ operation: "TagResource" }))),
    );

    assert.deepEqual(
      [read.http, read.json],
      [
        503,
        {
          __type: "ServiceUnavailableException",
          message: "The request ran out of time. Nothing was changed; try again.",
        },
      ],
    );
    assert.deepEqual(
      [write.http, write.json],
      [
        500,
        {
          __type: "InternalServiceError",
          Message:
            "The outcome is not known (timed_out): it may still be done. Retry with the same " +
            "ClientRequestToken if the request has one, and look before you try again if not.",
        },
      ],
    );
  });

  it("answers nothing when an invariant is broken: its promise rejects, so the process stops", async () => {
    const broken = new InvariantViolation("the log has no gaps");
    const signed = await signedRequest();
    const gateway = awsGateway({
      call: () => Promise.reject(broken),
      credentials,
      failedSignIns: patientSignIns(),
      region,
      hostNames: ["localhost"],
      clock: stoppedClock,
      entropy: { uuid: () => "id" },
      onInternalError: () => assert.fail("nothing catches it"),
    });
    const outcome = new EventEmitter();
    const server = createServer((request, response) => {
      gateway(request, response).catch((error: unknown) => {
        outcome.emit("rejected", error);
        response.destroy();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const rejected = once(outcome, "rejected");
    const socket = connectPlain((server.address() as AddressInfo).port, "127.0.0.1");
    socket.end(wireBytes(signed));

    assert.deepEqual(await rejected, [broken]);
    server.close();
  });
});
