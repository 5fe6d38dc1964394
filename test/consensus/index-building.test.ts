// The search index of a node whose state came without one.
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "mocha";
import { logIndex, nodeId } from "../../src/base/ids.ts";
import type { CompactionLimits } from "../../src/consensus/compaction.ts";
import { IndexBuilding } from "../../src/consensus/index-building.ts";
import type { RaftNode } from "../../src/consensus/raft-node.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { forgetDerived } from "../storage/derived-example.ts";
import { live, openStore } from "../storage/example-data.ts";
import { folderInMemory } from "../support/temporary-folder.ts";
import { createNamed, RunningRegion, soon } from "./running-region.ts";

/** So little that a few dozen commands leave nobody a log to catch up from. */
const tight: CompactionLimits = {
  count: 5,
  sizeBytes: 1024 * 1024,
  countMax: 10,
  sizeBytesMax: 2 * 1024 * 1024,
  stepMin: 5,
  stepMax: 50,
};

const n3 = nodeId("n3");

async function createMany(region: RunningRegion, prefix: string, count: number): Promise<void> {
  const { node } = await region.leader();
  const names = Array.from({ length: count }, (_, place) => `${prefix}-${String(place)}`);
  await Promise.all(names.map((name) => node.propose(createNamed(name), soon())));
}

async function namesIn(node: RaftNode): Promise<readonly string[]> {
  const range = { index: "name", prefix: "", direction: "ascending", after: undefined } as const;
  return (await node.view.indexed({ ...range, limit: 1_000 })).map(({ name }) => name);
}

describe("a node that was brought its state as a whole", () => {
  it("makes its index while writes go on, and keeps it", async () => {
    await using region = await RunningRegion.start(["n1", "n2", "n3"], tight);
    await region.stopNode(n3);
    await createMany(region, "before", 150);

    const node = await region.startNode(n3);
    const { node: leader } = await region.leader();
    const goal = leader.status().applied;
    await region.until(() => (node.status().applied >= goal ? true : undefined));
    // The state came with a snapshot: what led to it is not known here.
    assert.equal(await node.view.eventsAfter(logIndex(1), 1), "too_old");
    // Each write is a moment to look again.
    let place = 0;
    for (; !node.view.isIndexComplete() && place < 1_000; place += 1) {
      await leader.propose(createNamed(`while-${String(place)}`), soon());
    }
    await node.readBarrier(soon());

    const expected = [...(await namesIn(leader))];
    assert.equal(expected.length, 150 + place);
    assert.ok(node.view.isIndexComplete());
    assert.deepEqual(await namesIn(node), expected);
    await region.stopNode(n3);
    const again = await region.startNode(n3);
    await again.readBarrier(soon());
    assert.ok(again.view.isIndexComplete());
    assert.deepEqual(await namesIn(again), expected);
    assert.deepEqual(region.fatal, []);
  });
});

describe("IndexBuilding", () => {
  it("writes nothing while the disk is low on space, and goes on when it is not", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      await live(store, { first: 1, last: 30, inBatch: 30 });
    }
    const database = await openDatabase(join(folder.path, "db"));
    await forgetDerived(database);
    await database.close();
    await using store = await openStore(folder.path);
    const { state } = store;
    const builtWhileLow: number[] = [];
    let writes = 0;

    const building = new IndexBuilding({
      state,
      monotonicMs: () => performance.now(),
      write: () => (writes += 1),
      hasRoom: () => {
        if (builtWhileLow.length === 2) return true;
        builtWhileLow.push(state.derived.builtThrough + writes);
        return false;
      },
      onFatal: (error) => {
        throw error;
      },
    });
    building.start();
    while (!state.isIndexComplete()) await new Promise((resolve) => setImmediate(resolve));
    await building.close();

    assert.deepEqual(builtWhileLow, [0, 0]);
    assert.ok(writes > 0);
  });
});
