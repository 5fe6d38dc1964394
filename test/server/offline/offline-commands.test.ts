// The commands on backups and on data at rest, over real databases and with real keys.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { systemEntropy } from "../../../src/base/entropy.ts";
import { clusterId, epochMs, logIndex, nodeId, term } from "../../../src/base/ids.ts";
import { createKeyring, openKeyring } from "../../../src/crypto/open-keyring.ts";
import {
  createRootKeyFile,
  loadRootKeyFile,
  RootKeyFileError,
} from "../../../src/crypto/root-key-file.ts";
import { applyCommand } from "../../../src/machine/apply.ts";
import type { Command } from "../../../src/machine/command.ts";
import { inspectData } from "../../../src/server/offline/data-report.ts";
import { forceCluster as forceAloud } from "../../../src/server/offline/force-new-cluster.ts";
import type { ForceNewClusterOrder } from "../../../src/base/offline-order.ts";
import { OfflineRefusal, reportJson, reportText } from "../../../src/server/offline/report.ts";
import { restoreBackup } from "../../../src/server/offline/restore-backup.ts";
import { verifyBackup } from "../../../src/server/offline/verify-backup.ts";
import { BackupWriter } from "../../../src/storage/backup-writer.ts";
import { encodeEnvelope } from "../../../src/storage/command-codec.ts";
import { NodeStore } from "../../../src/storage/node-store.ts";
import { runHoldfast } from "../../cli/run-holdfast.ts";
import {
  commandAt,
  flush,
  identity,
  nameOf,
  openStore,
  optionsFor,
} from "../../storage/example-data.ts";
import { commandTime } from "../../storage/example-records.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const secrets = 8;

interface Place extends AsyncDisposable {
  readonly path: (name: string) => string;
  readonly rootKey: string;
  readonly backup: string;
}

