import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import * as grpc from "@grpc/grpc-js";
import { after, afterEach, before, describe, it } from "mocha";
import { withExtraHeader, withHeader, withoutHeader } from "../server/http/signed-request.ts";
import type { RawRequest } from "../server/http/signed-request.ts";
import { forGrpc, token, type AwsRequest } from "./aws-names.ts";
import { largestRequests, refusedRequests } from "./bad-requests.ts";
import { sendRaw, signedCall, type SignedCall } from "./https-call.ts";
import { awsTypeOf } from "./plain-client.ts";
import { TestRegion } from "./test-region.ts";

/** GetSecretValueRequest: field 1, a text of five bytes. */
const getPlain = Buffer.concat([Buffer.of(0x0a, 5), Buffer.from("plain")]);
const good = { operation: "GetSecretValue", body: '{"SecretId":"plain"}' };

describe("a region that is sent what it cannot take", function () {
  this.timeout(60_000);

  let region: TestRegion;
  let pids: readonly (number | null)[];

  before(async () => {
    region = await TestRegion.open();
    await prepare(region);
    pids = region.nodes().map(({ pid }) => pid);
  });

  // Only the request or its connection is lost: the same processes serve on.
  afterEach(async () => {
    for (const [at, { https }] of region.nodes().entries()) {
      const overGrpc = await region.clients()[at]?.call("GetSecretValue", { secretId: "plain" });
      assert.equal(overGrpc?.["secretString"], "two");
      const overHttps = await sendRaw(region, https, await signedCall(region, good));
      assert.equal(overHttps.body?.["SecretString"], "two");
    }
    assert.deepEqual(
      region.nodes().map(({ pid }) => pid),
      pids,
    );
  });

  after(async () => {
    await region[Symbol.asyncDispose]();
  });

  for (const [operation, rows] of Object.entries(refusedRequests)) {
    it(`refuses ${rows.length} kinds of ${operation} over gRPC and HTTPS with AWS's exceptions`, async () => {
      const found: string[] = [];
      const expected: string[] = [];
      for (const [at, { what, request, awsType, face }] of rows.entries()) {
        const answers = {
          https: await overHttps(region, { at, operation, request }),
          ...(face === "https" ? {} : { grpc: await overGrpc(region, { at, operation, request }) }),
        };
        for (const [wire, answer] of Object.entries(answers)) {
          found.push(`${wire}, ${what}: ${answer}`);
          expected.push(`${wire}, ${what}: ${awsType}`);
        }
      }

      assert.deepEqual(found, expected);
    });
  }

  for (const face of ["grpc", "https"] as const) {
    it(`takes requests over ${face} that are as large as they may be`, async () => {
      const call = face === "grpc" ? overGrpc : overHttps;
      for (const [at, [operation, request]] of largestRequests(face).entries()) {
        assert.equal(await call(region, { at, operation, request }), "", operation);
      }
    });
  }

  const unsigned: [
    what: string,
    change: SignedCall | ((request: RawRequest) => RawRequest),
    http: number,
    awsType: string,
  ][] = [
    [
      "another signature",
      (request) => withHeader(request, "authorization", flipped(headerOf(request))),
      400,
      "InvalidSignatureException",
    ],
    [
      "the signature of another key",
      { ...good, secretAccessKey: "A".repeat(40) },
      400,
      "InvalidSignatureException",
    ],
    [
      "a key that nobody has",
      { ...good, accessKeyId: "HFKAAAAAAAAAAAAAAAAA" },
      400,
      "InvalidSignatureException",
    ],
    [
      "another body than was signed",
      (request) => ({ ...request, body: Buffer.from('{"SecretId":"other"}') }),
      400,
      "InvalidSignatureException",
    ],
    [
      "another operation than was signed",
      (request) => withHeader(request, "x-amz-target", "secretsmanager.DeleteSecret"),
      400,
      "InvalidSignatureException",
    ],
    [
      "an X-Amz header that was not signed",
      (request) => withExtraHeader(request, "X-Amz-Meta", "1"),
      400,
      "InvalidSignatureException",
    ],
    ["a date of six minutes ago", { ...good, skewMs: -360_000 }, 400, "InvalidSignatureException"],
    ["a date in six minutes", { ...good, skewMs: 360_000 }, 400, "InvalidSignatureException"],
    ["another region", { ...good, region: "eu-west-1" }, 400, "InvalidSignatureException"],
    [
      "no signature",
      (request) => withoutHeader(request, "authorization"),
      400,
      "MissingAuthenticationTokenException",
    ],
    [
      "half a signature",
      (request) => withHeader(request, "authorization", headerOf(request).slice(0, 40)),
      400,
      "IncompleteSignatureException",
    ],
    ["JSON that is cut off", { ...good, body: '{"SecretId":"pl' }, 400, "SerializationException"],
    ["a list", { ...good, body: "[]" }, 400, "SerializationException"],
    ["nothing", { ...good, body: "" }, 400, "SerializationException"],
    ["bytes", { ...good, body: "\u0000\u0001\u0002" }, 400, "SerializationException"],
    [
      "JSON that is deeper than any request",
      { ...good, body: `{"SecretId":${"[".repeat(50_000)}${"]".repeat(50_000)}}` },
      400,
      "SerializationException",
    ],
    [
      "a body of 513 KiB",
      { ...good, body: JSON.stringify({ SecretId: "x".repeat(513 * 1024) }) },
      413,
      "RequestEntityTooLargeException",
    ],
    [
      "an operation that is not there",
      { ...good, operation: "StealSecrets" },
      400,
      "UnknownOperationException",
    ],
  ];
  for (const [what, change, http, awsType] of unsigned) {
    it(`answers an HTTPS request with ${what} with ${http} and ${awsType}`, async () => {
      for (const { https } of region.nodes()) {
        const request =
          typeof change === "function"
            ? change(await signedCall(region, good))
            : await signedCall(region, change);

        const answer = await sendRaw(region, https, request);

        assert.deepEqual([answer.http, answer.body?.["__type"]], [http, awsType]);
      }
    });
  }

  it("tells a caller whose body is too long so, however long the caller goes on writing", async () => {
    const [{ https } = { https: "" }] = region.nodes();
    const body = JSON.stringify({ SecretId: "x".repeat(900 * 1024) });
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const answer = await sendRaw(region, https, await signedCall(region, { ...good, body }));
      assert.equal(answer.http, 413);
    }
  });

  it("answers HTTPS requests that no client of AWS makes, and goes on", async () => {
    const [{ https } = { https: "" }] = region.nodes();
    const request = await signedCall(region, good);
    const strange: [RawRequest, number][] = [
      [{ ...request, method: "GET" }, 404],
      [{ ...request, target: "/other" }, 404],
      [withExtraHeader(request, "X-Long", "x".repeat(20_000)), 431],
      [withExtraHeader(request, "Host", "elsewhere"), 400],
    ];

    for (const [each, http] of strange) {
      assert.equal((await sendRaw(region, https, each)).http, http);
    }
  });

  const strangers: [what: string, authorization: string | undefined, awsType: string][] = [
    ["no token", undefined, "MissingAuthenticationTokenException"],
    ["another's token", `Bearer hft_${"a".repeat(70)}`, "UnrecognizedClientException"],
    ["a password", "Basic YTpi", "UnrecognizedClientException"],
  ];
  for (const [what, authorization, awsType] of strangers) {
    it(`answers a gRPC call with ${what} with ${awsType}`, async () => {
      for (const wire of rawClients(region)) {
        const error = await wire.call({ message: getPlain, authorization });
        assert.equal(error?.code, grpc.status.UNAUTHENTICATED);
        assert.equal(awsTypeOf(error), awsType);
        wire.close();
      }
    });
  }

  const brokenMessages: [what: string, message: Buffer, code: grpc.status][] = [
    ["a message that is cut off", getPlain.subarray(0, 4), grpc.status.INTERNAL],
    ["a message that is noise", Buffer.alloc(64, 0xff), grpc.status.INTERNAL],
    ["a text that is not UTF-8", Buffer.of(0x0a, 2, 0xc3, 0x28), grpc.status.INTERNAL],
    ["a message of two mebibytes", Buffer.alloc(2 ** 21), grpc.status.RESOURCE_EXHAUSTED],
  ];
  for (const [what, message, code] of brokenMessages) {
    it(`answers ${what} with ${grpc.status[code]}, and serves on over the same connection`, async () => {
      const authorization = `Bearer ${region.environment["HOLDFAST_TOKEN"] ?? ""}`;
      for (const wire of rawClients(region)) {
        const error = await wire.call({ message, authorization });
        assert.equal(error?.code, code);
        assert.equal(await wire.call({ message: getPlain, authorization }), undefined);
        wire.close();
      }
    });
  }

  const ports = ["grpc", "https", "peer"] as const;
  for (const port of ports) {
    it(`loses only the connection that sends noise to the ${port} port`, async () => {
      for (const node of region.nodes()) {
        const { hostname, port: number } = new URL(
          port === "https" ? node.https : `https://${node[port]}`,
        );
        const address = { host: hostname, port: Number(number) };
        for (const noise of noises()) {
          await sendNoise(connect(address), noise, "connect");
          const tls = { ...address, ca: region.ca, rejectUnauthorized: false };
          const ALPNProtocols = [port === "https" ? "http/1.1" : "h2"];
          await sendNoise(connectTls({ ...tls, ALPNProtocols }), noise, "secureConnect");
        }
      }
    });
  }
});

