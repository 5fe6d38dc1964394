// Whoever offers a snapshot and should not, or sends something else than it offered: it loses its
// stream, the node keeps its state, the region notices nothing.
import assert from "node:assert/strict";
import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  status,
  type ServiceError,
} from "@grpc/grpc-js";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { nodeId, type NodeId } from "../../src/base/ids.ts";
import { nodeUri, type PeerCertificates } from "../../src/consensus/peer-identity.ts";
import {
  peerService,
  type PeerClient,
  type SnapshotFrame,
  type SnapshotReply,
} from "../../src/consensus/peer-service.ts";
import type { OfferFields } from "../../src/consensus/snapshot-codec.ts";
import { internal } from "../../src/storage/internal-codec.ts";
import { packRows } from "../../src/storage/snapshot-rows.ts";
import { commandAt } from "../storage/example-data.ts";
import { peerAuthority } from "../support/peer-certificates.ts";
import {
  cluster,
  identityOf,
  region as regionName,
  RunningRegion,
  soon,
} from "./running-region.ts";

type Outgoing = SnapshotFrame | { readonly bytes: Uint8Array };

function bytesOf(frame: Outgoing): Buffer {
  return Buffer.from(
    "bytes" in frame ? frame.bytes : internal.SnapshotFrame.encode(frame).finish(),
  );
}

const Client = makeGenericClientConstructor(
  { ...peerService, SendSnapshot: { ...peerService.SendSnapshot, requestSerialize: bytesOf } },
  "Peer",
);

const chunk = packRows([{ key: Uint8Array.of(0x73, 0x61), payload: Uint8Array.of(1, 2, 3) }]);

class Attack {
  readonly #client: PeerClient;
  readonly #stream;
  readonly #replies: SnapshotReply[] = [];
  #wake: () => void = () => undefined;
  code: number | undefined;

  constructor(address: string, { ca, cert, key }: Partial<PeerCertificates>) {
    const channel = credentials.createSsl(
      ca === undefined ? null : Buffer.from(ca),
      key === undefined ? null : Buffer.from(key),
      cert === undefined ? null : Buffer.from(cert),
      { checkServerIdentity: () => undefined },
    );
    const options = { "grpc.enable_retries": 0, "grpc.use_local_subchannel_pool": 1 };
    this.#client = new Client(address, channel, options) as unknown as PeerClient;
    this.#stream = this.#client.SendSnapshot(new Metadata());
    this.#stream.on("data", (reply: SnapshotReply) => {
      this.#replies.push(reply);
      this.#wake();
    });
    this.#stream.on("error", (error) => {
      this.code = (error as ServiceError).code;
      this.#wake();
    });
  }

  /** What one frame brings: a reply, or the code with which the stream ended. */
  async send(frame: Outgoing): Promise<SnapshotReply | number> {
    this.#stream.write(frame as SnapshotFrame);
    for (;;) {
      const reply = this.#replies.shift() ?? this.code;
      if (reply !== undefined) return reply;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }
}

