import { strict as assert } from "node:assert";
import fc from "fast-check";
import { describe, it } from "mocha";
import { epochMs, logIndex } from "../../src/base/ids.ts";
import { applyCommand } from "../../src/machine/apply.ts";
import type { Command, Envelope } from "../../src/machine/command.ts";
import { MemoryState } from "../../src/machine/memory-state.ts";
import type { IndexRange, RowChange } from "../../src/machine/state-view.ts";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { openDatabase, type Database } from "../../src/storage/database.ts";
import { indexRowKey } from "../../src/storage/derived-keys.ts";
import { stateKey, derivedPrefix, firstGeneration } from "../../src/storage/keys.ts";
import { concat } from "../../src/base/bytes.ts";
import { StateStore } from "../../src/storage/state-store.ts";
import { anyEnvelope } from "../machine/arbitrary-envelope.ts";
import { limits, target } from "../secrets/example-secret.ts";
import { folderInMemory } from "../support/temporary-folder.ts";
import { applyTo, indexNames, indexOf, land, stateIn, wholeIndex } from "./derived-example.ts";
import { applied } from "./example-records.ts";
import { plain } from "./plain.ts";

const seed = Number(process.env["SEED"] ?? 1);

function create(name: string, more: Partial<Extract<Command, { token: string }>> = {}): Envelope {
  return {
    at: epochMs(1_000),
    command: {
      kind: "create_secret",
      ...target,
      name,
      token: "t".repeat(32),
      description: undefined,
      type: undefined,
      kmsKeyId: undefined,
      tags: undefined,
      version: undefined,
      limits,
      ...more,
    },
  };
}

