// The state of one store as a snapshot in another, over real databases.
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, it } from "mocha";
import { epochMs, logIndex, term } from "../../src/base/ids.ts";
import { applyCommand } from "../../src/machine/apply.ts";
import { openDatabase, type Database } from "../../src/storage/database.ts";
import { MalformedBytesError } from "../../src/storage/internal-codec.ts";
import { allStateRows, entriesFrom, stateRowsOf } from "../../src/storage/keys.ts";
import type { NodeStore } from "../../src/storage/node-store.ts";
import type { SnapshotMeta } from "../../src/storage/snapshot-meta.ts";
import { packRows, unpackRows } from "../../src/storage/snapshot-rows.ts";
import { SnapshotStage } from "../../src/storage/snapshot-stage.ts";
import { folderInMemory } from "../support/temporary-folder.ts";
import { commandAt, entryOf, flush, live, openStore } from "./example-data.ts";
import { commandTime } from "./example-records.ts";

const hardState = { term: term(1), votedFor: undefined };

interface Taken {
  readonly meta: SnapshotMeta;
  readonly chunks: readonly Uint8Array[];
}

/** A life of twenty-three commands, the last three of which are large: four chunks. */
async function takeSnapshot(directory: string, snapshotId = "one"): Promise<Taken> {
  await using store = await openStore(directory);
  if (store.log.lastIndex === 0) {
    await live(store, { first: 1, last: 21 });
    for (let place = 22; place <= 24; place += 1) {
      const entry = entryOf(place);
      store.log.append([entry]);
      const command = commandAt(place, 200_000);
      const envelope = { at: epochMs(commandTime + place), command };
      const { changes } = applyCommand(store.state, envelope);
      store.state.absorb(changes, { index: entry.index, term: entry.term });
      await flush(store);
    }
  }
  await using source = store.openSnapshot(snapshotId);
  const chunks = [];
  for await (const chunk of source.chunks()) chunks.push(chunk);
  return { meta: source.meta, chunks };
}

async function stageAll(store: NodeStore, { meta, chunks }: Taken): Promise<SnapshotStage> {
  const stage = await store.stageSnapshot(meta);
  for (const chunk of chunks.slice(stage.nextChunk)) await stage.add(chunk);
  return stage;
}

function stateOf(store: NodeStore): unknown {
  const { applied } = store.state;
  return { ...applied, digest: applied.digest.toString(16), counters: store.state.counters() };
}

/** How many rows there are on the disk of each generation, and of the log. */
async function rowsOnDisk(directory: string): Promise<{ state: number[]; entries: number }> {
  const database = await openDatabase(join(directory, "db"));
  const count = async (range: Parameters<typeof database.scan>[0]): Promise<number> => {
    let rows = 0;
    for await (const row of database.scan(range)) rows += row.length / 2;
    return rows;
  };
  const state = [await count(allStateRows(1)), await count(allStateRows(2))];
  state.push(await count(stateRowsOf({ from: 3, below: 9 })));
  const entries = await count(entriesFrom(logIndex(0)));
  await database.close();
  return { state, entries };
}

