// Real nodes that watch themselves: states that differ without any damage, disks that fill up, and
// damage to what nobody asks for.
import { strict as assert } from "node:assert";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { RefusedError } from "../../src/base/errors.ts";
import { nodeId, type NodeId } from "../../src/base/ids.ts";
import { compactionLimits } from "../../src/consensus/compaction.ts";
import type { RaftNode } from "../../src/consensus/raft-node.ts";
import { usualWatch } from "../../src/consensus/self-watch.ts";
import { decodeApplied, encodeApplied } from "../../src/storage/applied-row.ts";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { openDatabase } from "../../src/storage/database.ts";
import type { DiskSize } from "../../src/storage/disk-space.ts";
import { frame, unframe } from "../../src/storage/frame.ts";
import { appliedKey, firstGeneration, secretRowKey, stateKey } from "../../src/storage/keys.ts";
import { decodeSecret, encodeSecret } from "../../src/storage/row-codec.ts";
import { withoutRow, withRow } from "../../src/storage/state-digest.ts";
import { createNamed, RunningRegion, soon } from "./running-region.ts";

const watchful = { ...usualWatch, everyMs: 50, graceMs: 500 };

async function regionThatWatches(names?: readonly string[]): Promise<RunningRegion> {
  return RunningRegion.start(names, compactionLimits, (region) => {
    region.watch = watchful;
  });
}

let created = 0;

async function createSome(node: RaftNode, count: number): Promise<void> {
  const names = Array.from({ length: count }, () => `s-${String((created += 1))}`);
  await Promise.all(
    names.map((name) => node.propose({ ...createNamed(name), description: "x" }, soon(30_000))),
  );
}

/** Until the state is applied beyond an index, by everybody who runs. */
async function createUpTo(region: RunningRegion, index: number): Promise<void> {
  for (;;) {
    const { node } = await region.leader();
    if (node.status().applied >= index) break;
    await createSome(node, 200);
  }
  await region.until(() =>
    [...region.running.values()].every((node) => node.status().applied >= index) ? true : undefined,
  );
}

/** A row of a stopped node becomes another, and everything that is written down agrees with it. */
async function alter(region: RunningRegion, node: NodeId, name: string, to: string): Promise<void> {
  const database = await openDatabase(join(region.folderOf(node), "db"));
  const row = secretRowKey(name);
  const key = stateKey(firstGeneration, row);
  const appliedAt = appliedKey(firstGeneration);
  const before = unframe(key, database.get(key) ?? new Uint8Array(), "a row");
  const applied = decodeApplied(unframe(appliedAt, database.get(appliedAt) ?? before, "applied"));
  const after = encodeSecret({ ...decodeSecret(before), description: to });
  const digest = withRow(withoutRow(applied.digest, row, before), row, after);
  await database.write([
    { type: "put", key, value: frame(key, after) },
    { type: "put", key: appliedAt, value: frame(appliedAt, encodeApplied({ ...applied, digest })) },
  ]);
  await database.close();
}

async function restartAltered(
  region: RunningRegion,
  altered: Readonly<Record<string, string>>,
): Promise<string> {
  const { node } = await region.leader();
  const name = `altered-${String((created += 1))}`;
  await node.propose(createNamed(name), soon());
  await createSome(node, 5);
  for (const [id, description] of Object.entries(altered)) {
    const applied = (await region.leader()).node.status().applied;
    await region.until(() => {
      const status = region.running.get(nodeId(id))?.status();
      return status !== undefined && status.applied >= applied ? true : undefined;
    });
    await region.stopNode(nodeId(id));
    await alter(region, nodeId(id), name, description);
    await region.startNode(nodeId(id));
  }
  return name;
}

function assertDiverged(error: unknown, says: RegExp): void {
  assert.ok(error instanceof CorruptionError, String(error));
  assert.match(error.message, says);
}

describe("a region whose nodes compare their states", function () {
  this.timeout(180_000);

  it("stops nobody while the states are the same", async () => {
    await using region = await regionThatWatches();
    await createUpTo(region, 2_100);
    const reports = 3 * watchful.everyMs;

    await new Promise((resolve) => setTimeout(resolve, reports));

    assert.deepEqual(region.fatal, []);
    assert.deepEqual(region.refused, []);
  });

  it("stops the node whose state is another, and the others go on", async () => {
    await using region = await regionThatWatches();
    await restartAltered(region, { n2: "not what was written" });

    await createUpTo(region, 1_000);
    await region.until(() => (region.fatal.length > 0 ? true : undefined));

    assertDiverged(
      region.fatal[0],
      /after entry 1000 .* differs from the one that "n1", "n3" agree/,
    );
    await region.stopNode(nodeId("n2"));
    await createSome((await region.leader()).node, 10);
    assert.equal(region.fatal.length, 1);
    // Started by hand, it stays out.
    await assert.rejects(region.startNode(nodeId("n2")), /after entry 1000 .* "n1", "n3" agree/);
  });

  it("stops all who differ when no two agree", async () => {
    await using region = await regionThatWatches();
    await restartAltered(region, { n2: "one thing", n3: "another thing" });

    await createUpTo(region, 1_000);
    await region.until(() => (region.fatal.length === 3 ? true : undefined));

    for (const error of region.fatal) assertDiverged(error, /and no majority agrees/);
  });
});

