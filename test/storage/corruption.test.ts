// Damage to a closed data directory, file by file and bit by bit. A node that opens it afterwards
// either refuses with a sentence and changes nothing, so that the good file makes it start again,
// or it holds exactly what was written: the damage hit nothing.
import { strict as assert } from "node:assert";
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { after, before, describe, it } from "mocha";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { Chance } from "../simulation/chance.ts";
import { folderInMemory, type TemporaryFolder } from "../support/temporary-folder.ts";
import { compact, live, openStore, readEverything } from "./example-data.ts";

type FileKind = "write-ahead log" | "table" | "manifest" | "current" | "floor";

function kindOf(file: string): FileKind | undefined {
  const name = basename(file);
  if (name.endsWith(".log")) return "write-ahead log";
  if (name.endsWith(".ldb")) return "table";
  if (name.startsWith("MANIFEST")) return "manifest";
  if (name === "CURRENT") return "current";
  return name === "floor" ? "floor" : undefined;
}

interface Tally {
  refused: number;
  unharmed: number;
}

const seed = Number(process.env["SEED"] ?? 1);
/** Bits between one flip and the next: every 61st byte, and another bit of it each time. */
const stride = 61 * 8 + 1;
const randomFlips: Readonly<Record<FileKind, number>> = {
  "write-ahead log": 150,
  table: 250,
  manifest: 60,
  current: 20,
  floor: 10,
};

