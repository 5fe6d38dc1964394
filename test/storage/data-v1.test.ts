// A whole data directory that the first format wrote, checked in: every later release opens it and
// reads the same. LevelDB's write-ahead log is kept as `.wal`, since `.log` is what git ignores.
// `REWRITE=1` makes the fixture if there is none; one that exists is never made anew.
import { strict as assert } from "node:assert";
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "mocha";
import { packageFolder } from "../../src/base/package-folder.ts";
import { folderInMemory } from "../support/temporary-folder.ts";
import { compact, live, openStore, readEverything } from "./example-data.ts";

const fixtures = join(packageFolder(), "test/storage/fixtures");
const directory = join(fixtures, "data-v1");
const contents = join(fixtures, "data-v1.txt");

/** LevelDB's own diary and its lock are no data. */
const isNoData = /^(LOCK|LOG|LOG\.old)$/;

function rename(folder: string, from: string, to: string): void {
  for (const name of readdirSync(folder)) {
    if (name.endsWith(from)) renameSync(join(folder, name), join(folder, name.replace(from, to)));
  }
}

async function writeFixture(): Promise<void> {
  await using folder = await folderInMemory();
  const made = join(folder.path, "made");
  {
    await using store = await openStore(made);
    await live(store, { first: 1, last: 8 });
  }
  await compact(made);
  {
    await using store = await openStore(made);
    await live(store, { first: 9, last: 14 });
  }
  for (const name of readdirSync(join(made, "db"))) {
    if (isNoData.test(name)) rmSync(join(made, "db", name));
  }
  cpSync(made, directory, { recursive: true });
  await using store = await openStore(made);
  writeFileSync(contents, `${JSON.stringify(await readEverything(store), null, 1)}\n`);
  rename(join(directory, "db"), ".log", ".wal");
}

describe("data of format 1", () => {
  before(async () => {
    if (process.env["REWRITE"] === "1" && !existsSync(directory)) await writeFixture();
  });

  it("opens, and reads as it was written", async () => {
    await using folder = await folderInMemory();
    const copy = join(folder.path, "copy");
    cpSync(directory, copy, { recursive: true });
    rename(join(copy, "db"), ".wal", ".log");

    await using store = await openStore(copy);

    const read = JSON.stringify(await readEverything(store), null, 1);
    assert.equal(`${read}\n`, readFileSync(contents, "utf8"));
  });

  it("goes on from there", async () => {
    await using folder = await folderInMemory();
    const copy = join(folder.path, "copy");
    cpSync(directory, copy, { recursive: true });
    rename(join(copy, "db"), ".wal", ".log");
    {
      await using store = await openStore(copy);
      await live(store, { first: store.log.lastIndex + 1, last: store.log.lastIndex + 10 });
    }

    await using store = await openStore(copy);

    assert.equal(store.log.lastIndex, 24);
    assert.equal(store.state.applied.position.index, 24);
  });
});
