import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { readClusterFile, type ClusterNode } from "../../cluster/local/cluster-file.ts";
import { readEnvFile } from "../../cluster/local/env-file.ts";
import { placesOf, regionPlaces } from "../../cluster/local/places.ts";
import { PlainClient } from "./plain-client.ts";
import { regionName } from "./test-region.ts";

const program = join(import.meta.dirname, "fleet-command.js");

describe("npm start, npm stop and npm run status", function () {
  this.timeout(60_000);

  let home: string;
  const last = `${regionName}-n3`;

  before(() => {
    home = mkdtempSync(join(tmpdir(), "holdfast-system-"));
  });

  after(async () => {
    await command("stop", "--kill");
    rmSync(home, { recursive: true, force: true });
  });

  async function command(...words: readonly string[]): Promise<Ran> {
    const begun = performance.now();
    const child = spawn(process.execPath, [program, ...words], {
      env: { ...process.env, HOLDFAST_HOME: home },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (piece: Buffer) => (output += piece.toString()));
    child.stderr.on("data", (piece: Buffer) => (output += piece.toString()));
    // Its own end, not that of its output: a fleet that is detached must not hold on to that.
    const [exitCode] = (await once(child, "close")) as [number];
    return { exitCode, output, ms: performance.now() - begun };
  }

  function nodes(): readonly ClusterNode[] {
    return readClusterFile(placesOf(home).clusterFile)?.regions[0]?.nodes ?? [];
  }

  /** One call to one node, with what is on the disk at the moment. */
  async function ask(at: number, method: string, request: object): Promise<string> {
    const environment = readEnvFile(regionPlaces(home, regionName).envFile);
    using client = new PlainClient(nodes()[at]?.grpc ?? "", {
      ca: readFileSync(environment["HOLDFAST_CA_FILE"] ?? "", "utf8"),
      token: environment["HOLDFAST_TOKEN"] ?? "",
    });
    const reply = await client.call(method, request);
    return String(reply["secretString"]);
  }

  const token = "00000000-0000-4000-8000-000000000001";
  const kept = { name: "kept", clientRequestToken: token, secretString: "a value" };

  it("starts a fleet that answers by the time the command returns", async () => {
    const { exitCode, output, ms } = await command("start", "--detach");

    assert.equal(exitCode, 0, output);
    assert.match(output, /Holdfast is up\./);
    await ask(0, "CreateSecret", kept);
    for (const at of nodes().keys()) {
      assert.equal(await ask(at, "GetSecretValue", { secretId: "kept" }), "a value");
    }
    console.log(`      the first start: ${Math.round(ms)} ms`);
  });

  it("does nothing when it is started twice", async () => {
    const before = nodes();

    const { exitCode, output } = await command("start", "--detach");

    assert.equal(exitCode, 0, output);
    assert.match(output, /is running already/);
    assert.deepEqual(nodes(), before);
  });

  it("shows every node with its role, for people and for programs", async () => {
    const table = await command("status");
    const json = await command("status", "--output", "json");

    assert.equal(table.exitCode, 0, table.output);
    for (const { id, pid } of nodes()) {
      assert.match(table.output, new RegExp(`${id}.*${pid}`));
    }
    const { regions } = JSON.parse(json.output) as { regions: { nodes: { role: string }[] }[] };
    const roles = regions[0]?.nodes.map(({ role }) => role).sort();
    assert.deepEqual(roles, ["follower", "follower", "leader"]);
  });

  it("stops one node, and the others serve", async () => {
    const { exitCode, output } = await command("stop", "--node", last);

    assert.equal(exitCode, 0, output);
    assert.deepEqual([nodes()[2]?.pid, nodes()[2]?.role], [null, "stopped"]);
    const more = { secretId: "kept", clientRequestToken: token.replace(/1$/, "2") };
    await ask(0, "PutSecretValue", { ...more, secretString: "while one was away" });
    assert.equal(await ask(1, "GetSecretValue", { secretId: "kept" }), "while one was away");
  });

  it("starts the node again, and it knows what happened meanwhile", async () => {
    const { exitCode, output } = await command("start", "--detach", "--node", last);

    assert.equal(exitCode, 0, output);
    assert.notEqual(nodes()[2]?.pid, null);
    assert.equal(await ask(2, "GetSecretValue", { secretId: "kept" }), "while one was away");
  });

  it("stops all of it, twice without complaint", async () => {
    const first = await command("stop");
    const second = await command("stop");

    assert.deepEqual([first.exitCode, second.exitCode], [0, 0], first.output + second.output);
    assert.ok(nodes().every(({ pid }) => pid === null));
    const status = await command("status");
    assert.equal(status.exitCode, 0, status.output);
  });

  it("starts again with its data, and tells how long that took", async () => {
    const { exitCode, output, ms } = await command("start", "--detach");

    assert.equal(exitCode, 0, output);
    assert.equal(await ask(1, "GetSecretValue", { secretId: "kept" }), "while one was away");
    console.log(`      a later start: ${Math.round(ms)} ms`);
  });

  it("does not throw data away while it runs, and does when it is told to", async () => {
    const refused = await command("start", "--detach", "--fresh");
    assert.equal(refused.exitCode, 1, refused.output);
    assert.equal(await ask(0, "GetSecretValue", { secretId: "kept" }), "while one was away");
    await command("stop");

    const { exitCode, output } = await command("start", "--detach", "--fresh");

    assert.equal(exitCode, 0, output);
    await assert.rejects(ask(0, "GetSecretValue", { secretId: "kept" }), /can't find/);
  });
});

interface Ran {
  readonly exitCode: number;
  /** What it wrote, to both. */
  readonly output: string;
  readonly ms: number;
}
