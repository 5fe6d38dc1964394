import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectPlain } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { describe, it } from "mocha";
import { HoldfastClient } from "../../../src/client/client.ts";
import {
  serveRegion,
  token,
  type GrpcRegion,
  type RegionOptions,
} from "../../support/grpc-region.ts";

describe("listenGrpc", () => {
  it("cuts a connection that never says a word of TLS", async () => {
    await using region = await serve({ connections: { handshakeMs: 50 } });
    const socket = connectPlain(region.port, "127.0.0.1");

    await once(socket, "close");

    assert.equal(await answers(region), true);
  });

  for (const connections of [{ connectionsPerAddress: 2 }, { connections: 2 }]) {
    it(`takes as many connections as ${JSON.stringify(connections)} says, and no more`, async () => {
      await using region = await serve({ connections });
      const first = await connectTls(region);
      const second = await connectTls(region);

      await assert.rejects(connectTls(region));

      second.destroy();
      await once(second, "close");
      // The server may hear of it a little later than we do.
      const third = await untilConnected(region);
      first.destroy();
      third.destroy();
    });
  }

  it("speaks TLS 1.3 and 1.2, and nothing older", async () => {
    await using region = await serve();

    const latest = await connectTls(region);
    const older = await connectTls(region, { maxVersion: "TLSv1.2" });

    assert.equal(latest.getProtocol(), "TLSv1.3");
    assert.equal(older.getProtocol(), "TLSv1.2");
    assert.match(older.getCipher().name, /^ECDHE-.*(?:GCM|CHACHA20)/);
    await assert.rejects(
      connectTls(region, {
        minVersion: "TLSv1.1",
        maxVersion: "TLSv1.1",
        ciphers: "DEFAULT@SECLEVEL=0",
      }),
    );
    latest.destroy();
    older.destroy();
  });

  it("closes though somebody has not finished a handshake", async () => {
    const region = await serve({ connections: { handshakeMs: 60_000 } });
    const socket = connectPlain(region.port, "127.0.0.1");
    socket.on("error", () => undefined);
    const closed = once(socket, "close");
    // A whole call later the server has seen it.
    assert.equal(await answers(region), true);

    await region[Symbol.asyncDispose]();

    await closed;
    const next = connectPlain(region.port, "127.0.0.1");
    await assert.rejects(once(next, "connect"), { code: "ECONNREFUSED" });
  });

  it("lets a call under way end before it closes", async () => {
    let finish: (answer: object) => void = () => assert.fail("nothing was called");
    let called: () => void = () => undefined;
    const underWay = new Promise<void>((resolve) => {
      called = resolve;
    });
    await using region = await serveRegion(() => {
      called();
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    using client = clientOf(region);
    const answer = client.getSecretValue({ secretId: "db" });
    await underWay;

    const closed = region.listener.close(60_000);
    finish({ name: "db" });

    assert.equal((await answer).name, "db");
    await closed;
  });

  it("rejects when its port is taken", async () => {
    await using region = await serve();

    await assert.rejects(serve({ port: region.port }), { code: "EADDRINUSE" });
  });
});

function serve(options: RegionOptions = {}): Promise<GrpcRegion> {
  return serveRegion(() => Promise.resolve({ name: "db" }), options);
}

function clientOf({ endpoint, ca }: GrpcRegion): HoldfastClient {
  return new HoldfastClient({ endpoints: [endpoint], token, ca });
}

async function answers(region: GrpcRegion): Promise<boolean> {
  using client = clientOf(region);
  return (await client.getSecretValue({ secretId: "db" })).name === "db";
}

async function connectTls(
  { port, ca }: GrpcRegion,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", ca, ALPNProtocols: ["h2"], ...options });
  await once(socket, "secureConnect");
  socket.on("error", () => undefined);
  return socket;
}

async function untilConnected(region: GrpcRegion): Promise<TLSSocket> {
  for (;;) {
    try {
      return await connectTls(region);
    } catch {
      // Still counted: the test's own time limit ends this.
    }
  }
}