describe("a damaged data directory", function () {
  this.timeout(120_000);

  let folder: TemporaryFolder;
  let whole: string;
  let contents: unknown;
  let files: readonly { readonly kind: FileKind; readonly path: string }[];

  before(async () => {
    folder = await folderInMemory();
    whole = join(folder.path, "whole");
    // Half of it is in tables, half in the write-ahead log only.
    {
      await using store = await openStore(whole);
      await live(store, { first: 1, last: 110 });
    }
    await compact(whole);
    {
      await using store = await openStore(whole);
      await live(store, { first: 111, last: 200 });
    }
    files = readdirSync(whole, { recursive: true, encoding: "utf8" }).flatMap((path) => {
      const kind = kindOf(path);
      return kind === undefined ? [] : [{ kind, path }];
    });
    await using copy = await damaged(() => undefined);
    contents = await contentsOf(copy.path);
  });

  after(() => folder[Symbol.asyncDispose]());

  let copies = 0;

  /** A copy of the whole directory, with something done to it. */
  async function damaged(harm: (directory: string) => void): Promise<TemporaryFolder> {
    copies += 1;
    const path = join(folder.path, `copy-${String(copies)}`);
    cpSync(whole, path, { recursive: true });
    harm(path);
    return {
      path,
      [Symbol.asyncDispose]: async () => {
        rmSync(path, { recursive: true, force: true });
      },
    };
  }

  /** Opens a harmed copy, and holds it to the rule. */
  async function outcomeOf(what: string, harm: (directory: string) => void): Promise<keyof Tally> {
    await using copy = await damaged(harm);
    const harmed = dataIn(copy.path);
    let found: unknown;
    try {
      found = await contentsOf(copy.path);
    } catch (error) {
      assert.ok(error instanceof CorruptionError, `${what}: ${String(error)}`);
      assert.match(error.message, /^Cannot trust the data of this node: .+ \(.+\)\. /s, what);
      assert.match(error.message, /Nothing in the directory was changed/, what);
      assert.deepEqual(dataIn(copy.path), harmed, `${what}: refusing it changed it`);
      await opensWithTheGoodFiles(what, copy.path);
      return "refused";
    }
    assert.deepEqual(found, contents, `${what}: what is read is not what was written`);
    return "unharmed";
  }

  let refusals = 0;

  /** Of every so many: the files as they were make the node whole again. */
  async function opensWithTheGoodFiles(what: string, directory: string): Promise<void> {
    refusals += 1;
    if (refusals % 25 !== 0) return;
    // What is not damaged stays as the refused start has left it.
    const harmed = dataIn(directory);
    for (const [path, bytes] of dataIn(whole)) {
      if (harmed.get(path)?.equals(bytes) === true) continue;
      cpSync(join(whole, path), join(directory, path));
    }
    assert.deepEqual(await contentsOf(directory), contents, what);
    restored += 1;
  }

  let restored = 0;
  const tallies = new Map<string, Tally>();

  async function harm(kind: string, what: string, how: (directory: string) => void): Promise<void> {
    const outcome = await outcomeOf(what, how);
    const tally = tallies.get(kind) ?? { refused: 0, unharmed: 0 };
    tally[outcome] += 1;
    tallies.set(kind, tally);
  }

  for (const kind of Object.keys(randomFlips) as FileKind[]) {
    it(`is never silently different after one flipped bit: ${kind}`, async () => {
      const chance = new Chance(seed).split(kind);
      const ofKind = files.filter((file) => file.kind === kind);
      assert.ok(ofKind.length > 0, `there is a file of this kind: ${kind}`);

      for (const { path } of ofKind) {
        const bits = readFileSync(join(whole, path)).length * 8;
        const random = Array.from({ length: bits === 0 ? 0 : randomFlips[kind] }, () =>
          chance.below(bits),
        );
        const regular = Array.from({ length: Math.ceil(bits / stride) }, (_, at) => at * stride);
        const everything = Array.from({ length: bits }, (_, bit) => bit);
        await fewAtOnce(bits <= 8 * 20 ? everything : [...regular, ...random], (bit) =>
          harm(kind, `${path}, bit ${String(bit)}`, (directory) => {
            flip(join(directory, path), bit);
          }),
        );
      }

      const tally = tallies.get(kind);
      assert.ok(tally !== undefined && tally.refused > tally.unharmed, JSON.stringify(tally));
    });
  }

  it("is never silently shorter after its write-ahead log is cut", async () => {
    const log = files.find(({ kind }) => kind === "write-ahead log");
    assert.ok(log !== undefined);
    const { length } = readFileSync(join(whole, log.path));
    const lengths = Array.from({ length: 120 }, (_, part) => Math.floor((length * part) / 120));

    for (const shorter of [...lengths, length - 1, length - 8, length - 100]) {
      await harm("cut write-ahead log", `${log.path}, cut to ${String(shorter)}`, (directory) => {
        truncateSync(join(directory, log.path), shorter);
      });
    }

    assert.equal(tallies.get("cut write-ahead log")?.unharmed, 0);
  });

  it("is refused with any of its files cut in half, emptied, or gone", async () => {
    for (const { path } of files) {
      const { length } = readFileSync(join(whole, path));
      if (length === 0) continue;
      await harm("cut or missing file", `${path}, halved`, (directory) => {
        truncateSync(join(directory, path), Math.floor(length / 2));
      });
      await harm("cut or missing file", `${path}, emptied`, (directory) => {
        truncateSync(join(directory, path), 0);
      });
      await harm("cut or missing file", `${path}, gone`, (directory) => {
        rmSync(join(directory, path));
      });
    }
    await harm("cut or missing file", "the database, gone", (directory) => {
      rmSync(join(directory, "db"), { recursive: true });
    });

    assert.equal(tallies.get("cut or missing file")?.unharmed, 0);
  });

  it("stays refused when it is opened again", async () => {
    const log = files.find(({ kind }) => kind === "write-ahead log");
    assert.ok(log !== undefined);
    await using copy = await damaged((directory) => {
      flip(join(directory, log.path), 8 * 5_000);
    });

    for (let attempt = 0; attempt < 3; attempt += 1) {
      await assert.rejects(contentsOf(copy.path), CorruptionError);
    }
  });

  after(() => {
    for (const [kind, { refused, unharmed }] of tallies) {
      console.log(`      ${kind}: ${String(refused)} refused, ${String(unharmed)} without effect`);
    }
    console.log(
      `      0 files changed by a refusal; ${String(restored)} made whole by the good file`,
    );
  });
});

async function contentsOf(directory: string): Promise<unknown> {
  await using store = await openStore(directory);
  return await readEverything(store);
}

/** What LevelDB tells people, and the file it locks. */
const notData = /^(?:LOG|LOG\.old|LOCK)$/;

function dataIn(directory: string): ReadonlyMap<string, Buffer> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile() && !notData.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [relative(directory, path), readFileSync(path)]),
  );
}

/** Most of the time goes by waiting for the disk. */
async function fewAtOnce<Item>(
  items: readonly Item[],
  task: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const work = async (): Promise<void> => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await task(item);
  };
  await Promise.all([work(), work(), work(), work()]);
}

function flip(path: string, bit: number): void {
  const bytes = readFileSync(path);
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  writeFileSync(path, bytes);
}
