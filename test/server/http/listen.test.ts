import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectPlain } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { describe, it } from "mocha";
import type { NodeHealth } from "../../../src/server/http/health-routes.ts";
import { signedRequest, wireBytes } from "./signed-request.ts";
import { healthy, openEndpoint, parseAnswer, type TestEndpoint } from "./test-endpoint.ts";

const health = get("/healthz");

describe("listenHttps", () => {
  const refusedBytes: Record<string, string> = {
    "garbage bytes": "\u0016\u0003\u0001\u0000\u00ff garbage \r\n\r\n",
    "no HTTP at all": "hello\r\n\r\n",
    "a header without a colon": "GET /healthz HTTP/1.1\r\nhost: a\r\nbroken\r\n\r\n",
    "a folded header": "GET /healthz HTTP/1.1\r\nhost: a\r\nx: 1\r\n 2\r\n\r\n",
    "no Host": "GET /healthz HTTP/1.1\r\n\r\n",
    "two lengths": "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
    "a length and chunks":
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk of no size":
      "POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
    "more than 16 KiB of headers": `GET /healthz HTTP/1.1\r\nhost: a\r\nx: ${"x".repeat(17_000)}\r\n\r\n`,
  };
  for (const [what, text] of Object.entries(refusedBytes)) {
    it(`refuses ${what}, and goes on serving`, async () => {
      await using endpoint = await openEndpoint();

      const answer = await endpoint.send(Buffer.from(text, "latin1"));

      assert.match(answer, /^HTTP\/1\.1 4\d\d /);
      assert.equal(parseAnswer(await endpoint.send(health)).http, 200);
    });
  }

  it("lets no header field hide behind so many that Node drops it", async () => {
    await using endpoint = await openEndpoint();
    const request = await signedRequest();
    const many = Array.from({ length: 2500 }, (): [string, string] => ["a", ""]);
    const hidden: [string, string] = ["x-amz-target", "secretsmanager.DeleteSecret"];

    const answer = parseAnswer(
      await endpoint.send(
        wireBytes({ ...request, headers: [...request.headers, ...many, hidden] }),
      ),
    );

    assert.deepEqual(answer.json, {
      __type: "SerializationException",
      message: "There are too many header fields.",
    });
  });

  it("answers 404 where nothing is", async () => {
    await using endpoint = await openEndpoint();

    for (const line of [
      "GET /",
      "GET /x",
      "HEAD /",
      "HEAD /x",
      "POST /healthz",
      "GET /healthz?x",
    ]) {
      const answer = await endpoint.send(
        Buffer.from(`${line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`),
      );

      assert.match(answer, /^HTTP\/1\.1 404 /, line);
    }
  });

  it("refuses to say go ahead", async () => {
    await using endpoint = await openEndpoint();

    for (const expectation of ["100-continue", "anything"]) {
      const answer = await endpoint.send(
        Buffer.from(
          `POST / HTTP/1.1\r\nhost: a\r\nexpect: ${expectation}\r\ncontent-length: 5\r\n\r\n`,
        ),
      );

      assert.match(answer, /^HTTP\/1\.1 417 /);
      assert.doesNotMatch(answer, /100 Continue/);
    }
  });

  it("cuts headers that come too slowly", async () => {
    await using endpoint = await openEndpoint();

    const answer = await endpoint.send(Buffer.from("POST / HTTP/1.1\r\nhost: a\r\nx-am"));

    assert.match(answer, /^HTTP\/1\.1 408 /);
  });

  it("cuts a body that comes too slowly", async () => {
    await using endpoint = await openEndpoint();
    const bytes = wireBytes(await signedRequest());

    const answer = await endpoint.send(bytes.subarray(0, -1));

    assert.match(answer, /^HTTP\/1\.1 408 /);
    assert.deepEqual(endpoint.calls, []);
    assert.deepEqual(endpoint.internalErrors, []);
  });

  it("cuts a connection that never says a word of TLS", async () => {
    await using endpoint = await openEndpoint({ limits: { handshakeMs: 50 } });
    const socket = connectPlain(endpoint.port, "127.0.0.1");

    await once(socket, "close");

    assert.equal(parseAnswer(await endpoint.send(health)).http, 200);
  });

  it("takes so many connections of one address, and no more", async () => {
    await using endpoint = await openEndpoint({ limits: { connectionsPerAddress: 2 } });
    const first = await connectTls(endpoint);
    const second = await connectTls(endpoint);

    await assert.rejects(connectTls(endpoint));

    second.destroy();
    await once(second, "close");
    // The server may hear of it a little later than we do.
    const third = await untilConnected(endpoint);
    first.destroy();
    third.destroy();
  });

  it("asks for another connection after so many requests", async () => {
    await using endpoint = await openEndpoint({
      limits: { requestsPerConnection: 1, keepAliveMs: 50 },
    });

    const answer = parseAnswer(
      await endpoint.send(Buffer.from("GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n")),
    );

    assert.equal(answer.headers.get("connection"), "close");
  });

  it("speaks TLS 1.3 and 1.2, and nothing older", async () => {
    await using endpoint = await openEndpoint();

    const latest = await connectTls(endpoint);
    const older = await connectTls(endpoint, { maxVersion: "TLSv1.2" });

    assert.equal(latest.getProtocol(), "TLSv1.3");
    assert.equal(older.getProtocol(), "TLSv1.2");
    assert.match(older.getCipher().name, /^ECDHE-.*(?:GCM|CHACHA20)/);
    await assert.rejects(
      connectTls(endpoint, {
        minVersion: "TLSv1.1",
        maxVersion: "TLSv1.1",
        ciphers: "DEFAULT@SECLEVEL=0",
      }),
    );
    latest.destroy();
    older.destroy();
  });

  it("resolves its close once the requests under way are answered", async () => {
    await using endpoint = await openEndpoint();
    const { port } = endpoint;

    await endpoint[Symbol.asyncDispose]();

    const socket = connectPlain(port, "127.0.0.1");
    await assert.rejects(once(socket, "connect"), { code: "ECONNREFUSED" });
  });
});

describe("healthRoutes", () => {
  const cases: readonly (readonly [string, string, Partial<NodeHealth>, number])[] = [
    ["lives", "/healthz", {}, 200],
    ["lives without its root key", "/healthz", { locked: true }, 200],
    ["lives without a leader", "/healthz", { leader: undefined }, 200],
    ["is ready", "/readyz", {}, 200],
    ["is not ready without its root key", "/readyz", { locked: true }, 503],
    ["is not ready without a leader", "/readyz", { leader: undefined }, 503],
  ];
  for (const [what, path, state, http] of cases) {
    it(`say that a node ${what}`, async () => {
      await using endpoint = await openEndpoint({ health: state });

      const answer = parseAnswer(await endpoint.send(get(path)));

      const expected = { ...healthy, ...state };
      assert.equal(answer.http, http);
      assert.deepEqual(answer.json, { ...expected, leader: expected.leader ?? null });
    });
  }
});

function get(path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
}

async function connectTls(
  { port, certificate }: TestEndpoint,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", ca: certificate.cert, ...options });
  await once(socket, "secureConnect");
  socket.on("error", () => undefined);
  return socket;
}

async function untilConnected(endpoint: TestEndpoint): Promise<TLSSocket> {
  for (;;) {
    try {
      return await connectTls(endpoint);
    } catch {
      // Still counted: the test's own time limit ends this.
    }
  }
}
