import { strict as assert } from "node:assert";
import fc from "fast-check";
import { describe, it } from "mocha";
import { InvariantViolation } from "../../src/base/assert.ts";
import { hasSameBytes, utf8 } from "../../src/base/bytes.ts";
import { logIndex, term } from "../../src/base/ids.ts";
import type { Entry } from "../../src/raft/input.ts";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { storeEntry } from "../../src/storage/entry-codec.ts";
import type { LogStore } from "../../src/storage/log-store.ts";
import { folderInMemory } from "../support/temporary-folder.ts";
import { flush, openStore } from "./example-data.ts";

function entries(first: number, last: number, inTerm = 1): Entry[] {
  return Array.from({ length: last - first + 1 }, (_, place) => ({
    index: logIndex(first + place),
    term: term(inTerm),
    kind: "command",
    payload: utf8(`entry ${first + place} of term ${inTerm}`),
  }));
}

function contents(log: LogStore): string[] {
  const texts = [];
  for (let index = 1; index <= log.lastIndex; index += 1) {
    texts.push(Buffer.from(log.entry(logIndex(index)).payload).toString());
  }
  return texts;
}

function texts(of: readonly Entry[]): string[] {
  return of.map(({ payload }) => Buffer.from(payload).toString());
}

describe("LogStore", () => {
  it("remembers its entries when opened again", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      store.log.append(entries(1, 7));
      await flush(store);
    }

    await using reopened = await openStore(folder.path);

    assert.equal(reopened.log.lastIndex, 7);
    assert.deepEqual(contents(reopened.log), texts(entries(1, 7)));
  });

  it("reads an entry that is not written yet", async () => {
    await using folder = await folderInMemory();
    await using store = await openStore(folder.path);

    store.log.append(entries(1, 3));

    assert.deepEqual(contents(store.log), texts(entries(1, 3)));
  });

  it("replaces everything from the first of the entries on, written or not", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      store.log.append(entries(1, 5));
      await flush(store);
      store.log.append(entries(6, 9));
      store.log.append(entries(3, 4, 2));
      assert.deepEqual(contents(store.log), texts([...entries(1, 2), ...entries(3, 4, 2)]));
      await flush(store);
    }

    await using reopened = await openStore(folder.path);

    assert.deepEqual(contents(reopened.log), texts([...entries(1, 2), ...entries(3, 4, 2)]));
    assert.deepEqual(reopened.recoveredLog.runs, [
      { term: 1, firstIndex: 1 },
      { term: 2, firstIndex: 3 },
    ]);
  });

  it("replaces entries that are older than what it has in memory", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      store.log.append(entries(1, 9));
      await flush(store);
    }
    {
      await using store = await openStore(folder.path);
      store.log.append(entries(4, 5, 2));
      store.log.release(logIndex(5));
      assert.deepEqual(contents(store.log), texts([...entries(1, 3), ...entries(4, 5, 2)]));
      await flush(store);
    }

    await using reopened = await openStore(folder.path);

    assert.deepEqual(contents(reopened.log), texts([...entries(1, 3), ...entries(4, 5, 2)]));
  });

  it("goes on as a list of entries would, whatever is appended, written and reopened", async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("append" as const),
        back: fc.nat(4),
        count: fc.integer({ min: 1, max: 4 }),
      }),
      fc.constant({ kind: "flush" as const }),
      fc.constant({ kind: "reopen" as const }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        await using folder = await folderInMemory();
        let store = await openStore(folder.path);
        let model: Entry[] = [];
        let written: Entry[] = [];
        let inTerm = 0;
        for (const { kind, ...rest } of steps) {
          if (kind === "append") {
            const { back, count } = rest as { back: number; count: number };
            inTerm += 1;
            const first = Math.max(1, model.length + 1 - back);
            const added = entries(first, first + count - 1, inTerm);
            model = [...model.slice(0, first - 1), ...added];
            store.log.append(added);
          } else {
            if (kind === "flush") await flush(store);
            if (kind === "flush") written = model;
            if (kind === "reopen") await store[Symbol.asyncDispose]();
            if (kind === "reopen") store = await openStore(folder.path);
            if (kind === "reopen") model = written;
          }
          assert.deepEqual(contents(store.log), texts(model));
        }
        await store[Symbol.asyncDispose]();
      }),
      { seed: Number(process.env["SEED"] ?? 1), numRuns: 60 },
    );
  });

  it("hands out as many entries as fit, and one at least", async () => {
    await using folder = await folderInMemory();
    await using store = await openStore(folder.path);
    store.log.append(entries(1, 9));
    const { length } = store.log.entry(logIndex(1)).bytes;

    const one = store.log.slice(logIndex(1), logIndex(9), 1);
    const three = store.log.slice(logIndex(1), logIndex(9), 3 * length);

    assert.deepEqual(
      one.map(({ index }) => index),
      [1],
    );
    assert.deepEqual(
      three.map(({ index }) => index),
      [1, 2, 3],
    );
  });

  it("stops at an entry of a leader that does not follow on its own", async () => {
    await using folder = await folderInMemory();
    await using store = await openStore(folder.path);
    store.log.append(entries(1, 2));
    const [third] = entries(3, 3);
    assert.ok(third !== undefined);
    const elsewhere = storeEntry(new Uint8Array(16), third);

    assert.throws(() => {
      store.log.append([elsewhere]);
    }, CorruptionError);
  });

  it("has no gaps", async () => {
    await using folder = await folderInMemory();
    await using store = await openStore(folder.path);

    assert.throws(() => {
      store.log.append(entries(2, 2));
    }, InvariantViolation);
  });

  it("keeps reading old entries once it has let go of them in memory", async () => {
    await using folder = await folderInMemory();
    await using store = await openStore(folder.path);
    const large = (index: number): Entry => ({
      index: logIndex(index),
      term: term(1),
      kind: "command",
      payload: new Uint8Array(1024 * 1024).fill(index),
    });
    for (let index = 1; index <= 70; index += 1) {
      store.log.append([large(index)]);
      if (index % 10 === 0) await flush(store);
    }

    store.log.release(logIndex(70));
    const first = store.log.entry(logIndex(1));
    store.log.append([{ ...large(3), term: term(2) }]);

    assert.ok(hasSameBytes(first.payload, large(1).payload));
    assert.equal(store.log.lastIndex, 3);
    assert.ok(hasSameBytes(store.log.entry(logIndex(2)).payload, large(2).payload));
  });

  it("lets go of entries that took the place of older ones than it had in memory", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      store.log.append(entries(1, 9));
      await flush(store);
    }
    await using store = await openStore(folder.path);
    const payload = new Uint8Array(40 * 1024 * 1024);
    const huge = [4, 5].map((index): Entry => {
      return { index: logIndex(index), term: term(2), kind: "command", payload };
    });
    store.log.append(huge);
    await flush(store);
    assert.ok(store.log.cachedBytes > 64 * 1024 * 1024);

    store.log.release(logIndex(5));

    assert.ok(store.log.cachedBytes <= 64 * 1024 * 1024, `${store.log.cachedBytes} bytes`);
    assert.equal(store.log.entry(logIndex(4)).payload.length, payload.length);
  });
});
