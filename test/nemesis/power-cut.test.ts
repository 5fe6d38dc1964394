import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, before, beforeEach, describe, it } from "mocha";
import { temporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { flipBack, flipOneKind, kindOf, kindsIn } from "./bit-flips.ts";
import { cutPower } from "./power-cut.ts";
import { buildShim, writeControl } from "./shim.ts";

/** Appends "synced" and syncs, appends " unsynced", and writes down what the sync came to. */
const program = `
  const { openSync, writeSync, fdatasyncSync } = require("node:fs");
  const [log, small] = process.argv.slice(1).map((path) => openSync(path, "w"));
  for (const text of ["one", "two"]) {
    writeSync(small, text, 0);
    if (text === "one") fdatasyncSync(small);
  }
  writeSync(log, "synced".padEnd(100, "."));
  try { fdatasyncSync(log); } catch (error) { console.log(error.code); }
  writeSync(log, " and not synced");
`;

describe("a power cut that is played", () => {
  let folder: TemporaryFolder;
  let disk: string;
  let synced: string;
  let control: string;

  before(function () {
    const shim = buildShim();
    if (shim.kind === "built") return;
    console.log(`      skipped: ${shim.reason}`);
    this.skip();
  });

  beforeEach(async () => {
    folder = await temporaryFolder();
    disk = join(folder.path, "disk");
    synced = join(folder.path, "synced");
    control = join(folder.path, "control");
    mkdirSync(disk);
    writeControl(control, {});
  });

  afterEach(() => folder[Symbol.asyncDispose]());

  /** What the program says, with the library in front of it. */
  function run(): string {
    const shim = buildShim();
    assert.ok(shim.kind === "built", "gcc is there");
    const env = {
      LD_PRELOAD: shim.path,
      HOLDFAST_FAULT_CONTROL: control,
      HOLDFAST_FAULT_SYNCED: synced,
    };
    const words = ["-e", program, join(disk, "1.log"), join(disk, "floor")];
    return spawnSync(process.execPath, words, { env, encoding: "utf8" }).stdout.trim();
  }

  const whole = `${"synced".padEnd(100, ".")} and not synced`;

  it("leaves every synced byte, and of the others what chance will have", () => {
    run();
    writeFileSync(join(disk, "never-synced"), "gone");

    const report = cutPower(disk, synced, () => 0);

    assert.equal(readFileSync(join(disk, "1.log"), "utf8"), whole.slice(0, 100));
    assert.equal(readFileSync(join(disk, "never-synced"), "utf8"), "");
    assert.equal(readFileSync(join(disk, "floor"), "utf8"), "one");
    assert.deepEqual(report, { files: 3, shortened: 3, lostBytes: 15 + 4 + 1 });
  });

  it("may leave more than was synced, but never as if it were whole", () => {
    run();

    cutPower(disk, synced, () => 0.9);

    const left = readFileSync(join(disk, "1.log"), "utf8");
    assert.ok(left.length > 100 && left.length < whole.length, left);
    assert.equal(left, whole.slice(0, left.length));
    assert.equal(readFileSync(join(disk, "floor"), "utf8"), "two");
  });

  it("takes nothing twice: what came through one cut is there after the next", () => {
    run();
    cutPower(disk, synced, () => 0.9);
    const left = readFileSync(join(disk, "1.log"), "utf8");
    appendFileSync(join(disk, "1.log"), "more");

    cutPower(disk, synced, () => 0);

    assert.equal(readFileSync(join(disk, "1.log"), "utf8"), left);
  });

  it("counts no sync that failed", () => {
    writeControl(control, { failAfter: 1, failures: 1 });

    const said = run();
    cutPower(disk, synced, () => 0);

    assert.equal(said, "EIO");
    assert.equal(readFileSync(join(disk, "1.log"), "utf8"), "");
  });

  it("turns one bit over, and back unless the file is another by then", () => {
    writeFileSync(join(disk, "MANIFEST-000001"), "manifest");
    writeFileSync(join(disk, "000002.ldb"), "table");
    assert.deepEqual(kindsIn(disk), ["MANIFEST", "ldb"]);

    const flip = flipOneKind(disk, "ldb", () => 0.5);

    assert.ok(flip !== undefined);
    assert.equal(kindOf(flip.path), "ldb");
    assert.notEqual(readFileSync(flip.path, "utf8"), "table");
    assert.ok(flipBack(flip));
    assert.equal(readFileSync(flip.path, "utf8"), "table");
    assert.ok(!flipBack({ ...flip, inode: flip.inode + 1 }));
    assert.ok(existsSync(flip.path));
  });
});
