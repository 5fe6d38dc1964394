import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { LocalFleet } from "../../cluster/local/local-fleet.ts";
import { nodePlaces, placesOf } from "../../cluster/local/places.ts";
import { readClusterFile } from "../../cluster/local/cluster-file.ts";
import { TemporaryHome, until } from "./stub-fleet.ts";

describe("the fleet's commands", () => {
  it("start, show, refuse to empty, and stop a fleet that outlives them", async () => {
    await using project = new TemporaryProject();

    const started = await project.run("start", "--detach", "--nodes", "1");
    const again = await project.run("start", "--detach");
    const status = await project.run("status", "--output", "json");
    const emptied = await project.run("start", "--detach", "--fresh");
    const stopped = await project.run("stop");
    const table = await project.run("status");
    const nothing = await project.run("stop");

    assert.equal(started.code, 0);
    assert.match(started.output, /^Starting the fleet in \.holdfast …\nHoldfast is up\.\n/);
    assert.match(started.output, /us-east-1-n1 {2}leader {2}gRPC 127\.0\.0\.1:\d+ {3}AWS https:/);
    assert.match(started.output, /after: source \.holdfast\/env\/us-east-1\.env\n/);
    assert.equal(again.code, 0);
    assert.match(again.output, /^Holdfast is running already\.\n/);
    assert.match(status.output, /"supervised": true/);
    assert.deepEqual([emptied.code, emptied.output.slice(0, 21)], [1, "The fleet is running."]);
    assert.deepEqual(stopped, { code: 0, output: "The fleet is stopped; its data is kept.\n" });
    assert.match(table.output, /us-east-1-n1 │ stopped │ - /);
    assert.deepEqual(nothing, { code: 0, output: "The fleet is not running.\n" });
  });

  it("take a part down and bring it back", async () => {
    await using project = new TemporaryProject();
    await project.run("start", "--detach", "--regions", "a,b", "--nodes", "1");

    const down = await project.run("stop", "--node", "b-n1", "--kill");
    const again = await project.run("start", "--detach");
    const up = await project.run("start", "--detach", "--region", "b");
    const unknown = await project.run("stop", "--region", "c");

    assert.equal(down.output, "Node b-n1 is stopped; its data is kept.\n");
    assert.ok(
      again.output.includes(
        "b-n1 is stopped. To bring it back: npm start -- --detach --node b-n1\n",
      ),
    );
    assert.deepEqual(up, { code: 0, output: "Region b is up.\n" });
    assert.deepEqual(unknown, {
      code: 1,
      output: "There is no region c here: the nodes are a-n1, b-n1.\n",
    });
  });

  it("tell why a fleet does not come up, and leave nothing running", async () => {
    await using project = new TemporaryProject();
    await project.run("start", "--detach", "--nodes", "1");
    await project.run("stop");
    const { dataDir, log } = nodePlaces(project.home, "us-east-1", "us-east-1-n1");
    writeFileSync(join(dataDir, "exit-at-start"), "78");

    const { code, output } = await project.run("start", "--detach");

    assert.equal(code, 1);
    assert.ok(
      output.endsWith(
        "The fleet did not come up, and is stopped again.\n" +
          "  us-east-1-n1 is not ready: failed, last ended with exit code 78 " +
          `(its configuration cannot be used). The end of ${log}:\n` +
          "    cannot start: told not to\n",
      ),
      output,
    );
    assert.equal(await LocalFleet.attach(project.home), undefined);
  });

  it("answer a mistyping with 2 and a sentence, and a home without a fleet with 1", async () => {
    await using project = new TemporaryProject();

    const mistyped = await project.run("start", "--detatch");
    const none = await project.run("status");

    assert.equal(mistyped.code, 2);
    assert.match(mistyped.output, /^Unknown option '--detatch'\. npm start takes --detach, /);
    assert.deepEqual(none, {
      code: 1,
      output: `There is no fleet in ${project.home} yet. npm start makes one.\n`,
    });
  });

  it("stop a fleet in the foreground on Ctrl-C", async () => {
    await using project = new TemporaryProject();
    const { child, output, code } = project.spawn("start", "--nodes", "1");
    await until(() => Promise.resolve(output().includes("Ctrl-C stops it.")));

    child.kill("SIGINT");

    assert.equal(await code, 0);
    assert.ok(output().endsWith("The fleet is stopped; its data is kept.\n"));
    const file = readClusterFile(placesOf(project.home).clusterFile);
    assert.equal(file?.regions[0]?.nodes[0]?.role, "stopped");
  });
});

/** A folder that stands for the clone; the fleet lives in its .holdfast/. */
class TemporaryProject extends TemporaryHome {
  readonly home = join(this.path, ".holdfast");

  async run(...words: string[]) {
    const { output, code } = this.spawn(...words);
    return { code: await code, output: output() };
  }

  spawn(...words: string[]): {
    readonly child: ChildProcess;
    readonly output: () => string;
    readonly code: Promise<number | null>;
  } {
    const program = join(import.meta.dirname, "fleet-command.js");
    const child = spawn(process.execPath, [program, this.path, ...words]);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (piece: string) => (output += piece));
    }
    const code = once(child, "close").then(([status]) => status as number | null);
    return { child, output: () => output, code };
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    mkdirSync(this.home, { recursive: true });
    const fleet = await LocalFleet.attach(this.home);
    await fleet?.[Symbol.asyncDispose]();
    await super[Symbol.asyncDispose]();
  }
}
