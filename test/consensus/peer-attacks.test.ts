// Whoever reaches the peer port and is not a peer, or does not speak like one: it loses its own
// connection, the region notices nothing, and what got as far as us is told with its reason.
import { strict as assert } from "node:assert";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  status,
  type ServiceError,
} from "@grpc/grpc-js";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { nodeId } from "../../src/base/ids.ts";
import { nodeUri, type PeerCertificates } from "../../src/consensus/peer-identity.ts";
import { peerService, type PeerClient, type PeerFrame } from "../../src/consensus/peer-service.ts";
import { internal } from "../../src/storage/internal-codec.ts";
import { commandAt } from "../storage/example-data.ts";
import { peerAuthority } from "../support/peer-certificates.ts";
import {
  cluster,
  identityOf,
  region as regionName,
  RunningRegion,
  soon,
} from "./running-region.ts";

const n1 = nodeId("n1");
const n2 = nodeId("n2");
const ownUri = nodeUri(identityOf(n2), n2);
const goodHello: PeerFrame = {
  hello: { clusterId: cluster, from: n2, to: n1, protocol: 1, incarnation: "attack" },
};

type Outgoing = PeerFrame | { readonly bytes: Uint8Array };

/** Frames as they are, or bytes that are none. */
function bytesOf(frame: Outgoing): Buffer {
  return Buffer.from("bytes" in frame ? frame.bytes : internal.PeerFrame.encode(frame).finish());
}

const Client = makeGenericClientConstructor(
  { ...peerService, Exchange: { ...peerService.Exchange, requestSerialize: bytesOf } },
  "Peer",
);

function clientTo(address: string, certificates: Partial<PeerCertificates>): PeerClient {
  const { ca, cert, key } = certificates;
  const channel = credentials.createSsl(
    ca === undefined ? null : Buffer.from(ca),
    key === undefined ? null : Buffer.from(key),
    cert === undefined ? null : Buffer.from(cert),
    // The attacker does not care whom it talks to.
    { checkServerIdentity: () => undefined },
  );
  const options = { "grpc.enable_retries": 0, "grpc.ssl_target_name_override": "holdfast-peer" };
  return new Client(address, channel, options) as unknown as PeerClient;
}

interface Exchanged {
  readonly code: number;
  readonly replies: number;
}