describe("packRows", () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  const someRows = fc.array(fc.record({ key: bytes, payload: bytes }), { maxLength: 10 });

  it("comes back from unpackRows as it was", () => {
    fc.assert(
      fc.property(someRows, (rows) => {
        const back = unpackRows(packRows(rows));
        assert.deepEqual(
          back.map(({ key, payload }) => [[...key], [...payload]]),
          rows.map(({ key, payload }) => [[...key], [...payload]]),
        );
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("leaves a chunk of which no bit can be changed, and none be missing", () => {
    const check = (rows: Parameters<typeof packRows>[0], place: number, bit: number): void => {
      const chunk = packRows(rows);
      const at = place % chunk.length;
      const damaged = chunk.map((byte, which) => (which === at ? byte ^ (1 << bit) : byte));
      assert.throws(() => unpackRows(damaged), MalformedBytesError);
      if (rows.length > 0) {
        assert.throws(() => unpackRows(chunk.subarray(0, at)), MalformedBytesError);
      }
    };
    fc.assert(fc.property(someRows, fc.nat(), fc.nat(7), check), { seed: 1, numRuns: 300 });
  });

  it("is not what any bytes are", () => {
    const check = (chunk: Uint8Array): void => {
      assert.throws(() => unpackRows(chunk), MalformedBytesError);
    };
    // Four zero bytes are the checksum of nothing.
    const garbage = fc.uint8Array({ maxLength: 60 }).filter((chunk) => chunk.some((b) => b !== 0));
    fc.assert(fc.property(garbage, check), { seed: 1, numRuns: 500 });
  });
});

describe("a snapshot in storage", function () {
  this.timeout(20_000);

  it("is the same state on the other side, and the log goes on after it", async () => {
    await using folder = await folderInMemory();
    const [one, other] = [join(folder.path, "one"), join(folder.path, "other")];
    const taken = await takeSnapshot(one);
    await using sender = await openStore(one);
    {
      await using receiver = await openStore(other);
      await live(receiver, { first: 1, last: 5 });
      const { view } = { view: receiver.state };
      await receiver.install(await stageAll(receiver, taken), hardState);

      assert.ok(taken.chunks.length >= 3);
      assert.deepEqual(stateOf(receiver), stateOf(sender));
      assert.equal(receiver.state, view);
      assert.deepEqual([receiver.log.start.index, receiver.log.lastIndex], [24, 24]);
      assert.deepEqual(receiver.log.lastChain, sender.log.lastChain);
    }
    {
      await using receiver = await openStore(other);
      await receiver.dropFormerState();
      await live(receiver, { first: 25, last: 30 });
      await live(sender, { first: 25, last: 30 });

      assert.deepEqual(stateOf(receiver), stateOf(sender));
    }
    const { state, entries } = await rowsOnDisk(other);
    assert.equal(state[0], 0);
    assert.equal(entries, 6);
  });

  it("goes on after a restart at every chunk", async () => {
    await using folder = await folderInMemory();
    const taken = await takeSnapshot(join(folder.path, "one"));
    const other = join(folder.path, "other");

    for (const [number, chunk] of taken.chunks.entries()) {
      await using receiver = await openStore(other);
      const stage = await receiver.stageSnapshot(taken.meta);
      assert.equal(stage.nextChunk, number);
      await stage.add(chunk);
      assert.equal(stage.isComplete(), number === taken.chunks.length - 1);
    }
    await using receiver = await openStore(other);
    await receiver.install(await receiver.stageSnapshot(taken.meta), hardState);

    assert.equal(receiver.state.applied.digest, taken.meta.digest);
  });

  it("that was begun is dropped for another, of which nothing is left over", async () => {
    await using folder = await folderInMemory();
    const taken = await takeSnapshot(join(folder.path, "one"));
    const small = join(folder.path, "small");
    await using sender = await openStore(small);
    await live(sender, { first: 1, last: 4 });
    await using source = sender.openSnapshot("small");
    const chunks = [];
    for await (const chunk of source.chunks()) chunks.push(chunk);
    const other = join(folder.path, "other");
    {
      await using receiver = await openStore(other);
      const former = await receiver.stageSnapshot(taken.meta);
      const [first = new Uint8Array()] = taken.chunks;
      // It is still being written when the other is offered.
      const writing = former.add(first);
      const stage = await stageAll(receiver, { meta: source.meta, chunks });
      await writing;

      assert.equal(former.isRetired, true);
      await assert.rejects(former.add(first), /replaced/);
      await receiver.install(stage, hardState);
    }

    await using reopened = await openStore(other);
    assert.equal(reopened.state.applied.digest, source.meta.digest);
  });

  it("that was discarded is begun anew, and leaves no row behind", async () => {
    await using folder = await folderInMemory();
    const taken = await takeSnapshot(join(folder.path, "one"));
    const other = join(folder.path, "other");
    await using receiver = await openStore(other);
    await (await stageAll(receiver, taken)).discard();

    const stage = await receiver.stageSnapshot(taken.meta);

    assert.equal(stage.nextChunk, 0);
    assert.deepEqual((await rowsAfterClose(receiver, other)).state, [0, 0, 0]);
  });

  for (const survived of [0, 1, 2]) {
    it(`is gone on with as a whole or not at all, if ${survived} writes of its end survive`, async () => {
      await using folder = await folderInMemory();
      const taken = await takeSnapshot(join(folder.path, "one"));
      const other = join(folder.path, "other");
      await (await openStore(other))[Symbol.asyncDispose]();
      const database = await openDatabase(join(other, "db"));
      const stage = await SnapshotStage.open(database, 1, taken.meta);
      for (const chunk of taken.chunks) await stage.add(chunk);
      let writes = 0;
      const dying: Database = {
        ...database,
        write: async (changes) => {
          writes += 1;
          if (writes > survived) throw new Error("the power is gone");
          await database.write(changes);
        },
      };

      await assert.rejects(SnapshotStage.open(dying, 1, { ...taken.meta, snapshotId: "two" }));
      const again = await SnapshotStage.open(database, 1, taken.meta);
      const kept = again.nextChunk;
      await database.close();

      const { state } = await rowsOnDisk(other);
      assert.deepEqual(
        [kept, state[1]],
        survived === 0 ? [taken.chunks.length, taken.meta.rowCount] : [0, 0],
      );
    });
  }

  for (const [what, spoil] of Object.entries({
    "lacks a chunk": (chunks: readonly Uint8Array[]) => chunks.slice(1),
    "has a chunk twice": (chunks: readonly Uint8Array[]) => [...chunks, chunks[0]],
    "has a row too many": (chunks: readonly Uint8Array[]) => [
      ...chunks,
      packRows([{ key: Uint8Array.of(0x73, 1), payload: Uint8Array.of(1) }]),
    ],
    "has another row": (chunks: readonly Uint8Array[]) =>
      chunks.map((chunk, which) => {
        if (which > 0) return chunk;
        const [first, ...others] = unpackRows(chunk);
        assert.ok(first);
        return packRows([{ ...first, payload: Uint8Array.of(9) }, ...others]);
      }),
  })) {
    it(`that ${what} does not become the state`, async () => {
      await using folder = await folderInMemory();
      const taken = await takeSnapshot(join(folder.path, "one"));
      const other = join(folder.path, "other");
      {
        await using receiver = await openStore(other);
        await live(receiver, { first: 1, last: 5 });
        const before = stateOf(receiver);
        const chunks = spoil(taken.chunks).filter((chunk) => chunk !== undefined);

        const stage = await stageAll(receiver, { meta: taken.meta, chunks });

        assert.equal(stage.isComplete(), false);
        await assert.rejects(receiver.install(stage, hardState), /only a whole snapshot/);
        await stage.discard();
        assert.deepEqual(stateOf(receiver), before);
      }
      assert.equal((await rowsOnDisk(other)).state[1], 0);
      await using reopened = await openStore(other);
      assert.equal(reopened.state.applied.position.index, 5);
    });
  }

  it("of which a chunk is damaged is as far as before that chunk", async () => {
    await using folder = await folderInMemory();
    const taken = await takeSnapshot(join(folder.path, "one"));
    await using receiver = await openStore(join(folder.path, "other"));
    const stage = await receiver.stageSnapshot(taken.meta);
    const [first = new Uint8Array()] = taken.chunks;

    await assert.rejects(stage.add(first.map((byte, at) => byte ^ (at === 99 ? 1 : 0))), {
      name: "MalformedBytesError",
    });

    assert.equal(stage.nextChunk, 0);
    await receiver.install(await stageAll(receiver, taken), hardState);
    assert.equal(receiver.state.applied.digest, taken.meta.digest);
  });

  it("is there as a whole or not at all, whenever the power goes", async () => {
    await using folder = await folderInMemory();
    const taken = await takeSnapshot(join(folder.path, "one"));
    const other = join(folder.path, "other");
    await using receiver = await openStore(other);
    await live(receiver, { first: 1, last: 5 });
    const stage = await stageAll(receiver, taken);
    const copies = ["staged", "installing", "installed", "dropped"].map((name) =>
      join(folder.path, name),
    );
    const [staged = "", installing = "", installed = "", dropped = ""] = copies;

    cpSync(other, staged, { recursive: true });
    const ending = receiver.install(stage, hardState);
    cpSync(other, installing, { recursive: true });
    await ending;
    cpSync(other, installed, { recursive: true });
    await receiver.dropFormerState();
    cpSync(other, dropped, { recursive: true });

    const found = [];
    for (const copy of copies) {
      await using store = await openStore(copy);
      const { index } = store.state.applied.position;
      assert.ok(index === 5 || index === 24);
      assert.equal(store.log.start.index, index === 5 ? 0 : 24);
      found.push(index);
      await store.dropFormerState();
    }
    assert.deepEqual([found[0], found[2], found[3]], [5, 24, 24]);
    assert.equal((await rowsOnDisk(installed)).state[0], 0);
  });

  it("installs over a log that was just compacted, and leaves no entry behind", async () => {
    await using folder = await folderInMemory();
    const taken = await takeSnapshot(join(folder.path, "one"));
    const other = join(folder.path, "other");
    {
      await using receiver = await openStore(other);
      await live(receiver, { first: 1, last: 9 });
      receiver.log.compactTo(logIndex(6));
      await receiver.install(await stageAll(receiver, taken), hardState);
    }

    assert.equal((await rowsOnDisk(other)).entries, 0);
  });
});

describe("LogStore.compactTo", () => {
  it("drops entries with the next batch, and the log is the same after a restart", async () => {
    await using folder = await folderInMemory();
    let sizeBytes: number;
    {
      await using store = await openStore(folder.path);
      await live(store, { first: 1, last: 20 });
      const whole = store.log.sizeBytes;
      const dropped = store.log.slice(logIndex(1), logIndex(12), Infinity);
      store.log.compactTo(logIndex(12));
      await flush(store);
      sizeBytes = store.log.sizeBytes;
      assert.equal(
        whole - sizeBytes,
        dropped.reduce((sum, { bytes }) => sum + bytes.length, 0),
      );
      assert.throws(() => store.log.entry(logIndex(12)), /only the log's entries/);
    }
    assert.equal((await rowsOnDisk(folder.path)).entries, 8);

    await using store = await openStore(folder.path);

    assert.deepEqual(store.recoveredLog.start, { index: 12, term: 1 });
    assert.equal(store.recoveredLog.lastIndex, 20);
    assert.equal(store.log.sizeBytes, sizeBytes);
    assert.equal(store.log.entry(logIndex(13)).index, 13);
    await live(store, { first: 21, last: 22 });
    store.log.compactTo(logIndex(22));
    assert.equal(store.log.sizeBytes, 0);
  });

  it("is undone by a crash before that batch, and nothing is lost", async () => {
    await using folder = await folderInMemory();
    const [one, copy] = [join(folder.path, "one"), join(folder.path, "copy")];
    await using store = await openStore(one);
    await live(store, { first: 1, last: 20 });

    store.log.compactTo(logIndex(12));
    cpSync(one, copy, { recursive: true });

    await using reopened = await openStore(copy);
    assert.equal(reopened.log.start.index, 0);
    assert.equal(reopened.log.entry(logIndex(1)).index, 1);
  });

  it("leaves a log whose end can still be replaced, and whose start cannot", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      await live(store, { first: 1, last: 9 });
      store.log.append([entryOf(10), entryOf(11)]);
      await flush(store);
      store.log.compactTo(logIndex(9));
      store.log.append([entryOf(10, 2)]);
      await flush(store);
      assert.equal(store.log.sizeBytes, store.log.entry(logIndex(10)).bytes.length);
      assert.throws(() => {
        store.log.append([entryOf(9, 2)]);
      }, /what is in the state/);
    }

    await using store = await openStore(folder.path);
    assert.equal(store.log.lastIndex, 10);
    assert.equal(store.recoveredLog.runs[0]?.term, 2);
  });

  it("knows what to keep by count and by size", async () => {
    await using folder = await folderInMemory();
    await using store = await openStore(folder.path);
    await live(store, { first: 1, last: 20 });
    store.log.compactTo(logIndex(5));
    const { log } = store;
    const lastTwo = log.slice(logIndex(19), logIndex(20), Infinity);
    const weight = lastTwo.reduce((sum, { bytes }) => sum + bytes.length, 0);

    assert.equal(log.firstWithin(3, Infinity), 18);
    assert.equal(log.firstWithin(15, Infinity), 6);
    assert.equal(log.firstWithin(99, Infinity), 6);
    assert.equal(log.firstWithin(99, weight), 19);
    assert.equal(log.firstWithin(99, weight - 1), 20);
    assert.equal(log.firstWithin(1, weight), 20);
    assert.equal(log.firstWithin(99, 0), 21);
    assert.equal(log.firstWithin(0, Infinity), 21);
  });
});

async function rowsAfterClose(
  store: NodeStore,
  directory: string,
): Promise<{ state: number[]; entries: number }> {
  await store[Symbol.asyncDispose]();
  return rowsOnDisk(directory);
}
