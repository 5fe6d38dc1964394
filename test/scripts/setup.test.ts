import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, it } from "mocha";
import { packageFolder } from "../../src/base/package-folder.ts";

const setUpScript = pathToFileURL(join(packageFolder(), "scripts/setup.mjs")).href;
const runScript = join(packageFolder(), "scripts/run.mjs");

/** Stands for npm: makes its record of what is installed, and a compiler. */
const npm = `
  const fs = require("node:fs");
  fs.appendFileSync("steps", "npm " + process.argv[2] + "\\n");
  fs.mkdirSync("node_modules/typescript/bin", { recursive: true });
  fs.copyFileSync("package-lock.json", "node_modules/.package-lock.json");
  fs.writeFileSync("node_modules/typescript/bin/tsc", fs.readFileSync("compiler.cjs"));
`;

/** Stands for tsc: makes the output of src/*.ts, or complains of a source that says so. */
const compiler = `
  const fs = require("node:fs");
  fs.appendFileSync("steps", "tsc\\n");
  fs.mkdirSync("dist/src/cli", { recursive: true });
  fs.writeFileSync("dist/src/cli/main.js", "");
  for (const name of fs.readdirSync("src").filter((each) => each.endsWith(".ts"))) {
    fs.writeFileSync("dist/src/" + name.replace(".ts", ".js"), "");
    fs.writeFileSync("dist/src/table.json", "");
    if (fs.readFileSync("src/" + name, "utf8") === "wrong") {
      console.log(name + ": that is wrong");
      process.exitCode = 1;
    }
  }
`;

const generator = `
  import fs from "node:fs";
  fs.appendFileSync("steps", "generate\\n");
  fs.mkdirSync("src/generated", { recursive: true });
  fs.writeFileSync("src/generated/public-contract.ts", "");
  fs.writeFileSync("src/generated/internal.js", "");
`;

describe("setUp", () => {
  let project: string;

  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), "holdfast-setup-"));
    write("npm.js", npm);
    write("compiler.cjs", compiler);
    write("scripts/generate-types.mjs", generator);
    write("package.json", "{}");
    write("tsconfig.json", "{}");
    write("src/one.ts", "");
    write("src/two.ts", "");
    write("src/cli/main.ts", "");
    write("src/table.json", "{}");
    lock("1.0.0");
  });

  afterEach(() => {
    rmSync(project, { recursive: true });
  });

  it("does each step once, in order, and then nothing", () => {
    assert.match(setUp().stdout, /^Installing .*\d s\nGenerating .*\d s\nBuilding … .*\d s\n$/);
    assert.equal(steps(), "npm ci\ngenerate\ntsc\n");

    assert.deepEqual(setUp(), { status: 0, stdout: "", stderr: "" });
    assert.equal(steps(), "");
  });

  it("copies the generated codecs and links the command", () => {
    setUp();

    assert.ok(existsSync(join(project, "dist/src/generated/internal.js")));
    assert.ok(existsSync(join(project, "node_modules/.bin/holdfast")));
    const { status } = spawnSync(join(project, "node_modules/.bin/holdfast"));
    assert.notEqual(status, null, "the command can be executed");
  });

  const changes: readonly (readonly [what: string, change: () => void, redone: string])[] = [
    [
      "a source",
      () => {
        write("src/one.ts", "1");
      },
      "tsc\n",
    ],
    [
      "a new source",
      () => {
        write("src/three.ts", "");
      },
      "tsc\n",
    ],
    [
      "a contract",
      () => {
        write("proto/a.proto", "1");
      },
      "generate\n",
    ],
    [
      "the lock file",
      () => {
        lock("1.0.1");
      },
      "npm ci\ngenerate\ntsc\n",
    ],
    [
      "a missing dist/",
      () => {
        remove("dist");
      },
      "tsc\n",
    ],
    [
      "a missing node_modules/",
      () => {
        remove("node_modules");
      },
      "npm ci\n",
    ],
    [
      "missing generated code",
      () => {
        remove("src/generated");
      },
      "generate\n",
    ],
  ];
  for (const [what, change, redone] of changes) {
    it(`sees ${what}`, () => {
      setUp();
      steps();

      change();

      assert.equal(setUp().status, 0);
      assert.equal(steps(), redone);
    });
  }

  it("removes the output of a source that is gone", () => {
    setUp();

    remove("src/two.ts");
    setUp();

    assert.ok(existsSync(join(project, "dist/src/one.js")));
    assert.ok(!existsSync(join(project, "dist/src/two.js")));
    assert.ok(existsSync(join(project, "dist/src/generated/internal.js")));
    assert.ok(existsSync(join(project, "dist/src/table.json")));
  });

  it("shows what the compiler said, fails, and tries again the next time", () => {
    write("src/one.ts", "wrong");

    const first = setUp();
    const second = setUp();

    for (const { status, stderr } of [first, second]) {
      assert.equal(status, 1);
      assert.equal(stderr, "one.ts: that is wrong\nThe build failed.\n");
    }
    write("src/one.ts", "right");
    assert.equal(setUp().status, 0);
  });

  it("takes over the lock of a process that is gone", () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    write(".setup/lock", String(pid));

    assert.equal(setUp().status, 0);
    assert.ok(!existsSync(join(project, ".setup/lock")));
  });

  function setUp() {
    const program = `
      import { setUp, SetUpFailed } from ${JSON.stringify(setUpScript)};
      await setUp(process.cwd()).catch((error) => {
        if (!(error instanceof SetUpFailed)) throw error;
        console.error(error.message);
        process.exitCode = 1;
      });`;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--input-type=module", "-e", program],
      {
        cwd: project,
        encoding: "utf8",
        env: { ...process.env, npm_execpath: join(project, "npm.js") },
      },
    );
    return { status, stdout, stderr };
  }

  /** What was done since this was last asked. */
  function steps(): string {
    const path = join(project, "steps");
    const done = existsSync(path) ? readFileSync(path, "utf8") : "";
    rmSync(path, { force: true });
    return done;
  }

  function lock(version: string): void {
    const packages = {
      "": {},
      "node_modules/one": { version },
      "node_modules/for-another-platform": { version: "2.0.0", optional: true },
    };
    write("package-lock.json", JSON.stringify({ packages }));
  }

  function write(path: string, content: string): void {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), content);
  }

  function remove(path: string): void {
    rmSync(join(project, path), { recursive: true });
  }
});

describe("run.mjs", () => {
  it("names its commands to a person who mistypes one", () => {
    const { status, stderr } = spawnSync(process.execPath, [runScript, "begin"], {
      encoding: "utf8",
    });

    assert.equal(status, 2);
    assert.equal(
      stderr,
      'There is no command "begin". There are: ' +
        "setup, start, stop, status, test, bench, conformance, model, simulate, fuzz, nemesis, " +
        "check-history.\n",
    );
  });

  for (const version of ["18.20.4", "20.18.0", "21.7.3", "22.12.0", "23.11.0"]) {
    it(`refuses Node.js ${version} with a sentence`, () => {
      const pretend = `data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"${version}"}})`;

      const { status, stderr } = spawnSync(
        process.execPath,
        ["--import", pretend, runScript, "setup"],
        { encoding: "utf8" },
      );

      assert.equal(status, 1);
      assert.match(stderr, new RegExp(`^Holdfast needs Node\\.js 20\\.19 .* is ${version}\\.\n$`));
    });
  }
});
