// A link against a peer that is a real server and behaves as the test says.
import { strict as assert } from "node:assert";
import { once } from "node:events";
import {
  connect,
  createServer,
  type AddressInfo,
  type Server as WayServer,
  type Socket,
} from "node:net";
import { Server, type ServerDuplexStream } from "@grpc/grpc-js";
import { afterEach, before, beforeEach, describe, it } from "mocha";
import { nodeId, type NodeId } from "../../src/base/ids.ts";
import {
  clientCredentials,
  nodeUri,
  serverCredentials,
  type PeerCertificates,
} from "../../src/consensus/peer-identity.ts";
import { PeerLink } from "../../src/consensus/peer-link.ts";
import { peerService, type PeerFrame, type PeerReply } from "../../src/consensus/peer-service.ts";
import { peerAuthority, type PeerAuthority } from "../support/peer-certificates.ts";
import { identityOf } from "./running-region.ts";

const n1 = nodeId("n1");
const n2 = nodeId("n2");

type Stream = ServerDuplexStream<PeerFrame, PeerReply>;

/** Turns of the event loop, until the greeting has come through the sockets. */
async function untilUp(link: PeerLink): Promise<void> {
  while (!link.isUp) await new Promise((resolve) => setImmediate(resolve));
}

/** Something that happens again and again: `next` resolves with the next one, however early. */
class Happenings<Item> {
  readonly #items: Item[] = [];
  readonly #waiting: ((item: Item) => void)[] = [];

  get count(): number {
    return this.#items.length;
  }

  happen(item: Item): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#items.push(item);
    else waiting(item);
  }

  next(): Promise<Item> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

describe("PeerLink", function () {
  this.timeout(20_000);

  let authority: PeerAuthority;
  let own: PeerCertificates;
  let theirs: PeerCertificates;
  let server: Server | undefined;
  let link: PeerLink | undefined;
  /** Between the link and its peer, and what goes through it. */
  let way: WayServer | undefined;
  const sockets: Socket[] = [];
  let streams: Happenings<Stream>;
  let broken: Happenings<NodeId>;
  let refused: Happenings<NodeId>;

  before(async () => {
    authority = await peerAuthority();
    own = await authority.issue([nodeUri(identityOf(n1), n1)]);
    theirs = await authority.issue([nodeUri(identityOf(n2), n2)]);
  });

  beforeEach(() => {
    streams = new Happenings();
    broken = new Happenings();
    refused = new Happenings();
  });

  afterEach(() => {
    link?.close();
    server?.forceShutdown();
    for (const socket of sockets.splice(0)) socket.destroy();
    way?.close();
  });

  async function listen(certificates: PeerCertificates, port = 0): Promise<number> {
    const listening = new Server();
    listening.addService(peerService, {
      Exchange: (stream: Stream) => {
        stream.on("error", () => undefined);
        streams.happen(stream);
      },
      HandOver: () => undefined,
    });
    server = listening;
    return new Promise((resolve, reject) => {
      const address = `127.0.0.1:${port}`;
      listening.bindAsync(address, serverCredentials(certificates), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
  }

  function linkTo(port: number): PeerLink {
    link = new PeerLink({
      identity: identityOf(n1),
      peer: n2,
      address: `127.0.0.1:${port}`,
      credentials: clientCredentials(own, identityOf(n1), n2),
      incarnation: "one",
      onBroken: (peer) => {
        broken.happen(peer);
      },
      onRefused: (peer) => {
        refused.happen(peer);
      },
    });
    return link;
  }

  function greet(stream: Stream, protocol = 1): void {
    stream.write({ hello: { protocol, incarnation: "theirs" } });
  }

  function firstFrame(stream: Stream): Promise<PeerFrame> {
    return new Promise((resolve) => stream.once("data", resolve));
  }

  it("says who calls whom before anything else, and sends nothing until it is greeted", async () => {
    const one = linkTo(await listen(theirs));
    one.send({ message: { term: 1, heartbeat: {} } }, 64);
    const stream = await streams.next();

    const { hello } = await firstFrame(stream);

    assert.deepEqual(
      { ...hello },
      {
        clusterId: "c0ffee",
        from: n1,
        to: n2,
        protocol: 1,
        incarnation: "one",
      },
    );
    assert.ok(!one.isUp);
  });

  it("calls again when its peer ends the stream, and says that something may be lost", async () => {
    linkTo(await listen(theirs));
    const first = await streams.next();
    greet(first);

    first.end();
    const lost = await broken.next();
    const second = await streams.next();

    assert.equal(lost, n2);
    assert.notEqual(second, first);
  });

  it("finds its peer again after that was away", async () => {
    const port = await listen(theirs);
    linkTo(port);
    greet(await streams.next());
    server?.forceShutdown();
    await broken.next();
    await broken.next();

    await listen(theirs, port);
    const stream = await streams.next();

    assert.ok((await firstFrame(stream)).hello);
  });

  it("tells apart a peer that refuses connections from one that broke a stream", async () => {
    linkTo(await listen(theirs));
    const first = await streams.next();
    greet(first);

    first.end();
    greet(await streams.next());
    const refusedAfterBreak = refused.count;
    server?.forceShutdown();

    assert.equal(await refused.next(), n2);
    assert.equal(refusedAfterBreak, 0);
    // Told anew with each attempt.
    assert.equal(await refused.next(), n2);
  });

  it("gives up a peer that takes the call and never greets", async () => {
    const one = linkTo(await listen(theirs));
    await streams.next();

    await broken.next();
    await streams.next();

    assert.ok(!one.isUp);
  });

  it("finds its peer although its first connection is taken and never answered", async () => {
    const port = await listen(theirs);
    way = createServer((socket) => {
      sockets.push(socket.on("error", () => undefined));
      // The first one hangs, as if its packets were lost for good.
      if (sockets.length === 1) return;
      const peer = connect(port, "127.0.0.1").on("error", () => undefined);
      sockets.push(peer);
      socket.pipe(peer).pipe(socket);
    }).listen(0, "127.0.0.1");
    await once(way, "listening");

    const one = linkTo((way.address() as AddressInfo).port);
    greet(await streams.next());
    await untilUp(one);

    assert.ok(one.isUp);
  });

  it("is not up with a peer that speaks another protocol", async () => {
    const one = linkTo(await listen(theirs));
    greet(await streams.next(), 2);

    await broken.next();

    assert.ok(!one.isUp);
  });

  it("never talks to another node than the one it means, though its certificate is good", async () => {
    const one = linkTo(
      await listen(await authority.issue([nodeUri(identityOf(n2), nodeId("n3"))])),
    );

    await broken.next();
    await broken.next();

    assert.ok(!one.isUp);
    assert.equal(streams.count, 0);
  });

  it("breaks with a peer that takes nothing in, rather than queue without a bound", async () => {
    const one = linkTo(await listen(theirs));
    const stream = await streams.next();
    await firstFrame(stream);
    stream.pause();
    greet(stream);
    await untilUp(one);

    const frame: PeerFrame = { message: { appendRequest: { entries: [new Uint8Array(1 << 20)] } } };
    let sent = 0;
    while (one.isUp && sent < 100) {
      one.send(frame, 1 << 20);
      sent += 1;
    }

    assert.ok(sent >= 16 && sent < 20, `${sent} MiB were taken`);
    assert.equal(await broken.next(), n2);
  });

  it("calls nobody once it is closed, and tells nobody", async () => {
    const one = linkTo(await listen(theirs));
    await streams.next();

    one.close();
    one.close();

    assert.equal(broken.count, 0);
    assert.ok(!one.isUp);
  });
});
