import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectPlain, type AddressInfo, type Socket } from "node:net";
import { connect, createServer, type Server, type TLSSocket } from "node:tls";
import { afterEach, describe, it } from "mocha";
import {
  defaultConnectionLimits,
  limitConnections,
  tlsOptions,
  type ConnectionLimits,
} from "../../src/server/tls-connections.ts";
import { loopbackCertificate, type TestCertificate } from "../support/test-certificates.ts";

let certificate: Promise<TestCertificate> | undefined;
const opened: Socket[] = [];
let server: Server | undefined;

async function listen(limits: Partial<ConnectionLimits>): Promise<void> {
  certificate ??= loopbackCertificate();
  // None ends by itself while a test waits for it to be closed.
  const all = { ...defaultConnectionLimits, handshakeMs: 120_000, ...limits };
  server = createServer(tlsOptions(await certificate, "http/1.1", all), (socket) => {
    socket.on("error", () => undefined);
    socket.end("served");
  });
  server.on("tlsClientError", (_error, socket) => {
    socket.destroy();
  });
  limitConnections(server, all);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
}

function port(): number {
  return (server?.address() as AddressInfo).port;
}

/** A connection that says nothing: to the server it shakes hands. */
async function silent(): Promise<Socket> {
  assert.ok(server !== undefined);
  const noticed = once(server, "connection");
  const socket = connectPlain(port(), "127.0.0.1");
  opened.push(socket);
  socket.on("error", () => undefined);
  await noticed;
  return socket;
}

async function served(): Promise<string> {
  const { cert } = await (certificate ?? loopbackCertificate());
  const socket: TLSSocket = connect({ port: port(), host: "127.0.0.1", ca: cert });
  opened.push(socket);
  const [said] = (await once(socket, "data")) as [Buffer];
  return said.toString();
}

afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
  server?.close();
});

describe("limitConnections, with handshakes that do not end", () => {
  it("allows 500 unless said otherwise", () => {
    assert.equal(defaultConnectionLimits.handshakes, 500);
  });

  it("closes the oldest of them for each one too many, and serves whoever means it", async () => {
    await listen({ handshakes: 3 });
    const first = await silent();
    const others = [await silent(), await silent()];
    const isFirstGone = once(first, "close");

    const said = await served();

    await isFirstGone;
    assert.equal(said, "served");
    assert.ok(others.every(({ destroyed }) => !destroyed));
  });

  it("counts none that ended, whether it shook hands or gave up", async () => {
    await listen({ handshakes: 3 });
    const kept = [await silent(), await silent()];
    const ends = kept.map((socket) => once(socket, "close").then(() => assert.fail("closed")));

    for (let at = 0; at < 5; at += 1) {
      assert.equal(await served(), "served");
      const given = await silent();
      const isGone = untilClosed();
      given.destroy();
      await isGone;
    }

    await Promise.race([...ends, Promise.resolve()]);
    assert.ok(kept.every(({ destroyed }) => !destroyed));
  });

  it("holds against hundreds at once from one address", async () => {
    await listen({ handshakes: 50, connectionsPerAddress: 1_000 });
    const flood: Socket[] = [];
    for (let at = 0; at < 400; at += 1) flood.push(await silent());

    const answers = await Promise.all([served(), served(), served()]);

    assert.deepEqual(answers, ["served", "served", "served"]);
    await openOfServer(50);
    assert.ok(flood.slice(-40).every(({ destroyed }) => !destroyed));
  });

  it("lets one address have its share of connections and no more, and closes no other's", async () => {
    await listen({ handshakes: 3, connectionsPerAddress: 2 });
    const kept = [await silent(), await silent()];

    const oneTooMany = await silent();
    await once(oneTooMany, "close");

    assert.ok(kept.every(({ destroyed }) => !destroyed));
  });
});

/** Resolves when a connection of the server has ended that it holds now. */
function untilClosed(): Promise<unknown> {
  assert.ok(server !== undefined);
  const before = server;
  return new Promise((resolve) => {
    before.getConnections((_error, count) => {
      const look = (): void => {
        before.getConnections((_again, now) => {
          if (now < count) resolve(undefined);
          else setImmediate(look);
        });
      };
      look();
    });
  });
}

async function openOfServer(most: number): Promise<void> {
  for (;;) {
    const count = await new Promise<number>((resolve) => {
      server?.getConnections((_error, open) => {
        resolve(open);
      });
    });
    // The test's own time limit ends this.
    if (count <= most) return;
  }
}
