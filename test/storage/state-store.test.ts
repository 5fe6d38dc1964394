import { strict as assert } from "node:assert";
import fc from "fast-check";
import { describe, it } from "mocha";
import { InvariantViolation } from "../../src/base/assert.ts";
import { logIndex, term } from "../../src/base/ids.ts";
import { MemoryState } from "../../src/machine/memory-state.ts";
import type { OrderRange, RowChange } from "../../src/machine/state-view.ts";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { openDatabase, type Change } from "../../src/storage/database.ts";
import { firstGeneration, orderRowKey, secretRowKey, stateKey } from "../../src/storage/keys.ts";
import { NodeStore } from "../../src/storage/node-store.ts";
import { encodeSecret } from "../../src/storage/row-codec.ts";
import { StateStore } from "../../src/storage/state-store.ts";
import { emptyDigest, withRow } from "../../src/storage/state-digest.ts";
import { folderInMemory } from "../support/temporary-folder.ts";
import { flush, live, openStore, optionsFor } from "./example-data.ts";
import {
  applied,
  bareSecret,
  counters,
  fullSecret,
  keyring,
  textValue,
} from "./example-records.ts";
import { plain } from "./plain.ts";

/** Absorbs changes as the next entry, which is in the log too: the data can be opened again. */
function absorb(store: NodeStore, changes: readonly RowChange[]): void {
  const index = logIndex(store.log.lastIndex + 1);
  store.log.append([{ index, term: term(1), kind: "empty", payload: new Uint8Array() }]);
  store.state.absorb(changes, { index, term: term(1) });
}

