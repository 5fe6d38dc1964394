import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { nodeId, type NodeId } from "../../src/base/ids.ts";
import type { CompactionLimits } from "../../src/consensus/compaction.ts";
import type { RaftNode } from "../../src/consensus/raft-node.ts";
import { createNamed, RunningRegion, soon } from "./running-region.ts";

/** So little that a hundred commands leave nobody a log to catch up from. */
const tight: CompactionLimits = {
  count: 20,
  sizeBytes: 1024 * 1024,
  countMax: 40,
  sizeBytesMax: 2 * 1024 * 1024,
  stepMin: 10,
  stepMax: 50,
};

const n3 = nodeId("n3");

async function createMany(region: RunningRegion, prefix: string, count: number): Promise<void> {
  const { node } = await region.leader();
  for (let made = 0; made < count; made += 20) {
    const names = Array.from({ length: 20 }, (_, which) => `${prefix}-${String(made + which)}`);
    await Promise.all(names.map((name) => node.propose(createNamed(name), soon())));
  }
}

async function caughtUp(region: RunningRegion, id: NodeId): Promise<RaftNode> {
  const { node: leader } = await region.leader();
  const goal = leader.status().applied;
  return region.until(() => {
    const node = region.running.get(id);
    return node !== undefined && node.status().applied >= goal ? node : undefined;
  });
}

describe("a snapshot between nodes", () => {
  it("brings back a node that the log no longer reaches", async () => {
    await using region = await RunningRegion.start(["n1", "n2", "n3"], tight);
    await createMany(region, "before", 20);
    await region.stopNode(n3);
    await createMany(region, "while-away", 400);

    await region.startNode(n3);
    const node = await caughtUp(region, n3);

    await node.readBarrier(soon());
    assert.equal(node.view.secret("while-away-399")?.name, "while-away-399");
    assert.equal(node.view.secret("before-0")?.name, "before-0");
    assert.equal(node.view.counters().secretCount, 420);
    assert.deepEqual(region.fatal, []);
  });

  it("of many chunks arrives while writes go on, although both ends are cut off meanwhile", async () => {
    await using region = await RunningRegion.start(["n1", "n2", "n3"], tight);
    await region.stopNode(n3);
    await createMany(region, "before", 600);
    await region.startNode(n3);
    // As soon as it has a term from its leader: the snapshot is offered, or about to be.
    await region.until(() => (region.running.get(n3)?.status().leader ? true : undefined));
    await region.stopNode(n3);
    await region.startNode(n3);
    const writing = Promise.allSettled([createMany(region, "meanwhile", 100)]);
    await region.until(() => (region.running.get(n3)?.status().leader ? true : undefined));
    await (await region.leader()).node.resign();

    // Some were refused if the lead changed hands under them.
    await writing;
    const node = await caughtUp(region, n3);

    await node.readBarrier(soon());
    const { node: leader } = await region.leader();
    assert.equal(node.view.counters().secretCount, leader.view.counters().secretCount);
    assert.equal(node.view.secret("before-599")?.name, "before-599");
    assert.deepEqual(region.fatal, []);
  });

  it("leaves a node that goes on from it, and comes back whole when it is started again", async () => {
    await using region = await RunningRegion.start(["n1", "n2", "n3"], tight);
    await region.stopNode(n3);
    await createMany(region, "first", 200);
    await region.startNode(n3);
    await caughtUp(region, n3);

    await createMany(region, "second", 40);
    await caughtUp(region, n3);
    await region.stopNode(n3);
    await region.startNode(n3);
    const node = await caughtUp(region, n3);

    await node.readBarrier(soon());
    assert.equal(node.view.secret("first-0")?.name, "first-0");
    assert.equal(node.view.secret("second-39")?.name, "second-39");
    assert.equal(node.view.counters().secretCount, 240);
    assert.deepEqual(region.fatal, []);
  });
});