describe("the peer port", function () {
  this.timeout(20_000);

  let region: RunningRegion;
  let target: string;
  let termBefore: number;
  let place = 1;

  before(async () => {
    region = await RunningRegion.start();
    target = region.addressOf(n1);
  });

  after(() => region[Symbol.asyncDispose]());

  beforeEach(async () => {
    region.refused.length = 0;
    termBefore = (await region.leader()).node.status().term;
  });

  // The rule for every attack below.
  afterEach("the region goes on as if nothing had happened", async () => {
    const { node } = await region.leader();
    place += place % 5 === 4 ? 2 : 1;
    const outcome = await node.propose(commandAt(place), soon());
    const n1Node = region.running.get(n1);
    await n1Node?.readBarrier(soon());

    assert.ok(outcome.ok);
    assert.equal(node.status().term, termBefore);
    assert.deepEqual(region.fatal, []);
  });

  /** Sends frames on one stream until it ends. What one frame brings back is awaited first. */
  async function exchange(
    certificates: Partial<PeerCertificates>,
    frames: readonly Outgoing[],
  ): Promise<Exchanged> {
    const client = clientTo(target, certificates);
    const stream = client.Exchange(new Metadata());
    let replies = 0;
    const waiting = [...frames];
    const sendNext = (): void => {
      const next = waiting.shift();
      if (next !== undefined) stream.write(next as PeerFrame);
    };
    stream.on("data", () => {
      replies += 1;
      while (waiting.length > 0) sendNext();
    });
    sendNext();
    const ended = new Promise<number>((resolve) => {
      stream.on("error", (error) => {
        resolve((error as ServiceError).code);
      });
      stream.on("end", () => {
        resolve(status.OK);
      });
    });
    const code = await ended;
    client.close();
    return { code, replies };
  }

  describe("lets nobody past its door", () => {
    it("who has no certificate", async () => {
      const { ca } = await region.certificatesOf(n2);

      assert.deepEqual(await exchange({ ca }, [goodHello]), {
        code: status.UNAVAILABLE,
        replies: 0,
      });
    });

    it("whose certificate another authority signed", async () => {
      const { ca } = await region.certificatesOf(n2);
      const elsewhere = await (await peerAuthority()).issue([ownUri]);

      assert.deepEqual(await exchange({ ...elsewhere, ca }, [goodHello]), {
        code: status.UNAVAILABLE,
        replies: 0,
      });
    });

    it("who speaks no TLS", async () => {
      const socket = connectTcp(Number(target.split(":")[1]), "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write(Buffer.alloc(4_096, 0x5a));
      socket.resume();

      await once(socket, "close");
    });
  });

  for (const [who, uris] of Object.entries({
    "of a node of another cluster": [
      `spiffe://holdfast/cluster/decade/region/${regionName}/node/n2`,
    ],
    "of a node of another region": [
      `spiffe://holdfast/cluster/${cluster}/region/eu-west-1/node/n2`,
    ],
    "with two names": [ownUri, "spiffe://holdfast/other"],
    "with two names, the second of which is right": ["spiffe://holdfast/other", ownUri],
    "with a name that only begins right": [`${ownUri}/more`],
    "with nothing but a common name": [],
  })) {
    it(`turns a certificate away ${who}`, async () => {
      const certificates = await region.authority.issue(uris, "n2");

      const { code, replies } = await exchange(certificates, [goodHello]);

      assert.deepEqual({ code, replies }, { code: status.PERMISSION_DENIED, replies: 0 });
      assert.deepEqual(region.refused, ["the certificate is not that of a node of this cluster"]);
    });
  }

  it("turns away a node that is not of this region, or no longer", async () => {
    const n9 = nodeId("n9");
    const certificates = await region.certificatesOf(n9);
    const hello = { hello: { ...goodHello.hello, from: n9 } };

    const { code, replies } = await exchange(certificates, [hello]);

    assert.deepEqual({ code, replies }, { code: status.PERMISSION_DENIED, replies: 0 });
    assert.deepEqual(region.refused, ['node "n9" is not a node of this region']);
  });

  for (const name of ["n9", "another cluster"] as const) {
    it(`takes no request from ${name}, in whosever name it comes`, async () => {
      const uri =
        name === "n9"
          ? nodeUri(identityOf(n1), nodeId("n9"))
          : `spiffe://holdfast/cluster/decade/region/${regionName}/node/n2`;
      const client = clientTo(target, await region.authority.issue([uri]));
      region.handed.length = 0;

      const code = await new Promise((resolve) => {
        const request = { clusterId: cluster, operation: "DeleteSecret", remainingMs: 1_000 };
        const options = { deadline: Date.now() + 5_000 };
        client.HandOver(request, new Metadata(), options, (error) => {
          resolve(error?.code);
        });
      });

      client.close();
      assert.equal(code, status.PERMISSION_DENIED);
      assert.deepEqual(region.handed, []);
      assert.equal(region.refused.length, 1);
    });
  }

  const heartbeat: PeerFrame = { message: { term: 1_000_000, heartbeat: {} } };

  for (const [what, { frames, reason }] of Object.entries({
    "a message before the greeting": {
      frames: [heartbeat],
      reason: "the first frame is not a greeting",
    },
    "a greeting in the name of another node": {
      frames: [{ hello: { ...goodHello.hello, from: "n3" } }],
      reason: 'node "n2" calls itself "n3"',
    },
    "a greeting for another node": {
      frames: [{ hello: { ...goodHello.hello, to: "n3" } }],
      reason: 'node "n2" means to call "n3"',
    },
    "a greeting for another cluster": {
      frames: [{ hello: { ...goodHello.hello, clusterId: "decade" } }],
      reason: 'node "n2" is of another cluster',
    },
    "a greeting in another protocol": {
      frames: [{ hello: { ...goodHello.hello, protocol: 2 } }],
      reason: 'node "n2" speaks another protocol',
    },
    "bytes that are no frame": {
      frames: [{ bytes: Uint8Array.of(0x0a, 0xff, 0xff) }],
      reason: "the first frame is not a greeting",
    },
    "bytes that are no frame, after a good greeting": {
      frames: [goodHello, { bytes: Uint8Array.of(0x12, 0xff, 0xff) }, heartbeat],
      reason: 'node "n2": Cannot read a frame: it holds no message',
    },
    "a second greeting": {
      frames: [goodHello, goodHello, heartbeat],
      reason: 'node "n2": Cannot read a frame: it holds no message',
    },
    "a message of no kind": {
      frames: [goodHello, { message: { term: 1_000_000 } }, heartbeat],
      reason: `node "n2": Cannot read a message's kind: it is not there`,
    },
    "an entry that is garbage": {
      frames: [
        goodHello,
        { message: { term: 1, appendRequest: { entries: [Uint8Array.of(0x22, 0x50)] } } },
        heartbeat,
      ],
      reason: 'node "n2": Cannot read a log entry: the bytes are malformed',
    },
    "entries that do not follow each other": {
      frames: [
        goodHello,
        { message: { term: 1, appendRequest: { entries: [entryBytes(5), entryBytes(9)] } } },
        heartbeat,
      ],
      reason: 'node "n2": Cannot read an append: its entries do not follow each other',
    },
  } satisfies Record<string, { frames: readonly Outgoing[]; reason: string }>)) {
    it(`ends the stream on which came ${what}, and says why`, async () => {
      const { code, replies } = await exchange(await region.certificatesOf(n2), frames);

      const isGreeted = frames[0] === goodHello;
      assert.deepEqual(
        { code, replies },
        { code: status.PERMISSION_DENIED, replies: isGreeted ? 1 : 0 },
      );
      assert.deepEqual(region.refused, [reason]);
    });
  }

  it("ends a connection on which comes TLS and then no HTTP/2", async () => {
    const certificates = await region.certificatesOf(n2);
    const socket = connectTls({
      host: "127.0.0.1",
      port: Number(target.split(":")[1]),
      ...certificates,
      ALPNProtocols: ["h2"],
      servername: "holdfast-peer",
      checkServerIdentity: () => undefined,
    });
    socket.on("error", () => undefined);
    await once(socket, "secureConnect");
    socket.write(Buffer.alloc(64 * 1_024, 0x5a));
    socket.resume();

    await once(socket, "close");
  });

  it("ends a stream on which comes more than any message may weigh", async () => {
    const { code } = await exchange(await region.certificatesOf(n2), [
      goodHello,
      { bytes: new Uint8Array(5 * 1_024 * 1_024) },
    ]);

    assert.equal(code, status.RESOURCE_EXHAUSTED);
  });
});

function entryBytes(index: number): Uint8Array {
  return internal.LogEntry.encode({
    index,
    term: 1,
    kind: internal.EntryKind.ENTRY_KIND_EMPTY,
  }).finish();
}