describe("StateStore", () => {
  const changes: readonly RowChange[] = [
    { row: "secret", name: "prod/db", record: fullSecret },
    { row: "value", name: "prod/db", versionId: "v1", value: textValue },
    { row: "order", order: 7, name: "prod/db" },
    { row: "keyring", record: keyring },
    { row: "counters", counters },
  ];

  for (const moment of ["before they land", "after they landed", "after a restart"]) {
    it(`reads rows ${moment}`, async () => {
      await using folder = await folderInMemory();
      let store = await openStore(folder.path);
      absorb(store, changes);
      if (moment !== "before they land") await flush(store);
      if (moment === "after a restart") {
        await store[Symbol.asyncDispose]();
        store = await openStore(folder.path);
      }

      assert.deepEqual(plain(store.state.secret("prod/db")), plain(fullSecret));
      assert.deepEqual(plain(store.state.sealedValue("prod/db", "v1")), plain(textValue));
      assert.deepEqual(plain(store.state.keyring()), plain(keyring));
      assert.deepEqual(store.state.counters(), counters);
      assert.equal(store.state.secret("prod/d"), undefined);
      assert.equal(store.state.sealedValue("prod/db", "v"), undefined);
      await store[Symbol.asyncDispose]();
    });
  }

  it("no longer reads a row once it is removed, before that has landed and after", async () => {
    await using folder = await folderInMemory();
    await using store = await openStore(folder.path);
    absorb(store, changes);
    await flush(store);

    absorb(store, [{ row: "secret", name: "prod/db", record: undefined }]);
    const before = store.state.secret("prod/db");
    await flush(store);

    assert.equal(before, undefined);
    assert.equal(store.state.secret("prod/db"), undefined);
  });

  it("reads what was applied while an older batch is landing", async () => {
    await using folder = await folderInMemory();
    await using store = await openStore(folder.path);
    absorb(store, [{ row: "secret", name: "prod/db", record: bareSecret }]);

    const landing = flush(store);
    absorb(store, [{ row: "secret", name: "prod/db", record: fullSecret }]);
    await landing;

    assert.deepEqual(plain(store.state.secret("prod/db")), plain(fullSecret));
  });

  it("applies entries in order, once", async () => {
    await using folder = await folderInMemory();
    await using store = await openStore(folder.path);

    assert.throws(() => {
      store.state.absorb([], { index: logIndex(2), term: term(1) });
    }, InvariantViolation);
  });

  it("lists names by order as a plain state does, landed or not, in both directions", async () => {
    const change = fc
      .record({ order: fc.integer({ min: 1, max: 12 }), isThere: fc.boolean() })
      .map(({ order, isThere }): RowChange => {
        return { row: "order", order, name: isThere ? `name ${order}` : undefined };
      });
    const step = fc.oneof(
      { arbitrary: fc.array(change, { maxLength: 4 }), weight: 3 },
      { arbitrary: fc.constant("flush" as const), weight: 1 },
      { arbitrary: fc.constant("start a flush" as const), weight: 1 },
    );
    const range: fc.Arbitrary<OrderRange> = fc.record({
      direction: fc.constantFrom("ascending" as const, "descending" as const),
      after: fc.option(fc.nat(13), { nil: undefined }),
      limit: fc.integer({ min: 1, max: 15 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 12 }),
        fc.array(range, { minLength: 3, maxLength: 6 }),
        async (steps, ranges) => {
          await using folder = await folderInMemory();
          await using store = await openStore(folder.path);
          const model = new MemoryState();
          const first = Array.from({ length: 8 }, (_, place): RowChange => {
            return { row: "order", order: place + 2, name: `name ${place + 2}` };
          });
          absorb(store, first);
          model.absorb(first);
          await flush(store);
          let landing = Promise.resolve();
          for (const taken of steps) {
            if (taken === "flush" || taken === "start a flush") {
              await landing;
              landing = flush(store);
              if (taken === "flush") await landing;
            } else {
              absorb(store, taken);
              model.absorb(taken);
            }
            for (const asked of ranges) {
              assert.deepEqual(
                await store.state.namesByOrder(asked),
                await model.namesByOrder(asked),
              );
            }
          }
          await landing;
        },
      ),
      { seed: Number(process.env["SEED"] ?? 1), numRuns: 40 },
    );
  });

  it("adds up to the same digest however its rows came about", async () => {
    await using one = await folderInMemory();
    await using other = await folderInMemory();
    await using often = await openStore(one.path);
    await using once = await openStore(other.path);

    await live(often, { first: 1, last: 60, inBatch: 1 });
    await live(once, { first: 1, last: 60, inBatch: 60 });

    assert.equal(often.state.applied.digest, once.state.applied.digest);
    assert.equal(often.state.applied.rowCount, once.state.applied.rowCount);
    assert.notEqual(often.state.applied.digest, emptyDigest);
  });

  it("adds up to the sum over its rows", async () => {
    await using folder = await folderInMemory();
    await using store = await openStore(folder.path);
    absorb(store, [{ row: "secret", name: "a", record: fullSecret }]);
    absorb(store, [{ row: "secret", name: "b", record: fullSecret }]);
    absorb(store, [{ row: "secret", name: "a", record: bareSecret }]);
    absorb(store, [{ row: "secret", name: "b", record: undefined }]);
    absorb(store, [{ row: "order", order: 3, name: "a" }]);

    const secretRow = withRow(emptyDigest, secretRowKey("a"), encodeSecret(bareSecret));
    const sum = withRow(secretRow, orderRowKey(3), new TextEncoder().encode("a"));

    assert.equal(store.state.applied.digest, sum);
    assert.equal(store.state.applied.rowCount, 2);
  });

  it("tells the node of a damaged row, and then the reader", async () => {
    await using folder = await folderInMemory();
    const database = await openDatabase(folder.path);
    const reported: unknown[] = [];
    const damaged = (row: Uint8Array): Change => {
      const key = stateKey(firstGeneration, row);
      return { type: "put", key, value: Uint8Array.of(1, 0, 0, 0, 0, 9) };
    };
    await database.write([damaged(secretRowKey("prod/db")), damaged(orderRowKey(1))]);
    const state = new StateStore(database, {
      generation: firstGeneration,
      applied,
      onCorruption: (error) => reported.push(error),
    });

    assert.throws(() => state.secret("prod/db"), CorruptionError);
    await assert.rejects(
      state.namesByOrder({ direction: "ascending", after: undefined, limit: 5 }),
      CorruptionError,
    );

    assert.equal(reported.length, 2);
    assert.ok(reported.every((error) => error instanceof CorruptionError));
    await database.close();
  });

  it("takes nobody's late read for damage once the data is closed", async () => {
    await using folder = await folderInMemory();
    const reported: unknown[] = [];
    const store = await NodeStore.open(optionsFor(folder.path), (error) => reported.push(error));
    await store[Symbol.asyncDispose]();

    assert.throws(() => store.state.secret("prod/db"));

    assert.deepEqual(reported, []);
  });
});
