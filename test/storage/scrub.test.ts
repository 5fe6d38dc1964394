// Damage that comes while a node runs, and work on the files that is no damage.
import { strict as assert } from "node:assert";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { logIndex } from "../../src/base/ids.ts";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { openDatabase, type Change, type Database } from "../../src/storage/database.ts";
import { frame, unframe } from "../../src/storage/frame.ts";
import {
  entryKey,
  firstGeneration,
  headKey,
  secretRowKey,
  stateKey,
} from "../../src/storage/keys.ts";
import { Pace } from "../../src/storage/pace.ts";
import { scrubFiles, scrubRows } from "../../src/storage/scrub.ts";
import { folderInMemory, type TemporaryFolder } from "../support/temporary-folder.ts";
import { compact, live, nameOf, openStore } from "./example-data.ts";

/** As fast as it goes: time stands still. */
function unhurried(): Pace {
  return new Pace({ bytesPerSecond: 1e12, monotonicMs: () => 0, pause: () => Promise.resolve() });
}

async function lived(): Promise<TemporaryFolder> {
  const folder = await folderInMemory();
  {
    await using store = await openStore(folder.path);
    await live(store, { first: 1, last: 60 });
  }
  await compact(folder.path);
  {
    await using store = await openStore(folder.path);
    await live(store, { first: 61, last: 100 });
  }
  return folder;
}

