// A connection to a real listener, by ways that hang, and by names and addresses.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { describe, it } from "mocha";
import { NodeConnection } from "../../src/client/node-connection.ts";
import { serveRegion } from "../support/grpc-region.ts";
import { SetClock } from "../support/set-clock.ts";
import { loopbackCertificate } from "../support/test-certificates.ts";
import { TcpWay } from "./tcp-way.ts";

describe("NodeConnection", () => {
  it("makes a connection that hangs again, once it has had its time", async () => {
    await using region = await serveRegion(() => Promise.resolve({}));
    using way = await TcpWay.open(region.port, (count) => (count === 1 ? "hang" : "carry"));
    using opened = open(way.endpoint, region.ca);
    const { connection, clock } = opened;

    assert.equal(await connection.isReady(20), false);
    clock.advance(1_499);
    assert.equal(await connection.isReady(20), false);
    assert.equal(way.count, 1, "a slow way has its time");
    clock.advance(1);
    assert.equal(await connection.isReady(20), false);

    assert.equal(await connection.isReady(5_000), true);
    assert.equal(way.count, 2);
  });

  it("gives a way that hangs again and again longer each time, up to a bound", async () => {
    await using region = await serveRegion(() => Promise.resolve({}));
    using way = await TcpWay.open(region.port, () => "hang");
    using opened = open(way.endpoint, region.ca);
    const { connection, clock } = opened;

    for (const [at, ms] of [1_500, 3_000, 6_000, 12_000, 12_000].entries()) {
      await connection.isReady(20);
      clock.advance(ms - 1);
      await connection.isReady(20);
      await connection.isReady(20);
      assert.equal(way.count, at + 1, `${ms} ms are not over`);
      clock.advance(1);
      await connection.isReady(20);
      await connection.isReady(20);
      assert.equal(way.count, at + 2, `${ms} ms are over`);
    }
  });

  it("lets everybody who waits for one that hangs go on when it is replaced", async () => {
    await using region = await serveRegion(() => Promise.resolve({}));
    using way = await TcpWay.open(region.port, (count) => (count === 1 ? "hang" : "carry"));
    using opened = open(way.endpoint, region.ca);
    const { connection, clock } = opened;
    await connection.isReady(20);
    clock.advance(1_500);

    const patient = connection.isReady(20_000);
    const impatient = await connection.isReady(20);

    assert.equal(impatient, false);
    assert.equal(await patient, false);
    assert.equal(await connection.isReady(5_000), true);
  });

  it("is not ready once it is closed, and says so", async () => {
    await using region = await serveRegion(() => Promise.resolve({}));
    using opened = open(region.endpoint, region.ca);
    const { connection } = opened;

    connection.close();

    assert.equal(await connection.isReady(1_000), false);
    assert.equal(await connection.explain(1_000), "the client was closed");
  });

  const hosts: [host: string, isTrusted: boolean][] = [
    ["127.0.0.1", true],
    ["localhost", true],
    // The certificate of the region does not name it.
    ["127.0.0.2", false],
  ];
  for (const [host, isTrusted] of hosts) {
    it(`${isTrusted ? "trusts" : "does not trust"} a certificate for ${host}`, async () => {
      await using region = await serveRegion(() => Promise.resolve({}));
      using way = await TcpWay.open(region.port, () => "carry", host);
      const port = way.endpoint.split(":").at(-1) ?? "";
      using opened = open(`${host}:${port}`, region.ca);

      assert.equal(await opened.connection.isReady(5_000), isTrusted);
    });
  }

  const names: [host: string, shown: string][] = [
    ["localhost", "localhost"],
    // Node warns of a server that is named by its address, as TLS forbids.
    ["127.0.0.1", "holdfast.invalid"],
  ];
  for (const [host, shown] of names) {
    it(`shows ${shown} as the name of ${host}`, async () => {
      const { cert, key } = await loopbackCertificate();
      const server = createServer({ cert, key, ALPNProtocols: ["h2"] }).listen(0, "127.0.0.1");
      await once(server, "listening");
      using opened = open(`${host}:${(server.address() as AddressInfo).port}`, cert);

      const secured = once(server, "secureConnection") as Promise<[TLSSocket]>;
      void opened.connection.isReady(1_000);
      const [socket] = await secured;
      const name: unknown = Reflect.get(socket, "servername");
      socket.destroy();
      server.close();

      assert.equal(name, shown);
    });
  }
});

function open(endpoint: string, ca: string) {
  const clock = new SetClock();
  const connection = new NodeConnection(endpoint, { ca }, clock);
  return {
    connection,
    clock,
    [Symbol.dispose]: () => {
      connection.close();
    },
  };
}