async function withDatabase<Result>(
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  await using folder = await folderInMemory();
  const database = await openDatabase(folder.path);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** A state with these names, half of it on the disk. */
async function withNames<Result>(
  names: readonly string[],
  work: (state: StateStore, database: Database) => Promise<Result>,
): Promise<Result> {
  return withDatabase(async (database) => {
    const state = stateIn(database);
    for (const [place, name] of names.entries()) {
      applyTo(state, create(name));
      if (place === Math.floor(names.length / 2)) await land(database, state);
    }
    return work(state, database);
  });
}

const byName: IndexRange = {
  index: "name",
  prefix: "",
  direction: "ascending",
  after: undefined,
  limit: 9,
};

describe("StateStore.indexed", () => {
  const names = ["b", "a", "ab", "a/b", "é", "b2", "B", "aa"];

  for (const [what, range, expected] of [
    ["by the bytes of their terms", {}, ["B", "a", "a/b", "aa", "ab", "b", "b2", "é"]],
    ["from the end", { direction: "descending" }, ["é", "b2", "b", "ab", "aa", "a/b", "a", "B"]],
    ["that begin with a prefix", { prefix: "a" }, ["a", "a/b", "aa", "ab"]],
    [
      "that begin with a prefix, from the end",
      { prefix: "a", direction: "descending" },
      ["ab", "aa", "a/b", "a"],
    ],
    ["that begin with a letter of two bytes", { prefix: "é" }, ["é"]],
    ["after a place", { after: { term: "a/b", order: 4 }, limit: 2 }, ["aa", "ab"]],
    ["after a place that has no entry", { after: { term: "a0", order: 99 }, limit: 1 }, ["aa"]],
    [
      "before a place",
      { after: { term: "aa", order: 8 }, direction: "descending" },
      ["a/b", "a", "B"],
    ],
    ["between the orders of one term", { after: { term: "a", order: 1 }, limit: 1 }, ["a"]],
    ["of nothing behind the last", { after: { term: "é", order: 5 } }, []],
    ["of nothing behind a prefix", { prefix: "a", after: { term: "b", order: 0 } }, []],
    [
      "of nothing before a prefix",
      { prefix: "b", after: { term: "a", order: 9 }, direction: "descending" },
      [],
    ],
    [
      "behind a place before the prefix",
      { prefix: "b", after: { term: "a", order: 9 } },
      ["b", "b2"],
    ],
    ["that nobody has", { prefix: "zz" }, []],
  ] as const) {
    it(`lists names ${what}`, async () => {
      const found = await withNames(names, (state) => state.indexed({ ...byName, ...range }));

      assert.deepEqual(
        found.map(({ name }) => name),
        expected,
      );
    });
  }

  it("lists secrets of one term in the order of creation", async () => {
    const tags = [{ key: "team", value: "core" }];
    await withDatabase(async (database) => {
      const state = stateIn(database);
      for (const name of ["z", "y", "x"]) applyTo(state, create(name, { tags }));

      const found = await state.indexed({ ...byName, index: "tag-value", prefix: "co" });

      assert.deepEqual(found, [
        { term: "core", order: 1, name: "z" },
        { term: "core", order: 2, name: "y" },
        { term: "core", order: 3, name: "x" },
      ]);
    });
  });

  it("finds a text that is longer than a term", async () => {
    const long = "x".repeat(100);
    await withDatabase(async (database) => {
      const state = stateIn(database);
      applyTo(state, create("a", { tags: [{ key: long, value: "" }] }));

      const found = await state.indexed({ ...byName, index: "tag-key", prefix: long });

      assert.deepEqual(found, [{ term: "x".repeat(64), order: 1, name: "a" }]);
    });
  });

  it("tells names apart that differ behind the end of a term, and goes on between them", async () => {
    const names = ["c", "a", "b"].map((end) => "x".repeat(100) + end);
    const found = await withNames(names, async (state) => {
      const first = await state.indexed({ ...byName, limit: 1 });
      const rest = await state.indexed({ ...byName, after: first[0] });
      return [...first, ...rest];
    });

    assert.deepEqual(
      found.map(({ name }) => name),
      [...names].sort(),
    );
  });

  it("keeps one index out of another", async () => {
    await withNames(["name"], async (state) => {
      assert.deepEqual(await state.indexed({ ...byName, index: "description" }), []);
      assert.deepEqual(await state.indexed({ ...byName, index: "tag-key" }), []);
    });
  });

  it("tells the node of a damaged row, and then the reader", async () => {
    await withDatabase(async (database) => {
      const reported: unknown[] = [];
      const state = new StateStore(database, {
        generation: firstGeneration,
        applied,
        onCorruption: (error) => reported.push(error),
      });
      const prefix = derivedPrefix(state.derived.live);
      const key = concat([prefix, indexRowKey("name", { term: "db", order: 1 })]);
      await database.write([{ type: "put", key, value: Uint8Array.of(1, 0, 0, 0, 0, 9) }]);

      await assert.rejects(state.indexed(byName), CorruptionError);

      assert.ok(reported[0] instanceof CorruptionError);
    });
  });
});

describe("StateStore.eventsAfter", () => {
  it("tells an entry as a whole, and where the next page goes on", async () => {
    await withNames(["a", "b", "c"], async (state) => {
      const at = { at: epochMs(2_000) };
      for (const name of ["a", "b"]) {
        const command = { kind: "delete_secret", ...target, name, recoveryWindowDays: 7 } as const;
        applyTo(state, { ...at, command });
      }
      const targets = ["a", "b"].map((name) => ({ ...target, name }));
      applyTo(state, { at: epochMs(1e12), command: { kind: "purge_secrets", targets } });
      applyTo(state, { at: epochMs(1e12), command: { kind: "purge_secrets", targets } });

      const told = async (after: number, limit: number) => {
        const page = await state.eventsAfter(logIndex(after), limit);
        assert.ok(page !== "too_old");
        const events = page.events.map(
          ({ index, event }) => `${index} ${event.kind} ${event.name}`,
        );
        return [...events, page.through];
      };

      assert.deepEqual(await told(0, 2), ["1 created a", "2 created b", 2]);
      assert.deepEqual(await told(2, 2), ["3 created c", "4 deletion_planned a", 4]);
      assert.deepEqual(await told(4, 2), ["5 deletion_planned b", "6 removed a", "6 removed b", 6]);
      assert.deepEqual(await told(6, 2), [7]);
      assert.deepEqual(await told(99, 2), [99], "nobody is sent back");
    });
  });

  it("keeps events of so many entries and no more, and says what it does not know", async () => {
    await withDatabase(async (database) => {
      const state = stateIn(database, 5);
      for (let place = 1; place <= 12; place += 1) {
        applyTo(state, create(`s${place}`));
        if (place === 6) await land(database, state);
      }
      await land(database, state);

      assert.equal(await state.eventsAfter(logIndex(6), 99), "too_old");
      const page = await state.eventsAfter(logIndex(7), 99);
      assert.ok(page !== "too_old");
      assert.deepEqual(
        page.events.map(({ index }) => index),
        [8, 9, 10, 11, 12],
      );
      let eventRows = 0;
      const isEvent = (key: Uint8Array): boolean => key[9] === 0x65;
      const range = { gte: Uint8Array.of(0x22), lt: Uint8Array.of(0x23) };
      for await (const [key] of database.scan(range)) if (isEvent(key)) eventRows += 1;
      assert.equal(eventRows, 5, "the others are gone from the disk");
    });
  });

  it("knows nothing of before a state that came as a whole, and everything since", async () => {
    await withNames(["a"], async (state) => {
      state.replace({ generation: 2, applied });
      const from = applied.position.index;
      applyTo(state, create("b"));

      assert.equal(await state.eventsAfter(logIndex(from - 1), 9), "too_old");
      const page = await state.eventsAfter(from, 9);
      assert.ok(page !== "too_old");
      assert.deepEqual([page.events.length, page.through], [1, from + 1]);
    });
  });
});

describe("derived rows", () => {
  it("are those of a plain state after any history, landed or not, in any page", async () => {
    const step = fc.oneof(
      { arbitrary: anyEnvelope, weight: 5 },
      { arbitrary: fc.constantFrom("land" as const, "start to land" as const), weight: 1 },
    );
    const range: fc.Arbitrary<IndexRange> = fc.record({
      index: fc.constantFrom(...indexNames),
      prefix: fc.constantFrom("", "", "d", "0", "__", "a"),
      direction: fc.constantFrom("ascending" as const, "descending" as const),
      after: fc.option(
        fc.record({ term: fc.constantFrom("", "a", "db", "0000"), order: fc.nat(4) }),
        { nil: undefined },
      ),
      limit: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40, size: "max" }),
        fc.array(range, { minLength: 3, maxLength: 3 }),
        fc.nat(20),
        async (steps, ranges, after) => {
          await withDatabase(async (database) => {
            const state = stateIn(database);
            const model = new MemoryState();
            let landing = Promise.resolve();
            for (const taken of steps) {
              if (typeof taken === "string") {
                await landing;
                landing = land(database, state);
                if (taken === "land") await landing;
                continue;
              }
              model.absorb(applyCommand(model, taken).changes);
              applyTo(state, taken);
              for (const asked of ranges) {
                assert.deepEqual(await state.indexed(asked), await model.indexed(asked));
              }
            }
            await landing;
            const expected = indexOf(model.contents().secrets.values());
            assert.deepEqual([...(await wholeIndex(state))].sort(), [...expected].sort());
            const from = logIndex(after);
            assert.deepEqual(
              plain(await state.eventsAfter(from, 3)),
              plain(await model.eventsAfter(from, 3)),
            );
          });
        },
      ),
      { seed, numRuns: 60 },
    );
  });

  it("change neither what the state adds up to nor how many rows it has", async () => {
    const changes: readonly RowChange[] = applyCommand(new MemoryState(), create("a")).changes;
    const derived = changes.filter(({ row }) => row === "index" || row === "event");
    await withNames(["a"], (state) => {
      const { digest, rowCount, position } = state.applied;

      state.absorb(derived, { ...position, index: logIndex(position.index + 1) });

      assert.equal(derived.length, 2);
      assert.deepEqual([state.applied.digest, state.applied.rowCount], [digest, rowCount]);
      return Promise.resolve();
    });
  });

  it("go with the batch of the rows they are derived of", async () => {
    await withDatabase(async (database) => {
      const state = stateIn(database);
      applyTo(state, create("a"));
      await land(database, state);
      applyTo(state, create("b"));

      const again = stateIn(database);

      assert.deepEqual(
        (await again.indexed(byName)).map(({ name }) => name),
        ["a"],
      );
      assert.ok(again.isIndexComplete());
      assert.equal(database.get(stateKey(firstGeneration, Uint8Array.of(0x69))), undefined);
    });
  });
});
