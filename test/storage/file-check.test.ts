// What is found in LevelDB's files before LevelDB sees them, and what is left alone.
import { strict as assert } from "node:assert";
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { FloorFile } from "../../src/storage/floor-file.ts";
import { folderInMemory } from "../support/temporary-folder.ts";
import { compact, live, openStore, readEverything } from "./example-data.ts";

async function contentsOf(directory: string): Promise<unknown> {
  await using store = await openStore(directory);
  return await readEverything(store);
}

function databaseFile(directory: string, pattern: RegExp): string {
  const name = readdirSync(join(directory, "db")).find((each) => pattern.test(each));
  assert.ok(name !== undefined, `there is a file ${String(pattern)}`);
  return join(directory, "db", name);
}

const walPattern = /^\d+\.log$/;
const manifestPattern = /^MANIFEST-\d+$/;

describe("checkFiles", () => {
  it("stops at a damaged write-ahead log, and with the good one nothing is lost", async () => {
    await using folder = await folderInMemory();
    const node = join(folder.path, "node");
    {
      await using store = await openStore(node);
      await live(store, { first: 1, last: 80 });
    }
    const twin = join(folder.path, "twin");
    cpSync(node, twin, { recursive: true });
    const expected = await contentsOf(twin);
    const wal = databaseFile(node, walPattern);
    const good = readFileSync(wal);
    const bad = Buffer.from(good);
    bad[9_000] = (bad[9_000] ?? 0) ^ 1;
    writeFileSync(wal, bad);

    for (let attempt = 0; attempt < 3; attempt += 1) {
      await assert.rejects(openStore(node), (error) => {
        assert.ok(error instanceof CorruptionError, String(error));
        const place = /the write-ahead log is damaged.* \((.+), byte (\d+)\)/.exec(error.message);
        assert.equal(place?.[1], wal);
        assert.ok(Number(place[2]) <= 9_000 && Number(place[2]) > 3_000, error.message);
        assert.match(error.message, /with a good copy of that file.* it starts again/);
        return true;
      });
      assert.deepEqual(readFileSync(wal), bad);
    }
    writeFileSync(wal, good);
    assert.deepEqual(await contentsOf(node), expected);
  });

  it("takes half a batch at the end for what a crash left, as long as the floor agrees", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      await live(store, { first: 1, last: 30 });
    }
    const twin = join(folder.path, "twin");
    cpSync(join(folder.path, "db"), join(twin, "db"), { recursive: true });
    copyFileSync(join(folder.path, "floor"), join(twin, "floor"));
    const expected = await contentsOf(twin);
    const wal = databaseFile(folder.path, walPattern);
    const begunBatch = readFileSync(wal).subarray(0, 60);
    for (const left of [begunBatch.subarray(0, 3), begunBatch, new Uint8Array(50_000)]) {
      await using copy = await folderInMemory();
      cpSync(folder.path, copy.path, { recursive: true });
      appendFileSync(databaseFile(copy.path, walPattern), left);

      assert.deepEqual(await contentsOf(copy.path), expected);
    }
  });

  it("lets the floor decide whether the end of the log was ever there", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      await live(store, { first: 1, last: 30 });
    }
    const wal = databaseFile(folder.path, walPattern);
    const good = readFileSync(wal);
    truncateSync(wal, good.length - 20);

    await assert.rejects(openStore(folder.path), (error) => {
      assert.ok(error instanceof CorruptionError);
      assert.match(error.message, /the last 1 of \d+ batches that were written are gone/);
      assert.ok(error.where.startsWith(wal), error.where);
      return true;
    });
    assert.deepEqual(readFileSync(wal), good.subarray(0, good.length - 20));

    // A power cut can take the floor's last word and half of the batch alike.
    const batches = FloorFile.read(join(folder.path, "floor")) ?? 0;
    FloorFile.open(join(folder.path, "floor"), batches - 1)[Symbol.dispose]();
    await using store = await openStore(folder.path);
    assert.ok(store.log.lastIndex < 30);
  });

  it("finds the newest batch in the tables when the log is empty", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      await live(store, { first: 1, last: 60 });
    }
    await compact(folder.path);
    // The log that LevelDB began is empty now; everything is in the tables.
    assert.equal(readFileSync(databaseFile(folder.path, walPattern)).length, 0);
    const floor = join(folder.path, "floor");
    const batches = FloorFile.read(floor) ?? 0;
    FloorFile.open(floor, batches + 1)[Symbol.dispose]();

    await assert.rejects(openStore(folder.path), /the last 1 of \d+ batches/);

    FloorFile.open(floor, batches)[Symbol.dispose]();
    await using store = await openStore(folder.path);
    assert.equal(store.log.lastIndex, 60);
  });

  it("does not let LevelDB begin a new database where only the manifest's name is lost", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      await live(store, { first: 1, last: 60 });
    }
    await compact(folder.path);
    const before = readdirSync(join(folder.path, "db"));
    const current = databaseFile(folder.path, /^CURRENT$/);
    renameSync(current, join(folder.path, "kept"));

    await assert.rejects(openStore(folder.path), /the file that names the manifest is missing/);

    renameSync(join(folder.path, "kept"), current);
    assert.deepEqual(readdirSync(join(folder.path, "db")), before);
    await using store = await openStore(folder.path);
    assert.equal(store.log.lastIndex, 60);
  });

  it("does not let LevelDB remove what a shortened manifest no longer names", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      await live(store, { first: 1, last: 60 });
    }
    await compact(folder.path);
    const manifest = databaseFile(folder.path, manifestPattern);
    const good = readFileSync(manifest);
    const before = readdirSync(join(folder.path, "db"));

    for (let length = 0; length < good.length; length += 1) {
      truncateSync(manifest, length);
      await assert.rejects(openStore(folder.path), CorruptionError, `cut to ${String(length)}`);
      assert.deepEqual(readdirSync(join(folder.path, "db")), before);
      writeFileSync(manifest, good);
    }

    await using store = await openStore(folder.path);
    assert.equal(store.log.lastIndex, 60);
  });

  it("goes on from a log that a crash tore, and the empty one that the next start had begun", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      await live(store, { first: 1, last: 30 });
    }
    const wal = databaseFile(folder.path, walPattern);
    appendFileSync(wal, readFileSync(wal).subarray(0, 60));
    const next = join(folder.path, "db", "000099.log");
    writeFileSync(next, "");
    {
      await using copy = await folderInMemory();
      cpSync(folder.path, copy.path, { recursive: true });
      await using store = await openStore(copy.path);
      assert.equal(store.log.lastIndex, 30);
    }
    // With anything in it, the older one cannot have been torn by the last crash.
    writeFileSync(next, "x");

    await assert.rejects(openStore(folder.path), /the write-ahead log is damaged/);
  });

  it("misses a log that the manifest names, and a table", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      await live(store, { first: 1, last: 30 });
    }
    await compact(folder.path);
    for (const [pattern, says] of [
      [walPattern, /the write-ahead log is missing/],
      [/^\d+\.ldb$/, /a table is missing/],
    ] as const) {
      const file = databaseFile(folder.path, pattern);
      const bytes = readFileSync(file);
      rmSync(file);

      await assert.rejects(openStore(folder.path), says);

      writeFileSync(file, bytes);
    }
    await (await openStore(folder.path))[Symbol.asyncDispose]();
  });
});