/** Everything the tables speak of. */
async function prepare(region: TestRegion): Promise<void> {
  const [client] = region.clients();
  assert.ok(client !== undefined);
  const labels = Array.from({ length: 19 }, (_, at) => `label-${at}`);
  const manyTags = Array.from({ length: 50 }, (_, at) => ({ key: `t${at}`, value: "" }));
  const writes: [method: string, request: object][] = [
    ["CreateSecret", { name: "plain", clientRequestToken: token(1), secretString: "one" }],
    ["PutSecretValue", { secretId: "plain", clientRequestToken: token(2), secretString: "two" }],
    ["CreateSecret", { name: "empty", clientRequestToken: token(1) }],
    ["CreateSecret", { name: "deleted", clientRequestToken: token(1), secretString: "one" }],
    ["DeleteSecret", { secretId: "deleted" }],
    ["CreateSecret", { name: "tagged", clientRequestToken: token(1), tags: manyTags }],
    ["CreateSecret", { name: "labelled", clientRequestToken: token(1), secretString: "one" }],
    [
      "PutSecretValue",
      {
        secretId: "labelled",
        clientRequestToken: token(2),
        secretString: "two",
        versionStages: labels,
      },
    ],
    ["CreateSecret", { name: "versions", clientRequestToken: token(1), secretString: "one" }],
  ];
  for (const [method, request] of writes) await client.call(method, request);
  const versions = Array.from({ length: 99 }, (_, at) =>
    client.call("PutSecretValue", {
      secretId: "versions",
      clientRequestToken: token(100 + at),
      secretString: "more",
    }),
  );
  await Promise.all(versions);
}