describe("a region that runs out of room", function () {
  this.timeout(60_000);

  const plenty: DiskSize = { totalBytes: 1e12, freeBytes: 1e12 };
  const little: DiskSize = { totalBytes: 1e12, freeBytes: 1e6 };

  async function regionWithDisks(
    sizes: Map<NodeId, DiskSize>,
    names?: readonly string[],
  ): Promise<RunningRegion> {
    return RunningRegion.start(names, compactionLimits, (region) => {
      region.watch = watchful;
      region.spaceOf = (node) => ({
        settings: { reserveBytes: 4096, lowBytes: 1e8 },
        sizeAt: () => Promise.resolve(sizes.get(node) ?? plenty),
      });
    });
  }

  function createNext(node: RaftNode): Promise<unknown> {
    return node.propose(createNamed(`r-${String((created += 1))}`), soon());
  }

  function lowSpace(error: unknown): boolean {
    return error instanceof RefusedError && error.refusal.code === "low_space";
  }

  async function untilSpace(node: RaftNode, space: "low" | "enough"): Promise<void> {
    while (node.status().space !== space) {
      await new Promise((resolve) => setTimeout(resolve, watchful.everyMs / 5));
    }
  }

  it("refuses what is new on a node that is alone and low, deletes, and takes it up again", async () => {
    const disks = new Map<NodeId, DiskSize>();
    await using region = await regionWithDisks(disks, ["n1"]);
    const { node } = await region.leader();
    const kept = createNamed("kept");
    await node.propose(kept, soon());
    disks.set(nodeId("n1"), little);
    await untilSpace(node, "low");

    await assert.rejects(createNext(node), lowSpace);
    await node.readBarrier(soon());
    assert.ok(node.view.secret("kept") !== undefined);
    const { arn } = kept;
    const removal = { kind: "delete_secret", name: "kept", arn, recoveryWindowDays: 0 } as const;
    assert.equal((await node.propose(removal, soon())).ok, true);

    disks.set(nodeId("n1"), plenty);
    await untilSpace(node, "enough");
    await createNext(node);
  });

  it("is led by a node that has room, and goes on", async () => {
    const disks = new Map<NodeId, DiskSize>();
    await using region = await regionWithDisks(disks);
    const { id, node } = await region.leader();
    await createNext(node);

    disks.set(id, little);
    await untilSpace(node, "low");
    const next = await region.until(() => {
      const leaders = [...region.running].filter(([, each]) => each.status().role === "leader");
      const [leader] = leaders;
      return leader === undefined || leader[0] === id ? undefined : leader[1];
    });

    await createNext(next);
  });

  it("refuses what is new when a quorum is low, whoever leads", async () => {
    const disks = new Map<NodeId, DiskSize>();
    await using region = await regionWithDisks(disks);
    const { id } = await region.leader();
    const followers = [...region.running].filter(([each]) => each !== id);
    for (const [follower] of followers) disks.set(follower, little);
    await Promise.all(followers.map(([, follower]) => untilSpace(follower, "low")));

    for (;;) {
      const { node } = await region.leader();
      const refused = await createNext(node).then(
        () => false,
        (error: unknown) => lowSpace(error),
      );
      if (refused) break;
    }

    assert.equal((await region.leader()).node.status().space, "enough");
  });
});

describe("a node that scrubs", function () {
  this.timeout(60_000);

  it("stops at a damaged table that nobody reads, and names it", async () => {
    await using region = await RunningRegion.start(["n1"]);
    await createSome((await region.leader()).node, 50);
    // Opening makes a table of the log.
    await region.stopNode(nodeId("n1"));
    region.watch = {
      ...watchful,
      scrub: { bytesPerSecond: 1e9, firstMs: 100, everyMs: 100 },
    };
    await region.startNode(nodeId("n1"));
    await region.leader();
    const folder = join(region.folderOf(nodeId("n1")), "db");
    const table = readdirSync(folder).find((name) => name.endsWith(".ldb"));
    assert.ok(table !== undefined);
    const bytes = readFileSync(join(folder, table));
    // In its index: whether it is read as a file or by LevelDB, it is the table that is at fault.
    const at = bytes.length - 60;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(join(folder, table), bytes);

    await region.until(() => (region.fatal.length > 0 ? true : undefined));

    const [error] = region.fatal;
    assert.ok(error instanceof CorruptionError, String(error));
    assert.ok(error.where.startsWith(folder), error.where);
    assert.match(error.message, /the table's (?:block|index) |LevelDB cannot read it/);
  });

  it("reads the rows of a large store right after the start, and never serves it again", async () => {
    await using region = await RunningRegion.start(["n1"], compactionLimits, (fresh) => {
      fresh.watch = watchful;
    });
    const n1 = nodeId("n1");
    const { node } = await region.leader();
    const name = `gone-${String((created += 1))}`;
    await node.propose(createNamed(name), soon());
    // Its row is on the disk by the time these are.
    for (let round = 0; round < 5; round += 1) await createSome(node, 10);
    await region.stopNode(n1);
    const database = await openDatabase(join(region.folderOf(n1), "db"));
    const key = stateKey(firstGeneration, secretRowKey(name));
    await database.write([{ type: "del", key }]);
    await database.close();
    region.walkedAtStart = 0;

    await region.startNode(n1);
    await region.until(() => (region.fatal.length > 0 ? true : undefined));
    await region.stopNode(n1);

    const [error] = region.fatal;
    assertDiverged(error, /the state rows do not add up/);
    await assert.rejects(region.startNode(n1), (again) => {
      assertDiverged(again, /the state rows do not add up: .*\(the state\) \(.*distrusted\)/);
      return true;
    });
  });

  it("goes over whole data again and again, and ends with the node", async () => {
    await using region = await RunningRegion.start(["n1"], compactionLimits, (fresh) => {
      fresh.watch = { ...watchful, scrub: { bytesPerSecond: 1e9, firstMs: 1, everyMs: 1 } };
    });
    const { node } = await region.leader();

    for (let round = 0; round < 20; round += 1) await createSome(node, 20);
    await region.stopNode(nodeId("n1"));

    assert.deepEqual(region.fatal, []);
  });
});