/** A node with keys and secrets in `data`, its root key, and a backup of it. */
async function someNode(): Promise<Place> {
  const folder = await temporaryFolder();
  const path = (name: string): string => join(folder.path, name);
  createRootKeyFile(path("root.key"), systemEntropy);
  await writeNode(path("data"), path("root.key"));
  await writeBackup(path("data"), path("backup"));
  return {
    path,
    rootKey: path("root.key"),
    backup: path("backup"),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function writeNode(directory: string, rootKey: string): Promise<void> {
  using unsealKey = loadRootKeyFile(rootKey);
  const { clusterId: cluster, region } = identity;
  const home = { clusterId: cluster, region };
  const keyring = createKeyring({ ...home, unsealKey, now: epochMs(1), entropy: systemEntropy });
  await using store = await openStore(directory);
  for (let place = 1; place <= secrets + 1; place += 1) {
    const command: Command = place === 1 ? { kind: "initialize_keys", keyring } : commandAt(place);
    apply(store, place, command);
  }
  await flush(store);
}

function apply({ log, state }: NodeStore, place: number, command: Command): void {
  const envelope = { at: epochMs(commandTime + place), command };
  const entry = { index: logIndex(place), term: term(1) };
  log.append([{ ...entry, kind: "command", payload: encodeEnvelope(envelope) }]);
  state.absorb(applyCommand(state, envelope).changes, entry);
}

async function writeBackup(directory: string, file: string): Promise<void> {
  await using store = await openStore(directory);
  await using source = store.openSnapshot("a backup");
  const pieces = [];
  const createdAt = epochMs(Date.UTC(2026, 0, 2));
  for await (const piece of new BackupWriter(source, { identity, createdAt }).pieces()) {
    pieces.push(piece);
  }
  writeFileSync(file, Buffer.concat(pieces));
}

function refusal(sentence: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof OfflineRefusal, String(error));
    assert.match(error.message, sentence);
    return true;
  };
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

/** What it warns of goes nowhere here. */
function forceCluster(order: ForceNewClusterOrder): ReturnType<typeof forceAloud> {
  return forceAloud(order, () => undefined);
}

describe("verifying a backup", function () {
  this.timeout(20_000);

  it("tells what is in it, but no names, and leaves nothing behind", async () => {
    await using place = await someNode();
    mkdirSync(place.path("scratch"));
    const scratchFolder = place.path("scratch");

    const report = await verifyBackup({ kind: "verify_backup", file: place.backup, scratchFolder });

    const told = JSON.parse(reportJson(report)) as Record<string, unknown>;
    assert.deepEqual(
      [told["clusterId"], told["region"], told["index"], told["secretCount"], told["valueCount"]],
      [identity.clusterId, identity.region, secrets + 1, secrets, secrets],
    );
    assert.match(String(told["keys"]), /^[0-9a-f-]{36} \(1 version\)$/);
    assert.match(String(told["rootKey"]), /^not checked/);
    assert.ok(!reportText(report).includes(nameOf(2)));
    assert.deepEqual(readdirSync(scratchFolder), []);
  });

  it("proves that a root key opens its keys, or tells that it does not", async () => {
    await using place = await someNode();
    createRootKeyFile(place.path("other.key"), systemEntropy);
    const order = { kind: "verify_backup", file: place.backup } as const;

    const { facts } = await verifyBackup({ ...order, rootKeyFile: place.rootKey });

    assert.deepEqual(facts.at(-1), ["rootKey", "Root key", "opens every key"]);
    const wrong = verifyBackup({ ...order, rootKeyFile: place.path("other.key") });
    await assert.rejects(
      wrong,
      refusal(/it is not the root key that the backup's keys were sealed/),
    );
    const absent = verifyBackup({ ...order, rootKeyFile: place.path("absent.key") });
    await assert.rejects(absent, RootKeyFileError);
  });

  it("refuses one that is damaged, cut off, or not there, and says of which file", async () => {
    await using place = await someNode();
    const whole = readFileSync(place.backup);
    const order = { kind: "verify_backup", file: place.backup } as const;

    flip(place.backup, whole.length >> 1);
    await assert.rejects(verifyBackup(order), refusal(/^Cannot use the backup .*backup: record/));
    writeFileSync(place.backup, whole.subarray(0, -1));
    await assert.rejects(verifyBackup(order), refusal(/it is cut off/));
    const absent = verifyBackup({ ...order, file: place.path("absent") });
    await assert.rejects(absent, refusal(/it cannot be opened \(ENOENT\)/));
    const folder = verifyBackup({ ...order, file: place.path("data") });
    await assert.rejects(folder, refusal(/it is not a file/));
  });

  it("refuses one whose rows are whole and contradict each other", async () => {
    await using place = await someNode();
    {
      await using store = await openStore(place.path("data"));
      const counters = { ...store.state.counters(), secretCount: 99 };
      const index = logIndex(store.log.lastIndex + 1);
      store.log.append([{ index, term: term(1), kind: "empty", payload: new Uint8Array() }]);
      store.state.absorb([{ row: "counters", counters }], { index, term: term(1) });
      await flush(store);
    }
    await writeBackup(place.path("data"), place.backup);

    const verifying = verifyBackup({ kind: "verify_backup", file: place.backup });

    await assert.rejects(verifying, refusal(/its state contradicts itself, it counts 99 secrets/));
  });
});

describe("restoring a backup", function () {
  this.timeout(20_000);

  it("makes a new cluster of one node, which opens every value with the old root key", async () => {
    await using place = await someNode();
    const dataDir = place.path("new");

    const report = await restoreBackup({
      kind: "restore_backup",
      file: place.backup,
      dataDir,
      nodeId: "n9",
      rootKeyFile: place.rootKey,
    });

    const told = JSON.parse(reportJson(report)) as Record<string, string>;
    const cluster = clusterId(told["newClusterId"] ?? "");
    assert.notEqual(cluster, identity.clusterId);
    assert.match(report.text ?? "", new RegExp(`spiffe://.*/${cluster}/region/us-east-1/node/n9`));
    const reborn = { clusterId: cluster, region: identity.region, nodeId: nodeId("n9") };
    const options = { ...optionsFor(dataDir), identity: reborn };
    await using store = await NodeStore.open(options, () => undefined);
    assert.equal(store.state.counters().secretCount, secrets);
    const record = store.state.keyring();
    assert.ok(record?.sealedIn !== undefined);
    using unsealKey = loadRootKeyFile(place.rootKey);
    const home = { clusterId: record.sealedIn, region: identity.region };
    openKeyring({ ...home, unsealKey, record, entropy: systemEntropy })[Symbol.dispose]();
  });

  it("touches nothing before the root key has proved to be the right one", async () => {
    await using place = await someNode();
    createRootKeyFile(place.path("other.key"), systemEntropy);
    const before = readdirSync(place.path("."));

    const restoring = restoreBackup({
      kind: "restore_backup",
      file: place.backup,
      dataDir: place.path("new"),
      nodeId: "n9",
      rootKeyFile: place.path("other.key"),
    });

    await assert.rejects(restoring, refusal(/it is not the root key/));
    assert.deepEqual(readdirSync(place.path(".")), before);
  });

  it("leaves nothing of a backup that turns out to be damaged", async () => {
    await using place = await someNode();
    flip(place.backup, readFileSync(place.backup).length - 60);
    const before = readdirSync(place.path("."));

    const restoring = restoreBackup({
      kind: "restore_backup",
      file: place.backup,
      dataDir: place.path("new"),
      nodeId: "n9",
    });

    await assert.rejects(restoring, OfflineRefusal);
    assert.deepEqual(readdirSync(place.path(".")), before);
  });

  const refused: readonly [what: string, order: object, sentence: RegExp][] = [
    [
      "over data that is there",
      { dataDir: "data" },
      /data is not empty, and a backup is only ever/,
    ],
    [
      "as the cluster it is a backup of",
      { clusterId: identity.clusterId },
      /needs an id of its own: this data was part of c0ffee before/,
    ],
    ["as a cluster that cannot be", { clusterId: "Not An Id" }, /cannot be a cluster's id/],
    ["for a node that cannot be", { nodeId: "n_1" }, /cannot be a node's id/],
    ["for nobody", { nodeId: undefined }, /give --config FILE, or --data-dir DIR and --node-id/],
  ];
  for (const [what, order, sentence] of refused) {
    it(`does not restore ${what}`, async () => {
      await using place = await someNode();
      const defaults = { kind: "restore_backup", file: place.backup, nodeId: "n9" } as const;
      const { dataDir = "new", ...rest } = order as { dataDir?: string };

      const restoring = restoreBackup({ ...defaults, dataDir: place.path(dataDir), ...rest });

      await assert.rejects(restoring, refusal(sentence));
    });
  }
});

describe("forcing a new cluster", function () {
  this.timeout(20_000);

  it("compares the survivors, and takes none that holds less than another", async () => {
    await using place = await someNode();
    await writeNode(place.path("behind"), place.rootKey);
    {
      await using store = await openStore(place.path("data"));
      apply(store, secrets + 2, commandAt(11));
      await flush(store);
    }
    const [best, behind] = [place.path("data"), place.path("behind")];
    const order = { kind: "force_new_cluster", typedClusterId: identity.clusterId } as const;

    const { facts, text } = await inspectData({ kind: "inspect_data", dataDirs: [behind, best] });
    const wrong = forceCluster({ ...order, dataDir: behind, peerDataDirs: [best] });
    await assert.rejects(
      wrong,
      refusal(/data holds more: its last entry is 10 .* here it is 9 of/),
    );
    const right = await forceCluster({ ...order, dataDir: best, peerDataDirs: [behind] });

    assert.deepEqual(facts, [["best", "Holds the most", best]]);
    assert.match(text ?? "", /^n1 of cluster c0ffee: last entry 9 of term 1, known committed/);
    const told = JSON.parse(reportJson(right)) as Record<string, unknown>;
    assert.equal(told["formerClusterId"], identity.clusterId);
    assert.equal(told["newIndex"], 1_000_000_010);
    const { lists } = await inspectData({ kind: "inspect_data", dataDirs: [best] });
    assert.deepEqual(
      lists?.["lineage"]?.map(({ kind, index }) => [kind, index]),
      [["forced", 10]],
    );
  });

  it("changes nothing unless the old cluster's id is typed", async () => {
    await using place = await someNode();
    const dataDir = place.path("data");
    const inspected = await inspectData({ kind: "inspect_data", dataDirs: [dataDir] });

    const forcing = forceCluster({
      kind: "force_new_cluster",
      dataDir,
      peerDataDirs: [],
      typedClusterId: "c0ffe",
    });

    await assert.rejects(forcing, refusal(/not the id of the cluster .* Nothing was changed/));
    assert.deepEqual(await inspectData({ kind: "inspect_data", dataDirs: [dataDir] }), inspected);
  });

  it("takes no other cluster's node for a survivor", async () => {
    await using place = await someNode();
    const restored = place.path("new");
    const file = place.backup;
    await restoreBackup({ kind: "restore_backup", file, dataDir: restored, nodeId: "n9" });

    const forcing = forceCluster({
      kind: "force_new_cluster",
      dataDir: place.path("data"),
      peerDataDirs: [restored],
      typedClusterId: identity.clusterId,
    });

    await assert.rejects(forcing, refusal(/new is no survivor of this cluster/));
  });
});

describe("the command line for what is at rest", function () {
  this.timeout(30_000);

  it("verifies, restores, inspects and forces, with exit codes for scripts", async () => {
    await using place = await someNode();
    const { backup, path } = place;
    const holdfast = (line: string, stdin?: string) => runHoldfast(line.split(" "), { stdin });

    const verified = await holdfast(`backup verify ${backup} --root-key-file ${place.rootKey}`);
    assert.equal(verified.stderr, "");
    assert.equal(verified.exitCode, 0);
    assert.match(verified.stdout, /^Secrets +8$/m);

    const restored = await holdfast(
      `--output json backup restore ${backup} --data-dir ${path("new")} --node-id n9`,
    );
    assert.equal(restored.exitCode, 0, restored.stderr);
    const { newClusterId } = JSON.parse(restored.stdout) as { newClusterId: string };

    const again = await holdfast(`backup restore ${backup} --data-dir ${path("new")} --node-id n9`);
    assert.deepEqual([again.exitCode, again.stdout], [1, ""]);
    assert.match(again.stderr, /^Cannot restore: .*new is not empty, .*\n$/);

    const forced = await holdfast(
      `cluster force-new-cluster --data-dir ${path("new")}`,
      newClusterId,
    );
    assert.equal(forced.exitCode, 0, forced.stderr);
    assert.match(forced.stderr, /is given up\./);

    const inspected = await holdfast(`cluster inspect --data-dir ${path("new")}`);
    assert.match(inspected.stdout, /Restored from a backup of cluster c0ffee at entry 9/);
    assert.match(inspected.stdout, new RegExp(`Forced from a survivor of cluster ${newClusterId}`));

    const unsaid = await holdfast("backup verify");
    assert.equal(unsaid.exitCode, 2);
    assert.ok(existsSync(path("new")));
  });

  it("gives a survivor up to nobody who types nothing", async () => {
    await using place = await someNode();
    const line = ["cluster", "force-new-cluster", "--data-dir", place.path("data")];

    const run = await runHoldfast(line, {});

    assert.equal(run.exitCode, 1);
    assert.match(run.stderr, /Nothing was changed\n$/);
  });
});
