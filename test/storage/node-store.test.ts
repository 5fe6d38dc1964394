import { strict as assert } from "node:assert";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { epochMs, logIndex, nodeId, term } from "../../src/base/ids.ts";
import { applyCommand } from "../../src/machine/apply.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { decodeHead } from "../../src/storage/head-row.ts";
import { unframe } from "../../src/storage/frame.ts";
import { headKey } from "../../src/storage/keys.ts";
import { NodeStore, StorageWriteError } from "../../src/storage/node-store.ts";
import { IdentityMismatchError } from "../../src/storage/recovery.ts";
import { folderInMemory } from "../support/temporary-folder.ts";
import {
  commandAt,
  entryOf,
  flush,
  identity,
  live,
  openStore,
  optionsFor,
  readEverything,
} from "./example-data.ts";
import { commandTime } from "./example-records.ts";

describe("NodeStore", () => {
  it("reads the same after a restart as before it", async () => {
    await using folder = await folderInMemory();
    let before: unknown;
    {
      await using store = await openStore(folder.path);
      await live(store, { first: 1, last: 40 });
    }
    {
      await using store = await openStore(folder.path);
      before = await readEverything(store);
    }

    await using store = await openStore(folder.path);

    assert.deepEqual(await readEverything(store), before);
  });

  it("remembers its term and its vote, and forgets the vote when it is told to", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      await flush(store, "n3");
    }
    {
      await using store = await openStore(folder.path);
      assert.deepEqual(store.recoveredHardState, { term: 1, votedFor: nodeId("n3") });
      await store.flush({
        hardState: { term: term(2), votedFor: undefined },
        commitIndex: logIndex(0),
      });
    }

    await using store = await openStore(folder.path);

    assert.deepEqual(store.recoveredHardState, { term: 2, votedFor: undefined });
  });

  it("is whole at every batch: a copy made between two of them opens at one of them", async () => {
    await using folder = await folderInMemory();
    const running = join(folder.path, "running");
    await using store = await openStore(running);

    for (let place = 1; place <= 30; place += 1) {
      const entry = entryOf(place);
      const envelope = { at: epochMs(commandTime + place), command: commandAt(place) };
      const before = store.state.applied.digest.toString(16);
      // The entry lands with one batch, and what it changes with the next.
      store.log.append([entry]);
      await flush(store);
      const logged = await openedCopy(running, join(folder.path, `logged-${place}`));
      const { changes } = applyCommand(store.state, envelope);
      store.state.absorb(changes, { index: entry.index, term: entry.term });
      await flush(store);
      const applied = await openedCopy(running, join(folder.path, `applied-${place}`));

      const digest = store.state.applied.digest.toString(16);
      assert.deepEqual(logged, { last: place, applied: place - 1, digest: before });
      assert.deepEqual(applied, { last: place, applied: place, digest });
    }
  });

  it("lands nothing of a batch before its flush, and all of it after", async () => {
    await using folder = await folderInMemory();
    const running = join(folder.path, "running");
    await using store = await openStore(running);
    await live(store, { first: 1, last: 5 });
    store.log.append([entryOf(6)]);

    const before = await openedCopy(running, join(folder.path, "before"));
    await flush(store);
    const after = await openedCopy(running, join(folder.path, "after"));

    assert.equal(before.last, 5);
    assert.equal(after.last, 6);
  });

  it("counts its batches in the same batch", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      for (let batch = 0; batch < 4; batch += 1) await flush(store);
    }

    const database = await openDatabase(join(folder.path, "db"));
    const row = database.get(headKey);
    assert.ok(row !== undefined);
    // One made the data.
    assert.equal(decodeHead(unframe(headKey, row, "the head")).batch, 5);
    await database.close();
  });

  it("refuses a directory that another node of this process has open, with a sentence", async () => {
    await using folder = await folderInMemory();
    await using store = await openStore(folder.path);
    await live(store, { first: 1, last: 3 });

    await assert.rejects(openStore(folder.path), {
      name: "Error",
      message: `Cannot open ${join(folder.path, "db")}: another process has it open`,
    });
    await live(store, { first: 4, last: 6 });
  });

  for (const [what, other] of Object.entries({
    clusterId: { ...identity, clusterId: "decade" as typeof identity.clusterId },
    region: { ...identity, region: "eu-west-1" },
    nodeId: { ...identity, nodeId: nodeId("n2") },
  })) {
    it(`refuses the data of another ${what}, and says whose it is`, async () => {
      await using folder = await folderInMemory();
      await (await openStore(folder.path))[Symbol.asyncDispose]();
      const options = { ...optionsFor(folder.path), identity: other };

      await assert.rejects(
        NodeStore.open(options, () => undefined),
        (error) => error instanceof IdentityMismatchError && error.message.includes(`to ${what} "`),
      );

      // And leaves it as it was.
      await (await openStore(folder.path))[Symbol.asyncDispose]();
    });
  }

  it("says that a write failed, and of the batch nothing", async () => {
    await using folder = await folderInMemory();
    const store = await openStore(folder.path);
    await store[Symbol.asyncDispose]();

    await assert.rejects(flush(store), StorageWriteError);
  });
});

interface OpenedCopy {
  readonly last: number;
  readonly applied: number;
  readonly digest: string;
}

/** What a node finds that lost its power now: the files as they are, opened elsewhere. */
async function openedCopy(running: string, copy: string): Promise<OpenedCopy> {
  cpSync(running, copy, { recursive: true });
  await using store = await openStore(copy);
  return {
    last: store.log.lastIndex,
    applied: store.state.applied.position.index,
    digest: store.state.applied.digest.toString(16),
  };
}
