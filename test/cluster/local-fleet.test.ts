import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { describe, it } from "mocha";
import { readClusterFile, type ClusterNode } from "../../cluster/local/cluster-file.ts";
import {
  FleetNotReady,
  FleetRefused,
  LocalFleet,
  type FleetNode,
} from "../../cluster/local/local-fleet.ts";
import { nodePlaces, placesOf, regionPlaces } from "../../cluster/local/places.ts";
import { isProcess } from "../../cluster/local/running-process.ts";
import { stubProgram, TemporaryHome, until } from "./stub-fleet.ts";

const region = "us-east-1";
const [first, second, third] = [`${region}-n1`, `${region}-n2`, `${region}-n3`] as const;
const one = { regions: [region], nodesPerRegion: 1 };

describe("LocalFleet", () => {
  it("brings up three nodes, and cluster.json tells of them", async () => {
    await using home = new TemporaryHome();
    const fleet = await home.launch();

    await fleet.waitReady();

    const nodes = recordedNodes(home);
    assert.deepEqual(
      nodes.map(({ id, role }) => [id, role]),
      [
        [first, "leader"],
        [second, "follower"],
        [third, "follower"],
      ],
    );
    for (const { id, pid } of nodes) {
      assert.ok(isProcess(pid ?? 0, [nodePlaces(home.path, region, id).config]));
    }
    assert.equal((await fleet.leader(region))?.id, first);
    assert.equal(fleet.environment(region)["HOLDFAST_ENDPOINT"], nodes[0]?.grpc);
  });

  it("starts a killed node again, with another process id", async () => {
    await using home = new TemporaryHome();
    const fleet = await home.launch();
    await fleet.waitReady();
    const before = await fleet.node(second);

    await fleet.kill(second, "SIGKILL");
    await fleet.waitReady();

    const after = await fleet.node(second);
    assert.notEqual(after.pid, before.pid);
    assert.equal(after.restarts, 1);
    assert.equal(after.lastExit, "SIGKILL");
    assert.equal(recordedNodes(home)[1]?.pid, after.pid);
  });

  it("leaves a stopped node down until it is started", async () => {
    await using home = new TemporaryHome();
    const fleet = await home.launch();
    await fleet.waitReady();

    await fleet.stop({ kind: "node", nodeId: third }, "at_once");

    const stopped = recordedNodes(home)[2];
    assert.deepEqual([stopped?.pid, stopped?.role], [null, "stopped"]);
    await assert.rejects(fleet.waitReady({ withinMs: 300 }), FleetNotReady);

    await fleet.start({ kind: "node", nodeId: third });
    await fleet.waitReady();
    assert.equal(recordedNodes(home)[2]?.role, "follower");
  });

  it("stops and starts one region of two", async () => {
    await using home = new TemporaryHome();
    const fleet = await home.launch({ shape: { regions: ["a", "b"], nodesPerRegion: 1 } });
    await fleet.waitReady();

    await fleet.stop({ kind: "region", region: "b" });

    assert.deepEqual(
      recordedNodes(home).map(({ role }) => role),
      ["leader", "stopped"],
    );
    await fleet.start({ kind: "region", region: "b" });
    await fleet.waitReady({ part: { kind: "region", region: "b" } });
  });

  it("refuses a part that is not there, and says what is", async () => {
    await using home = new TemporaryHome();
    const fleet = await home.launch({ shape: one });

    await assert.rejects(fleet.stop({ kind: "node", nodeId: "x" }), {
      name: "ControlRefused",
      message: `There is no node x here: the nodes are ${first}.`,
    });
  });

  for (const [code, meaning] of [
    [78, "its configuration cannot be used"],
    [65, "its data is corrupt"],
  ] as const) {
    it(`leaves a node down that ends with ${code}, and tells why`, async () => {
      await using home = new TemporaryHome();
      const fleet = await home.launch({ shape: one });
      await fleet.waitReady();
      writeFileSync(join((await fleet.node(first)).dataDir, "exit-at-start"), String(code));

      await fleet.kill(first, "SIGKILL");

      await assert.rejects(fleet.waitReady(), (error: FleetNotReady) => {
        assert.match(error.message, new RegExp(`failed, last ended with exit code ${code}`));
        assert.ok(error.message.includes(meaning));
        assert.ok(error.message.endsWith("    cannot start: told not to"));
        return true;
      });
      const { role, pid, lastLogLine } = await fleet.node(first);
      assert.deepEqual([role, pid, lastLogLine], ["failed", null, "cannot start: told not to"]);
    });
  }

  it("starts a node again that ends with any other code", async () => {
    await using home = new TemporaryHome();
    const fleet = await home.launch({ shape: one });
    await fleet.waitReady();

    await order(home, await fleet.node(first), "/exit?code=70");
    await until(async () => (await fleet.node(first)).restarts === 1);

    await fleet.waitReady();
    assert.equal((await fleet.node(first)).lastExit, "exit code 70");
  });

  it("waits for a node that answers, but is not ready", async () => {
    await using home = new TemporaryHome();
    const fleet = await home.launch({ shape: one });
    const marker = join((await fleet.node(first)).dataDir, "not-ready");
    writeFileSync(marker, "");
    await until(async () => (await fleet.node(first)).health !== null);

    await assert.rejects(fleet.waitReady({ withinMs: 200 }), FleetNotReady);

    rmSync(marker);
    await fleet.waitReady();
  });

  it("calls a paused node unreachable, and still stops it in order", async () => {
    await using home = new TemporaryHome();
    const fleet = await home.launch({ shape: one });
    await fleet.waitReady();

    await fleet.kill(first, "SIGSTOP");
    await until(() => Promise.resolve(recordedNodes(home)[0]?.role === "unreachable"));
    await fleet.stop();

    assert.equal(recordedNodes(home)[0]?.role, "stopped");
  });

  it("gives its nodes threads for their disk and nothing of our environment", async () => {
    await using home = new TemporaryHome();
    const fleet = await home.launch({ shape: one });
    await fleet.waitReady();

    const answer = await order(home, await fleet.node(first), "/healthz");

    const { threads, environment } = JSON.parse(answer) as {
      threads: string;
      environment: readonly string[];
    };
    assert.equal(threads, "16");
    const known = [
      "HOME",
      "LANG",
      "NODE_V8_COVERAGE",
      "PATH",
      "TMPDIR",
      "TZ",
      "UV_THREADPOOL_SIZE",
    ];
    assert.deepEqual(
      environment.filter((name) => !known.includes(name)),
      [],
    );
  });

  it("refuses to start a fleet twice", async () => {
    await using home = new TemporaryHome();
    const fleet = await home.launch({ shape: one });

    await assert.rejects(
      home.launch({ shape: one }),
      new FleetRefused(`The fleet in ${home.path} is already running.`),
    );

    await fleet.waitReady();
    assert.equal((await LocalFleet.attach(home.path))?.home, home.path);
  });

  it("keeps ports, credentials and data, but begins anew when told to", async () => {
    await using home = new TemporaryHome();
    const original = await home.launch({ shape: one });
    await original.waitReady();
    const { grpc, dataDir } = await original.node(first);
    const token = original.environment(region)["HOLDFAST_TOKEN"];
    writeFileSync(join(dataDir, "kept"), "");
    await original.stop();
    await original.ended();

    const again = await home.launch();
    assert.equal((await again.node(first)).grpc, grpc);
    assert.equal(again.environment(region)["HOLDFAST_TOKEN"], token);
    assert.equal(readFileSync(join(dataDir, "kept"), "utf8"), "");
    await again.stop();
    await again.ended();

    const fresh = await home.launch({ shape: one, contents: "fresh" });
    assert.notEqual(fresh.environment(region)["HOLDFAST_TOKEN"], token);
    assert.throws(() => readFileSync(join(dataDir, "kept")));
  });

  it("refuses another shape than the home holds", async () => {
    await using home = new TemporaryHome();
    const fleet = await home.launch({ shape: one });
    await fleet.stop();
    await fleet.ended();

    await assert.rejects(
      home.launch({ shape: { regions: ["a", "b"], nodesPerRegion: 3 } }),
      new FleetRefused(
        `${home.path} holds us-east-1 with 1 node, not a, b with 3 nodes each. ` +
          "Another shape begins with empty data (--fresh), or in another home (--home).",
      ),
    );
  });

  it("refuses a home whose data has lost its cluster.json", async () => {
    await using home = new TemporaryHome();
    const { dataDir } = nodePlaces(home.path, region, first);
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, "CURRENT"), "");

    await assert.rejects(home.launch({ shape: one }), /is missing, but .* holds data/);

    assert.equal(readFileSync(join(dataDir, "CURRENT"), "utf8"), "");
  });

  it("ends what a killed supervisor left behind before it starts again", async () => {
    await using home = new TemporaryHome();
    const { supervisorPid, fleet } = await launchedElsewhere(home);
    const before = await fleet.node(first);
    process.kill(supervisorPid, "SIGKILL");
    const marks = [nodePlaces(home.path, region, first).config];
    await until(async () => (await LocalFleet.attach(home.path)) === undefined);
    assert.ok(isProcess(before.pid ?? 0, marks), "the node outlives its supervisor");

    const again = await home.launch();

    await again.waitReady();
    assert.ok(!isProcess(before.pid ?? 0, marks));
    assert.notEqual((await again.node(first)).pid, before.pid);
  });

  it("ends with the process that launched it, when that is killed", async () => {
    await using home = new TemporaryHome();
    const { launcher, fleet } = await launchedElsewhere(home);
    const { pid } = await fleet.node(first);

    launcher.kill("SIGKILL");

    const marks = [nodePlaces(home.path, region, first).config];
    await until(() => Promise.resolve(!isProcess(pid ?? 0, marks)));
    await until(async () => (await LocalFleet.attach(home.path)) === undefined);
    assert.equal(recordedNodes(home)[0]?.role, "stopped");
  });
});

function recordedNodes(home: TemporaryHome): readonly ClusterNode[] {
  const file = readClusterFile(placesOf(home.path).clusterFile);
  return (file?.regions ?? []).flatMap((each) => each.nodes);
}

/** Launches from a process of its own, so that it can be killed. */
async function launchedElsewhere(home: TemporaryHome) {
  const launcher = fork(join(import.meta.dirname, "launcher.js"), [home.path, stubProgram]);
  const [supervisorPid] = (await once(launcher, "message")) as [number];
  const fleet = await LocalFleet.attach(home.path);
  assert.ok(fleet !== undefined);
  await fleet.waitReady();
  return { launcher, supervisorPid, fleet };
}

/** What a stub node answers; empty when it ends instead. */
function order(home: TemporaryHome, { https }: FleetNode, path: string): Promise<string> {
  const ca = readFileSync(regionPlaces(home.path, region).clientCa.cert);
  return new Promise((settle) => {
    let body = "";
    const asking = request(`${https}${path}`, { agent: new Agent({ ca }) }, (response) => {
      response.on("data", (piece: Buffer) => (body += piece.toString()));
      response.on("end", () => {
        settle(body);
      });
    });
    asking.on("error", () => {
      settle("");
    });
    asking.end();
  });
}
