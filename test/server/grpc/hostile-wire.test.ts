import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { describe, it } from "mocha";
import * as grpc from "@grpc/grpc-js";
import { refuseCall } from "../../../src/base/errors.ts";
import { serveRegion, token, type GrpcRegion } from "../../support/grpc-region.ts";

const path = "/holdfast.v1.SecretsManager/GetSecretValue";

describe("grpc wire, from strangers", () => {
  const bodies: [what: string, body: Buffer, code: grpc.status][] = [
    // Field 1, 100 bytes of text, of which two came.
    [
      "a message cut off in a field",
      framed(Buffer.of(0x0a, 100, 0x64, 0x62)),
      grpc.status.INTERNAL,
    ],
    ["a message cut off in a number", framed(Buffer.of(0x0a, 0x80)), grpc.status.INTERNAL],
    ["a message cut off after a tag", framed(Buffer.of(0x0a)), grpc.status.INTERNAL],
    ["a text that is not UTF-8", framed(Buffer.of(0x0a, 2, 0xc3, 0x28)), grpc.status.INTERNAL],
    ["a group, which proto3 has not", framed(Buffer.of(0x0b, 0x0c)), grpc.status.INTERNAL],
    ["a message that is no protobuf", framed(Buffer.alloc(16, 0xff)), grpc.status.INTERNAL],
    [
      "a frame that promises more than a mebibyte",
      promised(0x7fff_ffff),
      grpc.status.RESOURCE_EXHAUSTED,
    ],
  ];
  for (const [what, body, code] of bodies) {
    it(`answers ${what} with a status, does nothing, and goes on`, async () => {
      let calls = 0;
      await using region = await serveRegion(() => {
        calls += 1;
        return Promise.resolve({ name: "db" });
      });
      using session = await openSession(region);

      const answered = await post(session, body);
      const before = calls;
      const next = await post(session, framed(Buffer.of(0x0a, 2, 0x64, 0x62)));

      assert.equal(answered, String(code));
      assert.equal(before, 0);
      assert.equal(next, String(grpc.status.OK));
    });
  }

  const anybody = [
    path,
    "/holdfast.v1.Cluster/Status",
    "/holdfast.v1.Backup/Create",
    "/holdfast.v1.Watch/Watch",
  ];
  for (const method of anybody) {
    it(`decodes nothing of a stranger's call of ${method}`, async () => {
      await using region = await serveRegion(() => Promise.resolve({}));
      using session = await openSession(region);

      const cutOff = framed(Buffer.of(0x0a, 100, 0x64));
      const answered = await post(session, cutOff, { method, headers: {} });

      assert.equal(answered, String(grpc.status.UNAUTHENTICATED));
    });
  }

  const tagResource = "/holdfast.v1.SecretsManager/TagResource";
  const manyFields: [what: string, fields: (count: number) => Buffer][] = [
    // Field 2 of TagResourceRequest is a tag, 63 is nothing.
    ["empty tags", (count) => repeated(Buffer.of(0x12, 0), count)],
    ["fields that nobody knows", (count) => repeated(Buffer.of(0xf8, 0x03, 0), count)],
    ["fields of one tag", (count) => tagOf(repeated(Buffer.of(0x0a, 0), count - 1))],
  ];
  for (const [what, fields] of manyFields) {
    it(`takes 10,000 ${what}, and refuses one more`, async () => {
      await using region = await serveRegion(() => Promise.resolve({}));
      using session = await openSession(region);

      const most = await post(session, framed(fields(10_000)), { method: tagResource });
      const tooMany = await post(session, framed(fields(10_001)), { method: tagResource });

      assert.equal(most, String(grpc.status.OK));
      assert.equal(tooMany, String(grpc.status.INVALID_ARGUMENT));
    });
  }

  it("ends a stream with a sentence that has half a character, and goes on", async () => {
    await using region = await serveRegion(() => Promise.resolve({}), {
      // eslint-disable-next-line require-yield -- it fails before it has anything to give
      backup: async function* () {
        await Promise.resolve();
        throw refuseCall("secret_exists", { name: "a\ud83d" });
      },
    });
    using session = await openSession(region);

    for (const attempt of ["first", "second"]) {
      const answered = await post(session, framed(Buffer.of()), {
        method: "/holdfast.v1.Backup/Create",
      });

      assert.equal(answered, String(grpc.status.ALREADY_EXISTS), attempt);
    }
  });

  it("answers a method it does not have with UNIMPLEMENTED", async () => {
    await using region = await serveRegion(() => Promise.resolve({}));
    using session = await openSession(region);

    const answered = await post(session, framed(Buffer.of()), { method: `${path}AndMore` });

    assert.equal(answered, String(grpc.status.UNIMPLEMENTED));
  });

  it("shows its services to nobody unless told to", async () => {
    const list = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    await using closed = await serveRegion(() => Promise.resolve({}));
    await using open = await serveRegion(() => Promise.resolve({}), { reflection: "on" });
    using toClosed = await openSession(closed);
    using toOpen = await openSession(open);

    assert.equal(
      await post(toClosed, framed(Buffer.of()), { method: list }),
      String(grpc.status.UNIMPLEMENTED),
    );
    assert.notEqual(
      await post(toOpen, framed(Buffer.of()), { method: list }),
      String(grpc.status.UNIMPLEMENTED),
    );
  });

  it("tells its health without a token: not serving until it is told so", async () => {
    await using region = await serveRegion(() => Promise.resolve({}));
    using session = await openSession(region);

    const before = await health(session);
    region.listener.setHealth("SERVING");
    const after = await health(session);

    // Field 1 of HealthCheckResponse: 1 is SERVING, 2 is NOT_SERVING.
    assert.deepEqual(before, Buffer.of(0, 0, 0, 0, 2, 0x08, 2));
    assert.deepEqual(after, Buffer.of(0, 0, 0, 0, 2, 0x08, 1));
  });
});

interface Session extends Disposable {
  readonly http2: ClientHttp2Session;
}

async function openSession(region: GrpcRegion): Promise<Session> {
  const http2 = connect(`https://${region.endpoint}`, { ca: region.ca });
  await once(http2, "connect");
  return {
    http2,
    [Symbol.dispose]: () => {
      http2.destroy();
    },
  };
}

/** Sends one body, and gives the gRPC status it comes to. */
async function post(
  { http2 }: Session,
  body: Buffer,
  {
    method = path,
    headers = { authorization: `Bearer ${token}` },
  }: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const stream = http2.request({
    ":method": "POST",
    ":path": method,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  let status: unknown;
  const read = (received: IncomingHttpHeaders): void => {
    status ??= received["grpc-status"];
  };
  // An answer without a message carries its status in the first headers.
  stream.on("response", read);
  stream.on("trailers", read);
  stream.resume();
  stream.end(body);
  await once(stream, "close");
  return String(status);
}

async function health({ http2 }: Session): Promise<Buffer> {
  const stream = http2.request({
    ":method": "POST",
    ":path": "/grpc.health.v1.Health/Check",
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.end(framed(Buffer.of()));
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A gRPC message: not compressed, its length, its bytes. */
function framed(message: Buffer): Buffer {
  return Buffer.concat([promised(message.length), message]);
}

function repeated(field: Buffer, count: number): Buffer {
  return Buffer.concat(Array<Buffer>(count).fill(field));
}

/** A TagResourceRequest with one tag. */
function tagOf(content: Buffer): Buffer {
  const length = content.length;
  return Buffer.concat([
    Buffer.of(0x12, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14),
    content,
  ]);
}

function promised(length: number): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return head;
}