async function withDatabase<Result>(
  folder: TemporaryFolder,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const database = await openDatabase(join(folder.path, "db"));
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

function secretKey(place: number): Uint8Array {
  return stateKey(firstGeneration, secretRowKey(nameOf(place)));
}

function needed(database: Database, key: Uint8Array): Uint8Array {
  const row = database.get(key);
  assert.ok(row !== undefined);
  return row;
}

function put(key: Uint8Array, value: Uint8Array): Change {
  return { type: "put", key, value };
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  writeFileSync(path, bytes);
}

describe("scrubRows", () => {
  it("reads every entry and every state row, and finds nothing in whole data", async () => {
    await using folder = await lived();
    await withDatabase(folder, async (database) => {
      const { rows, entries } = await scrubRows(database, unhurried());

      assert.equal(entries, 100);
      assert.ok(rows > 100, `${rows} rows`);
    });
  });

  it("reads the database as it is at its beginning, whatever is written meanwhile", async () => {
    await using folder = await lived();
    await withDatabase(folder, async (database) => {
      let isTouched = false;
      const pace = new Pace({
        bytesPerSecond: 1,
        monotonicMs: () => 0,
        pause: async () => {
          if (isTouched) return;
          isTouched = true;
          await database.write([{ type: "del", key: secretKey(3) }]);
        },
      });

      await scrubRows(database, pace);

      assert.ok(isTouched);
      await assert.rejects(scrubRows(database, unhurried()), /the state rows do not add up/);
    });
  });

  for (const [what, changesOf, says] of [
    [
      "a row that is not as it was written",
      (database) => {
        const row = Uint8Array.from(needed(database, secretKey(3)));
        row[20] = (row[20] ?? 0) ^ 1;
        return [put(secretKey(3), row)];
      },
      /a row does not match its checksum \(a state row, key 20/,
    ],
    [
      "a row that is an older one, well made",
      (database) => {
        const other = unframe(secretKey(4), needed(database, secretKey(4)), "a row");
        return [put(secretKey(3), frame(secretKey(3), other))];
      },
      /the state rows do not add up/,
    ],
    [
      "a missing entry",
      () => [{ type: "del", key: entryKey(logIndex(50)) }],
      /the log has a gap \(log entry 50\)/,
    ],
    [
      "a missing head",
      () => [{ type: "del", key: headKey }],
      /always there is missing \(the head\)/,
    ],
    [
      "a head that makes no sense",
      () => [put(headKey, frame(headKey, Uint8Array.of(0x12, 0xff)))],
      /Cannot read the head row/,
    ],
  ] as readonly [string, (database: Database) => readonly Change[], RegExp][]) {
    it(`names ${what}`, async () => {
      await using folder = await lived();
      await withDatabase(folder, async (database) => {
        await database.write(changesOf(database));

        await assert.rejects(scrubRows(database, unhurried()), (error) => {
          assert.ok(error instanceof CorruptionError, String(error));
          assert.match(error.message, says);
          return true;
        });
      });
    });
  }
});

describe("scrubFiles", () => {
  it("finds nothing in a database that is written to and rewritten meanwhile", async () => {
    await using folder = await folderInMemory();
    await using store = await openStore(folder.path);
    const writing = { isOn: true };
    const written = (async () => {
      for (let place = 1; place <= 600; place += 50) {
        await live(store, { first: place, last: place + 49, inBatch: 1 });
      }
      writing.isOn = false;
    })();

    let passes = 0;
    while (writing.isOn) {
      await scrubFiles(join(folder.path, "db"), unhurried());
      passes += 1;
    }

    await written;
    assert.ok(passes > 3, `${passes} passes`);
  });

  it("takes a table that LevelDB has removed meanwhile for what it is", async () => {
    await using folder = await lived();
    // Opening it makes a second table, of the log.
    await withDatabase(folder, () => Promise.resolve());
    await using other = await folderInMemory();
    cpSync(folder.path, other.path, { recursive: true });
    await compact(other.path);
    // At the first pause the manifest that was read has become an old one.
    const scrubbed = join(folder.path, "db");
    let isReplaced = false;
    const pace = new Pace({
      bytesPerSecond: 1,
      monotonicMs: () => 0,
      pause: () => {
        if (isReplaced) return Promise.resolve();
        isReplaced = true;
        replaceFiles(join(other.path, "db"), scrubbed);
        return Promise.resolve();
      },
    });

    await scrubFiles(scrubbed, pace);

    assert.ok(isReplaced);
  });

  for (const [what, pattern, at, says] of [
    ["a table", /^\d+\.ldb$/, 900, /the table's block at \d+ does not match its checksum/],
    ["a write-ahead log", /^\d+\.log$/, 5_000, /the write-ahead log is damaged/],
    ["the manifest", /^MANIFEST-/, 12, /the manifest is damaged/],
  ] as const) {
    it(`names ${what} that is damaged under an open database`, async () => {
      await using folder = await lived();
      await using store = await openStore(folder.path);
      await live(store, { first: 101, last: 140 });
      const name = readdirSync(join(folder.path, "db")).find((each) => pattern.test(each));
      assert.ok(name !== undefined);
      const path = join(folder.path, "db", name);
      flip(path, at);

      await assert.rejects(scrubFiles(join(folder.path, "db"), unhurried()), (error) => {
        assert.ok(error instanceof CorruptionError, String(error));
        assert.match(error.message, says);
        assert.ok(error.where.startsWith(path), error.where);
        return true;
      });
    });
  }
});

function replaceFiles(from: string, to: string): void {
  const fresh = readdirSync(from);
  for (const name of readdirSync(to)) {
    if (!fresh.includes(name)) rmSync(join(to, name));
  }
  for (const name of fresh) cpSync(join(from, name), join(to, name));
}

describe("Pace", () => {
  interface Timeline {
    nowMs: number;
    readonly pauses: number[];
  }

  function paceOn(timeline: Timeline, bytesPerSecond: number): Pace {
    return new Pace({
      bytesPerSecond,
      monotonicMs: () => timeline.nowMs,
      pause: (ms) => {
        timeline.pauses.push(ms);
        timeline.nowMs += ms;
        return Promise.resolve();
      },
    });
  }

  it("reads no more bytes in a second than it may", async () => {
    const timeline: Timeline = { nowMs: 0, pauses: [] };
    const pace = paceOn(timeline, 1_000_000);

    for (let step = 0; step < 2_000; step += 1) await pace.step(1_000);

    assert.ok(timeline.nowMs >= 1_980, `${timeline.nowMs} ms for two megabytes`);
    assert.ok(timeline.nowMs <= 2_100, `${timeline.nowMs} ms for two megabytes`);
  });

  it("works in slices, and no more than a twentieth of the time", async () => {
    const timeline: Timeline = { nowMs: 0, pauses: [] };
    const pace = paceOn(timeline, 1e12);

    for (let step = 0; step < 1_000; step += 1) {
      timeline.nowMs += 0.1;
      await pace.step(10);
    }

    // A tenth of a second of work in all.
    assert.ok(timeline.pauses.length >= 60, `${timeline.pauses.length} pauses`);
    assert.ok(timeline.nowMs >= 1_900, `${timeline.nowMs} ms`);
  });

  it("does not pause for next to nothing", async () => {
    const timeline: Timeline = { nowMs: 0, pauses: [] };
    const pace = paceOn(timeline, 1_000_000);

    for (let step = 0; step < 9; step += 1) await pace.step(1_000);

    assert.deepEqual(timeline.pauses, []);
  });

  it("ends when its pause does", async () => {
    const pace = new Pace({
      bytesPerSecond: 1,
      monotonicMs: () => 0,
      pause: () => Promise.reject(new Error("the node stops")),
    });

    await assert.rejects(pace.step(1), /the node stops/);
  });
});