describe("the snapshot method", function () {
  this.timeout(5_000);

  let region: RunningRegion;
  let target: NodeId;
  let leader: NodeId;
  let term: number;
  let certificates: PeerCertificates;
  let place = 1;
  const attacks: Attack[] = [];

  before(async () => {
    region = await RunningRegion.start();
  });

  after(() => region[Symbol.asyncDispose]());

  beforeEach(async () => {
    const { id, node } = await region.leader();
    leader = id;
    term = node.status().term;
    target = [...region.running.keys()].find((other) => other !== id) ?? id;
    certificates = await region.certificatesOf(leader);
    region.refused.length = 0;
  });

  // The rule for every attack below.
  afterEach("the region goes on as if nothing had happened", async () => {
    for (const attack of attacks.splice(0)) attack.close();
    const { node } = await region.leader();
    place += place % 5 === 4 ? 2 : 1;
    const outcome = await node.propose(commandAt(place), soon());
    await region.running.get(target)?.readBarrier(soon());
    const atTarget = region.running.get(target);

    assert.ok(outcome.ok);
    assert.equal(node.status().term, term);
    assert.equal(atTarget?.view.counters().secretCount, node.view.counters().secretCount);
    assert.deepEqual(region.fatal, []);
  });

  function attack(by: Partial<PeerCertificates> = certificates): Attack {
    const made = new Attack(region.addressOf(target), by);
    attacks.push(made);
    return made;
  }

  function offer(changes: OfferFields = {}): { readonly offer: OfferFields } {
    return {
      offer: {
        hello: { clusterId: cluster, from: leader, to: target, protocol: 1, incarnation: "x" },
        term,
        snapshotId: "11111111-1111-4111-8111-111111111111",
        position: { index: 1_000_000, term },
        chain: new Uint8Array(16),
        configuration: { voters: ["n1", "n2", "n3"] },
        digest: new Uint8Array(32).fill(7),
        rowCount: 5,
        ...changes,
      },
    };
  }

  it("lets nobody in who has no certificate, or one of another authority", async () => {
    const { ca } = certificates;
    const elsewhere = await (await peerAuthority()).issue([nodeUri(identityOf(leader), leader)]);

    assert.equal(await attack({ ca }).send(offer()), status.UNAVAILABLE);
    assert.equal(await attack({ ...elsewhere, ca }).send(offer()), status.UNAVAILABLE);
  });

  it("takes nothing from a node of another cluster, or from one that is no peer", async () => {
    for (const uri of [
      `spiffe://holdfast/cluster/decade/region/${regionName}/node/${leader}`,
      nodeUri(identityOf(leader), nodeId("n9")),
    ]) {
      const stranger = attack(await region.authority.issue([uri]));

      assert.equal(await stranger.send(offer()), status.PERMISSION_DENIED);
    }
    assert.equal(region.refused.length, 2);
  });

  const hello = { from: "n9" };
  for (const [what, frames] of Object.entries({
    "a chunk before any offer": () => [{ chunk: { number: 0, rows: chunk } }],
    "an end before any offer": () => [{ end: {} }],
    "a frame that holds nothing": () => [{}],
    "bytes that are no frame": () => [offer(), { bytes: Uint8Array.of(0x12, 0xff, 0xff) }],
    "a greeting in another's name": () => [offer({ hello: { ...offer().offer.hello, ...hello } })],
    "an offer without a greeting": () => [offer({ hello: null })],
    "an offer without a name": () => [offer({ snapshotId: "" })],
    "an offer without a position": () => [offer({ position: null })],
    "an offer with a chain that is none": () => [offer({ chain: Uint8Array.of(1) })],
    "an offer with a digest that is none": () => [offer({ digest: new Uint8Array() })],
    "an offer with a member without a name": () => [offer({ configuration: { voters: [""] } })],
    "a chunk that is missing": () => [offer(), { chunk: { number: 1, rows: chunk } }],
    "a chunk that is damaged": () => [
      offer(),
      { chunk: { number: 0, rows: chunk.map((byte) => byte ^ 1) } },
    ],
    "rows that are none": () => [offer(), { chunk: { number: 0, rows: Uint8Array.of(1, 2, 3) } }],
  } satisfies Record<string, () => Outgoing[]>)) {
    it(`ends the stream after ${what}`, async () => {
      const stream = attack();
      let answer: SnapshotReply | number = 0;
      for (const frame of frames()) answer = await stream.send(frame);

      assert.ok(typeof answer === "number", `it is answered: ${JSON.stringify(answer)}`);
      assert.notEqual(answer, status.OK);
    });
  }

  it("refuses an offer of another term", async () => {
    for (const other of [term - 1, term + 1]) {
      const answer = await attack().send(offer({ term: other }));

      assert.deepEqual(
        { ...(answer as SnapshotReply) },
        { refused: `this node is in term ${String(term)}` },
      );
    }
  });

  it("needs no snapshot of what it has", async () => {
    const answer = await attack().send(offer({ position: { index: 1, term: 1 } }));

    assert.deepEqual({ ...(answer as SnapshotReply) }, { installedIndex: 1 });
  });

  it("goes on where a broken stream broke, and drops what does not add up", async () => {
    const broken = attack();
    await broken.send(offer());
    assert.deepEqual(
      { ...((await broken.send({ chunk: { number: 0, rows: chunk } })) as SnapshotReply) },
      { nextChunk: 1 },
    );
    broken.close();

    const again = attack();
    const welcome = (await again.send(offer())) as SnapshotReply;
    const verdict = (await again.send({ end: {} })) as SnapshotReply;
    const anew = (await attack().send(offer())) as SnapshotReply;

    assert.equal(welcome.nextChunk, 1);
    assert.match(verdict.refused ?? "", /do not add up/);
    assert.equal(anew.nextChunk, 0);
  });

  it("takes a second snapshot in the place of the first", async () => {
    const [first, second] = [attack(), attack()];
    await first.send(offer());
    await first.send({ chunk: { number: 0, rows: chunk } });

    const welcome = (await second.send(offer({ snapshotId: "other" }))) as SnapshotReply;
    const late = (await first.send({ chunk: { number: 1, rows: chunk } })) as SnapshotReply;
    const ended = (await first.send({ end: {} })) as SnapshotReply;

    assert.equal(welcome.nextChunk, 0);
    assert.match(late.refused ?? "", /another snapshot/);
    assert.match(ended.refused ?? "", /another snapshot/);
  });
});
