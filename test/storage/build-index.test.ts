import { strict as assert } from "node:assert";
import { cpSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, it } from "mocha";
import { logIndex } from "../../src/base/ids.ts";
import { packageFolder } from "../../src/base/package-folder.ts";
import { applyCommand } from "../../src/machine/apply.ts";
import { MemoryState } from "../../src/machine/memory-state.ts";
import type { SecretRecord } from "../../src/secrets/secret.ts";
import { buildIndexStep } from "../../src/storage/build-index.ts";
import { openDatabase, type Database } from "../../src/storage/database.ts";
import { encodeProgress } from "../../src/storage/derived-progress.ts";
import { readProgress } from "../../src/storage/derived-rows.ts";
import { frame } from "../../src/storage/frame.ts";
import { firstGeneration, progressKey } from "../../src/storage/keys.ts";
import { NodeStore } from "../../src/storage/node-store.ts";
import type { StateStore } from "../../src/storage/state-store.ts";
import { anyEnvelope } from "../machine/arbitrary-envelope.ts";
import { folderInMemory } from "../support/temporary-folder.ts";
import { applyTo, forgetDerived, indexOf, land, stateIn, wholeIndex } from "./derived-example.ts";
import { flush, live, nameOf, openStore } from "./example-data.ts";

const seed = Number(process.env["SEED"] ?? 1);
const never = (): boolean => false;
const always = (): boolean => true;

async function buildAll(state: StateStore): Promise<number> {
  let steps = 0;
  for (; !state.isIndexComplete(); steps += 1) await buildIndexStep(state, never);
  return steps;
}

function secretsOf(store: NodeStore): readonly SecretRecord[] {
  return Array.from({ length: store.log.lastIndex + 1 }, (_, place) =>
    store.state.secret(nameOf(place)),
  ).filter((secret) => secret !== undefined);
}

/** A copy of the data that the first release left, in the state of its tests. */
function copyOfFirstRelease(directory: string): void {
  cpSync(join(packageFolder(), "test/storage/fixtures/data-v1"), directory, { recursive: true });
  const database = join(directory, "db");
  for (const name of readdirSync(database)) {
    if (!name.endsWith(".wal")) continue;
    renameSync(join(database, name), join(database, name.replace(".wal", ".log")));
  }
}

async function assertWhole(store: NodeStore): Promise<void> {
  const found = [...(await wholeIndex(store.state))].sort();
  assert.ok(found.length > 0);
  assert.deepEqual(found, [...indexOf(secretsOf(store))].sort());
}

async function alter(
  directory: string,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const database = await openDatabase(join(directory, "db"));
  await work(database);
  await database.close();
}

