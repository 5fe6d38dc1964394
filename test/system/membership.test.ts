import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { startOf } from "../../cluster/local/node-config.ts";
import { nodePlaces } from "../../cluster/local/places.ts";
import { runHoldfast, type Run } from "../cli/run-holdfast.ts";
import { PlainClient } from "./plain-client.ts";
import { regionName, TestRegion, until } from "./test-region.ts";
import { differences, WriteLoad } from "./write-load.ts";

const nodeProgram = join(import.meta.dirname, "../../src/server/main.js");

describe("a region whose members change", function () {
  this.timeout(60_000);

  let region: TestRegion;
  let load: WriteLoad;
  /** The follower that loses its disk, and the copy of its data that somebody kept. */
  let lost: string;
  let copy: string;

  before(async () => {
    region = await TestRegion.open();
    load = new WriteLoad(region.clients());
    await load.untilMore(20);
  });

  after(async () => {
    await load.stop().finally(() => region[Symbol.asyncDispose]());
  });

  /** Asks whatever node answers, as a person would who knows them all. */
  function holdfast(line: string): Promise<Run> {
    const endpoints = region.nodes().filter(({ pid }) => pid !== null);
    const HOLDFAST_ENDPOINT = endpoints.map(({ grpc }) => grpc).join(",");
    const environment = { ...region.environment, HOLDFAST_ENDPOINT };
    return runHoldfast(line.split(" "), { environment });
  }

  async function standings(): Promise<Readonly<Record<string, string>>> {
    using client = clientOf((await region.fleet.waitLeader(regionName)).id);
    const { members } = await client.call("ListMembers", {});
    const listed = members as readonly { readonly nodeId: string; readonly standing: string }[];
    return Object.fromEntries(listed.map(({ nodeId, standing }) => [nodeId, standing]));
  }

  async function follower(): Promise<string> {
    const leader = await region.fleet.waitLeader(regionName);
    const found = region.nodes().find(({ id, pid }) => id !== leader.id && pid !== null);
    assert.ok(found !== undefined);
    return found.id;
  }

  function clientOf(nodeId: string): PlainClient {
    const { grpc } = region.node(nodeId);
    return new PlainClient(grpc, {
      ca: region.ca,
      token: region.environment["HOLDFAST_TOKEN"] ?? "",
    });
  }

  /** Runs a node by hand, as somebody might who finds its folder, and tells how it ended. */
  async function runByHand(
    nodeId: string,
  ): Promise<{ readonly code: number; readonly log: string }> {
    const { config } = nodePlaces(region.home, regionName, nodeId);
    const child = spawn(process.execPath, [nodeProgram, "--config", config]);
    let log = "";
    child.stdout.on("data", (piece: Buffer) => (log += piece.toString()));
    const [code] = (await once(child, "close")) as [number];
    return { code, log };
  }

  it("was founded by one node, which let two others in and forgot how it began", async () => {
    const ids = region.nodes().map(({ id }) => id);

    assert.deepEqual(await standings(), Object.fromEntries(ids.map((id) => [id, "voter"])));
    for (const id of ids) {
      assert.equal(startOf(nodePlaces(region.home, regionName, id).config), undefined);
    }
  });

  it("refuses what would leave it without safety, and who is not there", async () => {
    const tooFew = await holdfast(`cluster remove ${await follower()} --yes`);
    const unknown = await holdfast("cluster remove nobody --yes");
    const used = await holdfast(`cluster add ${await follower()}`);

    assert.deepEqual([tooFew.exitCode, unknown.exitCode, used.exitCode], [1, 1, 1]);
    assert.match(tooFew.stderr, /^Only 2 voters would be left, and with fewer than three/);
    assert.match(unknown.stderr, /^The region has no member nobody; "holdfast cluster members"/);
    assert.match(used.stderr, /is, or once was, a member's/);
    assert.equal(Object.keys(await standings()).length, 3);
  });

  it("does not take a node back that lost its data", async () => {
    lost = await follower();
    const { dataDir } = region.node(lost);
    copy = `${dataDir}-copy`;
    await region.fleet.stop({ kind: "node", nodeId: lost }, "at_once");
    cpSync(dataDir, copy, { recursive: true });
    rmSync(dataDir, { recursive: true });

    await region.fleet.start({ kind: "node", nodeId: lost });
    await until(`${lost} has given up`, () => region.node(lost).role === "failed");

    const { lastExit, lastLogLine } = await region.fleet.node(lost);
    assert.match(lastExit ?? "", /^exit code 78 /);
    assert.match(lastLogLine ?? "", /^The data directory .* is empty, and the configuration does/);
    assert.equal((await standings())[lost], "voter");
  });

  it("replaces it by a fresh node in one step, and loses nothing", async () => {
    const fresh = await region.fleet.addNode(regionName, "learner");

    await until(`${fresh} has joined`, async () => (await standings())[fresh] === "learner");
    const replaced = await holdfast(`cluster replace ${lost} ${fresh}`);
    const known = [...load.acknowledged];

    assert.equal(replaced.stderr, "");
    assert.equal(replaced.stdout, `${fresh} is a voter, and ${lost} is removed for good.\n`);
    const now = await standings();
    assert.equal(now[fresh], "voter");
    assert.equal(now[lost], undefined);
    await until(`${lost} is known to be gone`, () => region.node(lost).role === "removed");
    using client = clientOf(fresh);
    assert.deepEqual(await differences(client, known), []);
    await load.untilMore(20);
  });

  it("never has the old id again, with its data or without", async () => {
    const invited = await holdfast(`cluster add ${lost}`);
    const { dataDir } = region.node(lost);
    const empty = await runByHand(lost);
    rmSync(dataDir, { recursive: true, force: true });
    renameSync(copy, dataDir);
    const withData = await runByHand(lost);

    assert.equal(invited.exitCode, 1);
    assert.match(invited.stderr, /is, or once was, a member's/);
    assert.equal(empty.code, 78);
    assert.equal(withData.code, 77, withData.log);
    assert.match(withData.log, /was removed from its region and stops for good/);
    assert.equal((await standings())[lost], undefined);
  });

  it("takes one change at a time", async () => {
    const fresh = await region.fleet.addNode(regionName, "learner");
    await until(`${fresh} has caught up`, async () => (await standings())[fresh] === "learner");
    const leader = await region.fleet.waitLeader(regionName);
    using client = clientOf(leader.id);
    const promote = () => client.call("PromoteMember", { nodeId: fresh });
    await until(`${fresh} can be promoted`, async () => {
      const results = await Promise.allSettled([promote(), promote()]);
      const refusals = results.flatMap((result) =>
        result.status === "rejected" ? [(result.reason as Error).message] : [],
      );
      if (refusals.length === 2) {
        for (const refusal of refusals) assert.match(refusal, /has not caught up/);
        return false;
      }
      assert.equal(refusals.length, 1, "one of two is refused");
      assert.match(refusals[0] ?? "", /Another change .* is under way|is a voter already/);
      return true;
    });

    assert.equal((await standings())[fresh], "voter");
  });

  it("lets its leader go, which hands over first and stays away", async () => {
    const leader = await region.fleet.waitLeader(regionName);

    const removed = await holdfast(`cluster remove ${leader.id} --yes`);

    assert.equal(removed.stderr, "");
    assert.equal(removed.exitCode, 0);
    await until(`${leader.id} is gone`, () => region.node(leader.id).role === "removed");
    assert.match((await region.fleet.node(leader.id)).lastExit ?? "", /^exit code 77 \(it was/);
    assert.equal((await standings())[leader.id], undefined);
    const next = await region.fleet.waitLeader(regionName);
    assert.notEqual(next.id, leader.id);
    await load.untilMore(20);
  });

  it("has every acknowledged version on every member, also after it was stopped and started", async () => {
    await load.stop();
    await region.fleet.stop();
    await region.fleet.ended();
    await region.launch();

    const present = region.nodes().filter(({ role }) => role !== "removed");
    assert.equal(present.length, 3);
    assert.deepEqual(Object.keys(await standings()), present.map(({ id }) => id).sort());
    console.log(`      ${load.acknowledged.length} versions acknowledged`);
    for (const [at, { id }] of present.entries()) {
      using client = clientOf(id);
      const share = load.acknowledged.filter((_version, index) => index % 3 === at);
      assert.deepEqual(await differences(client, share), []);
      assert.deepEqual(await differences(client, load.current(), "current"), []);
    }
  });
});
