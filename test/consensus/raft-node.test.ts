// Three nodes as they run: what they do together when nobody is hostile and some are absent.
import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { RefusedError } from "../../src/base/errors.ts";
import { logIndex, nodeId, type NodeId } from "../../src/base/ids.ts";
import type { RaftNode } from "../../src/consensus/raft-node.ts";
import { commandAt, nameOf } from "../storage/example-data.ts";
import { plain } from "../storage/plain.ts";
import { RunningRegion, soon } from "./running-region.ts";

function refusedWith(code: string): (error: unknown) => boolean {
  return (error) => error instanceof RefusedError && error.refusal.code === code;
}

async function names(node: RaftNode): Promise<readonly string[]> {
  const page = { direction: "ascending", after: undefined, limit: 1_000 } as const;
  return (await node.view.namesByOrder(page)).map(({ name }) => name);
}

describe("RaftNode", function () {
  this.timeout(30_000);

  let region: RunningRegion;
  let place = 1;

  before(async () => {
    region = await RunningRegion.start();
  });

  after(async () => {
    await region[Symbol.asyncDispose]();
    assert.deepEqual(region.fatal, []);
  });

  /** Writes a secret through the leader. Returns its name. */
  async function write(): Promise<string> {
    place += 1;
    if (place % 5 === 0) place += 1;
    const { node } = await region.leader();
    const outcome = await node.propose(commandAt(place), soon());
    assert.ok(outcome.ok);
    return nameOf(place);
  }

  async function follower(): Promise<RaftNode> {
    const [found] = await followers();
    assert.ok(found !== undefined);
    return found[1];
  }

  async function followers(): Promise<readonly (readonly [NodeId, RaftNode])[]> {
    const { id } = await region.leader();
    return [...region.running].filter(([other]) => other !== id);
  }

  it("elects one leader, whom all follow", async () => {
    const { id, node } = await region.leader();

    assert.deepEqual(node.leadership(), { kind: "leader", term: node.status().term });
    for (const [, other] of await followers()) {
      assert.deepEqual(other.leadership(), { kind: "follower", leader: id });
    }
  });

  it("shows every reader behind a barrier, on any node, what was acknowledged before", async () => {
    for (let round = 0; round < 10; round += 1) {
      const name = await write();
      await Promise.all(
        [...region.running.values()].map(async (node) => {
          await node.readBarrier(soon());
          assert.ok(node.view.secret(name), name);
        }),
      );
    }
  });

  it("answers many proposals of one turn, each with its own outcome", async () => {
    const { node } = await region.leader();
    const places = [1_001, 1_002, 1_003, 1_004, 1_001];

    const outcomes = await Promise.all(places.map((at) => node.propose(commandAt(at), soon())));

    const told = outcomes.map((outcome) => outcome.ok && outcome.reply);
    assert.deepEqual(
      told.map((reply) => reply && "name" in reply && reply.name),
      places.map(nameOf),
    );
  });

  it("tells where a write was applied, and a reader on any node an index that holds it", async () => {
    const { node } = await region.leader();
    let last = 0;
    for (const at of [3_001, 3_002]) {
      const { index } = await node.propose(commandAt(at), soon());
      assert.ok(index > last);
      last = index;

      for (const reader of region.running.values()) {
        const read = await reader.readBarrier(soon());
        assert.equal(read, reader.status().applied);
        assert.ok(read >= index);
      }
    }
  });

  it("refuses a proposal on a follower for certain", async () => {
    const node = await follower();

    await assert.rejects(node.propose(commandAt(2), soon()), refusedWith("no_leader"));
  });

  it("hands a request to the leader, whole, with the time that is left", async () => {
    const { id } = await region.leader();
    const asking = await follower();
    region.handed.length = 0;
    const request = {
      operation: "PutSecretValue",
      body: Uint8Array.of(1, 2, 3),
      principal: Uint8Array.of(4, 5),
      requestId: "request-1",
      ...soon(5_000),
    };

    const answer = await asking.handOver(request);

    assert.deepEqual(plain(answer), plain({ ok: true, body: request.body }));
    const [handed] = region.handed;
    assert.equal(handed?.at, id);
    const { deadlineMs, ...whole } = handed.request;
    const { deadlineMs: asked, ...sent } = request;
    assert.deepEqual(plain(whole), plain(sent));
    assert.ok(Math.abs(deadlineMs - asked) < 1_000);
  });

  it("hands back the index that the leader tells of", async () => {
    const asking = await follower();
    region.onHandedOver = () =>
      Promise.resolve({ ok: true, body: Uint8Array.of(7), index: logIndex(4_294_967_296) });

    const answer = await asking.handOver(requestWith(soon()));

    assert.ok(answer.ok);
    assert.equal(answer.index, 4_294_967_296);
  });

  it("passes on what the leader refuses, with its facts", async () => {
    const asking = await follower();
    const refusal = { code: "secret_exists", facts: { name: "db" } } as const;
    region.onHandedOver = () => Promise.resolve({ ok: false, refusal });

    const answer = await asking.handOver(requestWith(soon()));

    assert.deepEqual(answer, { ok: false, refusal });
  });

  it("asks again when the leader says for certain that it did nothing", async () => {
    const asking = await follower();
    let asked = 0;
    region.onHandedOver = () => {
      asked += 1;
      if (asked < 3) return Promise.reject(new RefusedError({ code: "no_leader", facts: {} }));
      return Promise.resolve({ ok: true, body: Uint8Array.of(7) });
    };

    const answer = await asking.handOver(requestWith(soon()));

    assert.deepEqual(plain(answer), plain({ ok: true, body: Uint8Array.of(7) }));
    assert.equal(asked, 3);
  });

  it("says that the outcome is unknown when the leader breaks off, or takes too long", async () => {
    const asking = await follower();
    region.onHandedOver = () => Promise.reject(new Error("a bug"));
    await assert.rejects(asking.handOver(requestWith(soon())), refusedWith("outcome_unknown"));

    region.onHandedOver = () => new Promise(() => undefined);
    await assert.rejects(asking.handOver(requestWith(soon(200))), refusedWith("outcome_unknown"));
  });

  it("serves a request by itself if it has come to lead", async () => {
    const { id, node } = await region.leader();
    region.handed.length = 0;
    region.onHandedOver = (_, { body }) => Promise.resolve({ ok: true, body: body.slice() });

    await node.handOver(requestWith(soon()));

    assert.deepEqual(
      region.handed.map(({ at }) => at),
      [id],
    );
  });

  it("goes on without its leader, and loses nothing that was acknowledged", async () => {
    const written = [await write(), await write()];
    const { id, node } = await region.leader();
    const { term } = node.status();

    await region.stopNode(id);
    const after = await region.leader();
    written.push(await write());

    assert.notEqual(after.id, id);
    assert.ok(after.node.status().term > term);
    for (const other of region.running.values()) {
      await other.readBarrier(soon());
      for (const name of written) assert.ok(other.view.secret(name), name);
    }
  });

  it("catches a node up that was away", async () => {
    const away = [nodeId("n1"), nodeId("n2"), nodeId("n3")].find((id) => !region.running.has(id));
    assert.ok(away !== undefined);
    const last = [await write(), await write()].at(-1);

    const back = await region.startNode(away);
    await region.leader();
    await back.readBarrier(soon());

    const { node } = await region.leader();
    assert.ok((await names(back)).includes(last ?? ""));
    assert.deepEqual(await names(back), await names(node));
    assert.deepEqual(back.view.counters(), node.view.counters());
  });

  it("neither writes nor reads without a quorum, and says so in time", async () => {
    const { node } = await region.leader();
    for (const [id] of await followers()) await region.stopNode(id);

    const [write, read] = await Promise.allSettled([
      node.propose(commandAt(2_001), soon(600)),
      node.readBarrier(soon(600)),
    ]);

    assert.ok(write.status === "rejected" && refusedWith("outcome_unknown")(write.reason));
    assert.ok(read.status === "rejected" && read.reason instanceof RefusedError);
    assert.match(read.reason.refusal.code, /^(timed_out|no_leader)$/);
  });

  it("leaves nobody waiting when it stops", async () => {
    const [[id, node] = []] = [...region.running];
    assert.ok(id !== undefined && node !== undefined);
    const reading = node.readBarrier(soon(60_000));

    const [read] = await Promise.allSettled([reading, region.stopNode(id)]);

    assert.ok(read.status === "rejected" && refusedWith("no_leader")(read.reason));
  });

  it("comes back whole after all of it was stopped", async () => {
    const ids = [nodeId("n1"), nodeId("n2"), nodeId("n3")];
    await Promise.all(ids.map((id) => region.startNode(id)));

    const name = await write();
    const { node } = await region.leader();
    await node.readBarrier(soon());

    assert.ok((await names(node)).includes(name));
    assert.ok((await names(node)).length > 10);
  });

  it("lets its process end once it has stopped", async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "short-life.js")], {
      stdio: "inherit",
      timeout: 15_000,
    });

    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];

    assert.deepEqual({ code, signal }, { code: 0, signal: null });
  });
});

function requestWith({ deadlineMs }: { readonly deadlineMs: number }) {
  return {
    operation: "PutSecretValue",
    body: Uint8Array.of(1),
    principal: Uint8Array.of(2),
    requestId: "request-2",
    deadlineMs,
  };
}
