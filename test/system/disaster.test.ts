// The day on which a region is lost: brought back from a backup in a new home, and from one
// survivor in the old one. Real processes throughout, and the commands that a person would type.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { after, before, describe, it } from "mocha";
import { issuePeerLeaf, openAuthority } from "../../cluster/local/certificates.ts";
import { LocalFleet } from "../../cluster/local/local-fleet.ts";
import { HealthProbe } from "../../cluster/local/node-health.ts";
import { readNodeConfig } from "../../cluster/local/node-config.ts";
import { nodePlaces, regionPlaces } from "../../cluster/local/places.ts";
import { isRefusedRevival, reviveRegion } from "../../cluster/local/revive.ts";
import { runHoldfast, type Run } from "../cli/run-holdfast.ts";
import { PlainClient } from "./plain-client.ts";
import { regionName, TestRegion, until } from "./test-region.ts";
import { differences, WriteLoad, type AcknowledgedVersion } from "./write-load.ts";

interface Inspected {
  readonly clusterId: string;
  readonly lastIndex: number;
}

describe("a region that is lost", function () {
  this.timeout(120_000);

  let lost: TestRegion;
  let reborn: TestRegion;
  let folder: string;
  let backup: string;
  /** What was acknowledged before the backup was asked for, and everything there ever was. */
  let early: readonly AcknowledgedVersion[];
  let all: readonly AcknowledgedVersion[];
  let survivor: LocalFleet | undefined;
  let stranger: ChildProcess | undefined;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-disaster-"));
    backup = join(folder, "backup");
    lost = await TestRegion.open();
    reborn = new TestRegion();
  });

  after(async () => {
    stranger?.kill("SIGKILL");
    await survivor?.[Symbol.asyncDispose]();
    await reborn[Symbol.asyncDispose]();
    await lost[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  function holdfast(...words: readonly string[]): Promise<Run> {
    return runHoldfast(words, { environment: lost.environment });
  }

  async function told<Answer>(...words: readonly string[]): Promise<Answer> {
    const run = await holdfast("--output", "json", ...words);
    assert.equal(run.exitCode, 0, run.stderr);
    return JSON.parse(run.stdout) as Answer;
  }

  it("was backed up while it was written to, and the backup is proved", async () => {
    const load = new WriteLoad(lost.clients());
    await load.untilMore(120);
    early = [...load.acknowledged];

    const made = await told<{ Index: number; Sha256: string }>("backup", "create", backup);
    await load.untilMore(40);
    await load.stop();
    all = load.acknowledged;
    const rootKey = regionPlaces(lost.home, regionName).rootKey;
    const proved = await told<{ index: number; sha256: string; rootKey: string }>(
      ...["backup", "verify", backup, "--root-key-file", rootKey],
    );

    assert.equal(proved.index, made.Index);
    assert.equal(proved.sha256, made.Sha256);
    assert.equal(proved.rootKey, "opens every key");
  });

  it("dies, all of it, and a damaged backup or a wrong root key brings nothing back", async () => {
    await lost.fleet.stop({ kind: "all" }, "at_once");
    const damaged = join(folder, "damaged");
    const bytes = readFileSync(backup);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 4;
    writeFileSync(damaged, bytes);
    const wrongKey = join(folder, "wrong.key");
    writeFileSync(wrongKey, randomBytes(32), { mode: 0o600 });
    const dataDir = join(folder, "data");
    const place = ["--data-dir", dataDir, "--node-id", "n1"];

    const verified = await holdfast("backup", "verify", damaged);
    const restored = await holdfast("backup", "restore", damaged, ...place);
    const opened = await holdfast(
      "backup",
      "restore",
      backup,
      ...place,
      "--root-key-file",
      wrongKey,
    );

    for (const run of [verified, restored, opened]) assert.equal(run.exitCode, 1, run.stdout);
    assert.match(verified.stderr, /^Cannot use the backup .*: record \d+ at byte \d+ is damaged: /);
    assert.match(opened.stderr, /it is not the root key that the backup's keys were sealed with/);
    assert.ok(!existsSync(dataDir));
  });

  it("is back in a new home, with every value that was acknowledged before the backup", async () => {
    await reviveRegion(
      reborn.home,
      {
        kind: "restore",
        file: backup,
        region: regionName,
        rootKeyFile: regionPlaces(lost.home, regionName).rootKey,
      },
      { regions: [regionName], nodesPerRegion: 3 },
    );
    await reborn.launch();

    for (const client of reborn.clients()) {
      assert.deepEqual(await differences(client, early), []);
    }
    const [client] = reborn.clients();
    const name = "after/the-disaster";
    await client?.call("CreateSecret", {
      name,
      secretString: "new",
      clientRequestToken: "1".repeat(32),
    });
    const reply = await reborn.clients()[2]?.call("GetSecretValue", { secretId: name });
    assert.equal(reply?.["secretString"], "new");
  });

  it("is back from one survivor, with everything that was ever acknowledged", async () => {
    await reborn.fleet.stop();
    const nodes = lost.nodes();
    const positions = await Promise.all(
      nodes.map(async ({ id, dataDir }) => {
        const found = await told<Inspected>("cluster", "inspect", "--data-dir", dataDir);
        return { id, ...found };
      }),
    );
    const [best] = positions.sort((one, other) => other.lastIndex - one.lastIndex);
    assert.ok(best !== undefined);
    const home = lost.home;

    const mistyped = reviveRegion(home, {
      kind: "survivor",
      nodeId: best.id,
      typedClusterId: "another",
    });
    await assert.rejects(mistyped, isRefusedRevival);
    await reviveRegion(home, {
      kind: "survivor",
      nodeId: best.id,
      typedClusterId: best.clusterId,
    });
    const part = { kind: "node", nodeId: best.id } as const;
    survivor = await LocalFleet.launch({ home, part });
    await survivor.waitReady({ part });

    const { grpc } = await survivor.node(best.id);
    const token = lost.environment["HOLDFAST_TOKEN"] ?? "";
    using client = new PlainClient(grpc, { ca: lost.ca, token });
    assert.deepEqual(await differences(client, all), []);
    const status = await client.call("Status", {});
    assert.ok(Number(status["appliedIndex"]) > 1_000_000_000);
    assert.notEqual(status["clusterId"], best.clusterId);
  });

  it("takes no node of the old cluster for its own, not even under the new authority", async () => {
    const running = survivor;
    assert.ok(running !== undefined);
    const [alive] = (await running.nodes()).filter(({ pid }) => pid !== null);
    const [old] = (await running.nodes()).filter(({ role }) => role === "removed");
    assert.ok(alive !== undefined && old !== undefined);
    const places = nodePlaces(lost.home, regionName, old.id);
    const { clusterId } = readNodeConfig(places.config);
    const { clusterCa } = regionPlaces(lost.home, regionName);
    const authority = await openAuthority({
      cert: readFileSync(clusterCa.cert, "utf8"),
      key: readFileSync(clusterCa.key, "utf8"),
    });
    const peer = { clusterId, region: regionName, nodeId: old.id };
    const leaf = await issuePeerLeaf(authority, peer);
    writeFileSync(places.peer.cert, leaf.cert);
    writeFileSync(places.peer.key, leaf.key);
    using probe = new HealthProbe(lost.ca);
    const before = await probe.health(alive.https, 5_000);

    const program = join(import.meta.dirname, "../../src/server/main.js");
    stranger = spawn(process.execPath, [program, "--config", places.config], { stdio: "ignore" });
    const asked = () => probe.health(old.https, 1_000);
    await until("the old node answers", async () => (await asked()) !== undefined);
    // It knows where the new leader is, and has the time of several elections to make itself heard.
    await pause(4_000);

    const found = await asked();
    assert.deepEqual([found?.leader ?? undefined, found?.role === "leader"], [undefined, false]);
    const now = await probe.health(alive.https, 5_000);
    assert.deepEqual([now?.role, now?.term], ["leader", before?.term]);
    stranger.kill("SIGKILL");
  });
});