describe("buildIndexStep", () => {
  it("gives the data of the first release its index, for good", async () => {
    await using folder = await folderInMemory();
    const copy = join(folder.path, "copy");
    copyOfFirstRelease(copy);
    {
      await using store = await openStore(copy);
      assert.ok(!store.state.isIndexComplete());

      await buildAll(store.state);
      await assertWhole(store);
      await flush(store);
    }

    await using store = await openStore(copy);
    assert.ok(store.state.isIndexComplete());
    await assertWhole(store);
    assert.equal(await store.state.eventsAfter(logIndex(13), 9), "too_old");
    assert.deepEqual(await store.state.eventsAfter(logIndex(14), 9), { events: [], through: 14 });
  });

  it("goes on where it was when the node is started again", async () => {
    await using folder = await folderInMemory();
    const copy = join(folder.path, "copy");
    copyOfFirstRelease(copy);
    {
      await using store = await openStore(copy);
      for (let taken = 0; taken < 3; taken += 1) await buildIndexStep(store.state, always);
      await flush(store);
      await buildIndexStep(store.state, always);
    }

    await using store = await openStore(copy);

    assert.ok(!store.state.isIndexComplete());
    assert.equal(store.state.derived.builtThrough, 3);
    await buildAll(store.state);
    await assertWhole(store);
  });

  it("takes more secrets than it reads at once", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      await live(store, { first: 1, last: 240, inBatch: 50 });
    }
    await alter(folder.path, forgetDerived);

    await using store = await openStore(folder.path);
    const steps = await buildAll(store.state);

    assert.equal(steps, 2);
    await flush(store);
    await assertWhole(store);
  });

  it("needs no step for a node that begins with nothing", async () => {
    await using folder = await folderInMemory();
    await using store = await openStore(folder.path);

    assert.ok(store.state.isIndexComplete());
    await live(store, { first: 1, last: 30 });
    await assertWhole(store);
  });

  for (const [what, change] of [
    ["that a release without an index has moved on", { appliedIndex: logIndex(19) }],
    ["whose rows are of another format", { format: 99 }],
  ] as const) {
    it(`begins anew for data ${what}, and leaves no row of before`, async () => {
      await using folder = await folderInMemory();
      {
        await using store = await openStore(folder.path);
        await live(store, { first: 1, last: 20 });
      }
      await alter(folder.path, async (database) => {
        const before = readProgress(database, firstGeneration);
        assert.ok(before?.make === 1 && before.isComplete);
        const key = progressKey(firstGeneration);
        const value = frame(key, encodeProgress({ ...before, ...change }));
        await database.write([{ type: "put", key, value }]);
      });
      {
        await using store = await openStore(folder.path);
        assert.ok(!store.state.isIndexComplete());
        assert.deepEqual(await wholeIndex(store.state), [], "rows of before are nobody's");
        await buildAll(store.state);
        await live(store, { first: 21, last: 25 });
        await store.dropFormerState();
        await assertWhole(store);
      }

      await alter(folder.path, async (database) => {
        const makes = new Set<number>();
        const range = { gte: Uint8Array.of(0x22), lt: Uint8Array.of(0x23) };
        for await (const [key] of database.scan(range)) makes.add(key[8] ?? 0);
        assert.deepEqual([...makes], [2]);
      });
    });
  }

  it("neither loses nor doubles what changes while it goes on, landed or not", async () => {
    const step = fc.oneof(
      { arbitrary: anyEnvelope, weight: 4 },
      { arbitrary: fc.constantFrom("build" as const, "land" as const), weight: 2 },
      { arbitrary: fc.constant("build and apply" as const), weight: 2 },
    );
    let builtWhileIncomplete = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEnvelope, { minLength: 5, maxLength: 20 }),
        fc.array(step, { minLength: 5, maxLength: 30, size: "max" }),
        async (former, steps) => {
          await using folder = await folderInMemory();
          const database = await openDatabase(folder.path);
          const model = new MemoryState();
          const before = stateIn(database);
          for (const envelope of former) {
            model.absorb(applyCommand(model, envelope).changes);
            applyTo(before, envelope);
          }
          await land(database, before);
          await forgetDerived(database);
          const state = stateIn(database);

          let building = Promise.resolve();
          for (const taken of steps) {
            if (taken === "land") await land(database, state);
            else if (typeof taken === "string") {
              await building;
              if (!state.isIndexComplete()) builtWhileIncomplete += 1;
              building = buildIndexStep(state, always);
              if (taken === "build") await building;
            } else {
              model.absorb(applyCommand(model, taken).changes);
              applyTo(state, taken);
            }
          }
          await building;
          await buildAll(state);

          const expected = indexOf(model.contents().secrets.values());
          assert.deepEqual([...(await wholeIndex(state))].sort(), [...expected].sort());
          await land(database, state);
          assert.deepEqual([...(await wholeIndex(stateIn(database)))].sort(), [...expected].sort());
          await database.close();
        },
      ),
      { seed, numRuns: 60 },
    );
    assert.ok(builtWhileIncomplete > 60, `${builtWhileIncomplete} steps had something to do`);
  });
});
