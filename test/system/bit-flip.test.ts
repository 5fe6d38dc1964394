import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, beforeEach, describe, it } from "mocha";
import { nodePlaces } from "../../cluster/local/places.ts";
import { regionName, TestRegion, until, untilCaughtUp } from "./test-region.ts";
import { differences, WriteLoad } from "./write-load.ts";

interface FileKind {
  readonly pattern: RegExp;
  /** Where a bit is flipped, as shares of the length. */
  readonly places: readonly number[];
}

/** What a node keeps, by what its files are called. */
const kinds: Readonly<Record<string, FileKind>> = {
  "the floor": { pattern: /^floor$/, places: [0.5] },
  CURRENT: { pattern: /^CURRENT$/, places: [0.5] },
  "the MANIFEST": { pattern: /^MANIFEST-\d+$/, places: [0.1, 0.9] },
  "the write-ahead log": { pattern: /^\d+\.log$/, places: [0.02, 0.9999] },
  "a table": { pattern: /^\d+\.ldb$/, places: [0.02, 0.5, 0.98] },
};
/** What LevelDB tells people, the file it locks, and what is kept only to be given up. */
const notData = /^(?:LOG|LOG\.old|LOCK|reserve)$/;

describe("a node whose data has a flipped bit", function () {
  this.timeout(60_000);

  let region: TestRegion;
  let load: WriteLoad;
  let victim: string;

  before(async () => {
    region = await TestRegion.open();
    const followers = region.nodes().filter(({ role }) => role !== "leader");
    victim = followers[0]?.id ?? "";
    load = new WriteLoad(
      region.clients().filter((client) => client !== region.client(victim)),
      2,
    );
    await load.untilMore(60);
    // Opening it again makes tables of the log; what is written then is in the new log.
    await region.fleet.stop({ kind: "node", nodeId: victim }, "at_once");
    await startVictim();
    await load.untilMore(40);
    await untilCaughtUp(region, victim);
  });

  // In order, so that nothing it wrote last is still unconfirmed: every bit counts then.
  beforeEach(async () => {
    await region.fleet.stop({ kind: "node", nodeId: victim }, "orderly");
  });

  after(async () => {
    await load.stop().finally(() => region[Symbol.asyncDispose]());
  });

  async function startVictim(): Promise<"serves" | "failed"> {
    await region.fleet.start({ kind: "node", nodeId: victim });
    const state = async (): Promise<"starts" | "serves" | "failed"> => {
      const { role, health } = await region.fleet.node(victim);
      if (role === "failed") return "failed";
      const canServe = health !== null && typeof health.leader === "string" && !health.locked;
      return canServe ? "serves" : "starts";
    };
    await until(`${victim} serves or gives up`, async () => (await state()) !== "starts");
    return (await state()) === "failed" ? "failed" : "serves";
  }

  function log(): string {
    return nodePlaces(region.home, regionName, victim).log;
  }

  function dataFiles(): readonly string[] {
    const { dataDir } = region.node(victim);
    return readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !notData.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  }

  function contents(): ReadonlyMap<string, Buffer> {
    return new Map(dataFiles().map((file) => [file, readFileSync(file)]));
  }

  it("has files of every kind, and of no other", () => {
    const names = dataFiles().map((file) => basename(file));

    for (const [kind, { pattern }] of Object.entries(kinds)) {
      assert.ok(
        names.some((name) => pattern.test(name)),
        `there is ${kind}`,
      );
    }
    const known = Object.values(kinds);
    assert.deepEqual(
      names.filter((name) => !known.some(({ pattern }) => pattern.test(name))),
      [],
    );
  });

  for (const [kind, { pattern, places }] of Object.entries(kinds)) {
    it(`stops and says so when it is in ${kind}, and starts when that file is put back`, async () => {
      const asItWas = contents();
      for (const place of places) {
        // Of several tables the newest: an older one may be no longer in use.
        const file = dataFiles().findLast((each) => pattern.test(basename(each)));
        assert.ok(file !== undefined);
        const whole = readFileSync(file);
        const at = Math.min(Math.floor(whole.length * place), whole.length - 1);
        const saidBefore = readFileSync(log(), "utf8").length;
        writeFileSync(file, flipped(whole, at));

        const state = await startVictim();
        await load.untilMore(10);

        console.log(`        ${basename(file)}, byte ${at} of ${whole.length}: ${state}`);
        assert.equal(state, "failed");
        const { lastExit } = await region.fleet.node(victim);
        assert.equal(lastExit, "exit code 65 (its data is corrupt)");
        const said = readFileSync(log(), "utf8").slice(saidBefore);
        const [, sentence, remedy] =
          /"msg":"Cannot trust the data of this node: ([^"]+ \([^"]+\))\. ([^"]+)"/.exec(said) ??
          [];
        assert.ok(sentence?.includes(basename(file)), "it says what is wrong, and where");
        assert.match(remedy ?? "", /with a good copy of that file/);
        console.log(`          ${sentence?.replaceAll(region.home, "") ?? ""}`);
        await region.fleet.stop({ kind: "node", nodeId: victim }, "at_once");
        writeFileSync(file, whole);
        assert.deepEqual(contents(), asItWas, "nothing else was touched");
      }

      assert.equal(await startVictim(), "serves");
      await untilCaughtUp(region, victim);
      assert.deepEqual(await differences(region.client(victim), load.acknowledged), []);
    });
  }
});

/** One bit of one byte is another. */
function flipped(whole: Buffer, at: number): Buffer {
  const changed = Buffer.from(whole);
  changed[at] = (changed[at] ?? 0) ^ 0x04;
  return changed;
}