interface OneCall {
  /** Which node is asked: each in turn. */
  readonly at: number;
  readonly operation: string;
  readonly request: AwsRequest;
}

/** The exception it comes to; nothing when it is answered. */
async function overHttps(region: TestRegion, { at, operation, request }: OneCall): Promise<string> {
  const node = region.nodes()[at % 3];
  const signed = await signedCall(region, { operation, body: JSON.stringify(tokened(request)) });
  const { http, body } = await sendRaw(region, node?.https ?? "", signed);
  if (http === 200) return "";
  return http === 400 ? String(body?.["__type"]) : `HTTP ${http}`;
}

async function overGrpc(region: TestRegion, { at, operation, request }: OneCall): Promise<string> {
  try {
    await region.clients()[at % 3]?.call(operation, forGrpc(tokened(request)));
    return "";
  } catch (error) {
    return awsTypeOf(error) || String(error);
  }
}

/** A member that is undefined is not there. */
function tokened(request: AwsRequest): AwsRequest {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}

function headerOf({ headers }: RawRequest): string {
  return headers.find(([name]) => name === "authorization")?.[1] ?? "";
}

/** Another last digit of the signature. */
function flipped(authorization: string): string {
  return authorization.slice(0, -1) + (authorization.endsWith("0") ? "1" : "0");
}

interface RawClient {
  /** Nothing when the call is answered. */
  call(sent: {
    readonly message: Buffer;
    readonly authorization: string | undefined;
  }): Promise<grpc.ServiceError | undefined>;
  close(): void;
}

/** One for each node, that sends what it is given instead of a message. */
function rawClients(region: TestRegion): readonly RawClient[] {
  return region.nodes().map(({ grpc: endpoint }) => {
    const client = new grpc.Client(endpoint, grpc.credentials.createSsl(Buffer.from(region.ca)));
    return {
      call: ({ message, authorization }) => {
        const metadata = new grpc.Metadata();
        if (authorization !== undefined) metadata.set("authorization", authorization);
        return new Promise((resolve) => {
          client.makeUnaryRequest(
            "/holdfast.v1.SecretsManager/GetSecretValue",
            (bytes: Buffer) => bytes,
            (bytes: Buffer) => bytes,
            message,
            metadata,
            { deadline: Date.now() + 10_000 },
            (error) => {
              resolve(error ?? undefined);
            },
          );
        });
      },
      close: () => {
        client.close();
      },
    };
  });
}

function noises(): readonly Buffer[] {
  return [
    randomBytes(4_096),
    Buffer.from("GET / HTTP/1.0\r\n\r\n"),
    // The beginning of HTTP/2, and then a frame that says it is 16 MiB long.
    Buffer.concat([
      Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
      Buffer.from("ffffff0400ffffffff", "hex"),
      randomBytes(64),
    ]),
    Buffer.alloc(0),
  ];
}

/** Sends it as soon as that is possible, and ends. Whatever comes back is thrown away. */
function sendNoise(
  socket: ReturnType<typeof connect>,
  noise: Buffer,
  ready: "connect" | "secureConnect",
): Promise<void> {
  return new Promise((resolve) => {
    // A node may turn us away before we have said anything: that is what it should do.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      resolve();
    });
    socket.resume();
    socket.once(ready, () => {
      socket.end(noise);
    });
    socket.setTimeout(500, () => socket.destroy());
  });
}
