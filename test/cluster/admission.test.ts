import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { readClusterFile, type ClusterNode } from "../../cluster/local/cluster-file.ts";
import type { LocalFleet } from "../../cluster/local/local-fleet.ts";
import { startOf } from "../../cluster/local/node-config.ts";
import { nodePlaces, placesOf } from "../../cluster/local/places.ts";
import { TemporaryHome, until } from "./stub-fleet.ts";

const region = "us-east-1";
const [first, second, third] = [`${region}-n1`, `${region}-n2`, `${region}-n3`] as const;

describe("a local fleet's nodes", () => {
  it("begin with a ticket of the first, and are not told again how to begin", async () => {
    await using home = new TemporaryHome();
    const { config } = nodePlaces(home.path, region, second);
    const fleet = await home.launch();
    await until(async () => (await fleet.node(second)).pid !== null);

    const begun = JSON.parse(readFileSync(config, "utf8")) as { readonly start?: object };
    await fleet.waitReady();

    const { peer } = await fleet.node(first);
    const start = { kind: "join", token: `ticket of ${first}`, through: [peer] };
    assert.deepEqual(begun.start ?? start, start);
    await until(async () => startsOf(home).every((each) => each === undefined));
    assert.deepEqual(rolesIn(home), ["leader", "follower", "follower"]);
  });

  it("wait as new ones while nobody leads, and are not forgotten meanwhile", async () => {
    await using home = new TemporaryHome();
    const fleet = await home.launch({ part: { kind: "node", nodeId: second } });

    await fleet.stop({ kind: "node", nodeId: second });
    const waiting = rolesIn(home);
    await fleet.stop();
    await fleet.ended();
    const again = await home.launch();
    await again.waitReady();

    assert.deepEqual(waiting, ["stopped", "new", "new"]);
    assert.deepEqual(rolesIn(home), ["leader", "follower", "follower"]);
  });

  it("grow by one more, whose id there never was", async () => {
    await using home = new TemporaryHome();
    const fleet = await home.launch();
    await fleet.waitReady();

    const added = await fleet.addNode(region);
    await fleet.waitReady();

    assert.equal(added, `${region}-n4`);
    assert.deepEqual(rolesIn(home), ["leader", "follower", "follower", "follower"]);
    await assert.rejects(fleet.addNode("elsewhere"), {
      name: "ControlRefused",
      message: `There is no region elsewhere here: there is ${region}.`,
    });
  });

  it("stay away once they were removed, now and after every start", async () => {
    await using home = new TemporaryHome();
    const fleet = await home.launch();
    await fleet.waitReady();
    const endpoint = fleet.environment(region)["HOLDFAST_ENDPOINT"];

    await endsAs(fleet, first, 77);
    await until(async () => (await fleet.node(first)).role === "removed");

    const { pid, restarts, lastExit } = await fleet.node(first);
    assert.deepEqual(
      [pid, restarts, lastExit],
      [null, 1, "exit code 77 (it was removed from its region)"],
    );
    assert.notEqual(fleet.environment(region)["HOLDFAST_ENDPOINT"], endpoint);
    assert.equal(fleet.environment(region)["HOLDFAST_ENDPOINT"], (await fleet.node(second)).grpc);
    await fleet.start();
    await fleet.stop();
    await fleet.ended();
    assert.deepEqual(rolesIn(home), ["removed", "stopped", "stopped"]);
    const again = await home.launch({ shape: { regions: [region], nodesPerRegion: 2 + 1 } }).then(
      () => assert.fail("there are two nodes"),
      (error: unknown) => (error as Error).message,
    );
    assert.match(again, /holds us-east-1 with 2 nodes, not us-east-1 with 3 nodes/);
  });

  it("are not started again when they fail and their region does not know them any more", async () => {
    await using home = new TemporaryHome();
    const fleet = await home.launch();
    await fleet.waitReady();
    const { dataDir } = await fleet.node(third);
    await until(async () => startsOf(home).every((each) => each === undefined));

    await endsAs(fleet, third, 78);
    await until(async () => (await fleet.node(third)).role === "failed");
    writeFileSync(join(dataDir, "stranger"), "");
    await until(async () => (await fleet.node(third)).role === "removed");

    rmSync(join(dataDir, "exit-at-start"));
    await fleet.start({ kind: "node", nodeId: third });
    assert.deepEqual(rolesIn(home), ["leader", "follower", "removed"]);
    await fleet.waitReady();
  });
});

/** Kills a node so that it ends with `code` when it is started again. */
async function endsAs(fleet: LocalFleet, nodeId: string, code: number): Promise<void> {
  writeFileSync(join((await fleet.node(nodeId)).dataDir, "exit-at-start"), String(code));
  await fleet.kill(nodeId, "SIGKILL");
}

function nodesIn(home: TemporaryHome): readonly ClusterNode[] {
  const file = readClusterFile(placesOf(home.path).clusterFile);
  return (file?.regions ?? []).flatMap(({ nodes }) => nodes);
}

function rolesIn(home: TemporaryHome): readonly string[] {
  return nodesIn(home).map(({ role }) => role);
}

function startsOf(home: TemporaryHome) {
  return nodesIn(home).map(({ id }) => startOf(nodePlaces(home.path, region, id).config));
}
