// Damage to what a node derives of its state: found at the start and by the scrub, like any other.
import { strict as assert } from "node:assert";
import { join } from "node:path";
import { describe, it } from "mocha";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { openDatabase, type Change, type Database } from "../../src/storage/database.ts";
import { encodeProgress } from "../../src/storage/derived-progress.ts";
import { readProgress } from "../../src/storage/derived-rows.ts";
import { frame } from "../../src/storage/frame.ts";
import { derivedRowsOf, firstGeneration, progressKey } from "../../src/storage/keys.ts";
import { Pace } from "../../src/storage/pace.ts";
import { scrubRows } from "../../src/storage/scrub.ts";
import { folderInMemory, type TemporaryFolder } from "../support/temporary-folder.ts";
import { live, openStore } from "./example-data.ts";

const first = { generation: firstGeneration, make: 1 };

/** The bytes of one derived row changed by one bit. */
async function flipped(database: Database): Promise<Change> {
  const [row] = await database.page(derivedRowsOf(first), { limit: 1, reverse: true });
  assert.ok(row !== undefined);
  const [key, value] = row;
  const last = value.length - 1;
  value[last] = (value[last] ?? 0) ^ 1;
  return { type: "put", key, value };
}

async function tampered(
  changesOf: (database: Database) => Promise<readonly Change[]>,
): Promise<TemporaryFolder> {
  const folder = await folderInMemory();
  {
    await using store = await openStore(folder.path);
    await live(store, { first: 1, last: 20 });
  }
  const database = await openDatabase(join(folder.path, "db"));
  await database.write(await changesOf(database));
  await database.close();
  return folder;
}

async function scrub(folder: TemporaryFolder): Promise<unknown> {
  const database = await openDatabase(join(folder.path, "db"));
  try {
    const pause = (): Promise<void> => Promise.resolve();
    return await scrubRows(
      database,
      new Pace({ bytesPerSecond: 1e12, monotonicMs: () => 0, pause }),
    );
  } finally {
    await database.close();
  }
}

describe("checkedDerivedRows", () => {
  for (const [what, changesOf, says] of [
    [
      "a derived row that is not as it was written",
      async (database) => [await flipped(database)],
      /a row does not match its checksum \(a derived row, key 22/,
    ],
    [
      "a progress row that is not as it was written",
      () =>
        Promise.resolve([
          {
            type: "put",
            key: progressKey(first.generation),
            value: Uint8Array.of(1, 0, 0, 0, 0, 9),
          },
        ]),
      /a row does not match its checksum \(the progress of derived rows/,
    ],
    [
      "a progress row that makes no sense",
      () => {
        const key = progressKey(first.generation);
        return Promise.resolve([
          { type: "put", key, value: frame(key, Uint8Array.of(0x12, 0xff)) },
        ]);
      },
      /Cannot read the progress of derived rows/,
    ],
  ] as readonly [string, (database: Database) => Promise<readonly Change[]>, RegExp][]) {
    it(`stops the start, and the scrub, at ${what}`, async () => {
      await using folder = await tampered(changesOf);

      for (const look of [() => openStore(folder.path), () => scrub(folder)]) {
        await assert.rejects(look(), (error) => {
          assert.ok(error instanceof CorruptionError, String(error));
          assert.match(error.message, says);
          return true;
        });
      }
    });
  }

  it("does not look at rows that are nobody's", async () => {
    await using folder = await tampered(async (database) => {
      const progress = readProgress(database, first.generation);
      assert.ok(progress !== undefined);
      const key = progressKey(first.generation);
      const value = frame(key, encodeProgress({ ...progress, make: 2 }));
      return [await flipped(database), { type: "put", key, value }];
    });

    await scrub(folder);
    await using store = await openStore(folder.path);
    await store.dropFormerState();
  });
});
