// A state that goes over to a new cluster: out of a backup, or as the data of one survivor.
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { clusterId, epochMs, logIndex, nodeId, term } from "../../src/base/ids.ts";
import { concat } from "../../src/base/bytes.ts";
import { readBackup } from "../../src/storage/backup-reader.ts";
import { BackupError } from "../../src/storage/backup-records.ts";
import { BackupWriter } from "../../src/storage/backup-writer.ts";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { DataAtRestError, summarizeData } from "../../src/storage/data-at-rest.ts";
import { forceNewCluster } from "../../src/storage/force-new-cluster.ts";
import {
  chainInNewCluster,
  positionInNewCluster,
  rowsInNewCluster,
} from "../../src/storage/new-cluster.ts";
import { NodeStore } from "../../src/storage/node-store.ts";
import { IdentityMismatchError, type NodeIdentity } from "../../src/storage/recovery.ts";
import {
  moveIntoPlace,
  objectionToDirectory,
  proveData,
  writeData,
  type NewData,
} from "../../src/storage/restored-data.ts";
import type { SnapshotRow } from "../../src/storage/snapshot-rows.ts";
import { folderInMemory } from "../support/temporary-folder.ts";
import { bytesAsFile } from "./backup-bytes.ts";
import { entryOf, flush, identity, live, nameOf, openStore, optionsFor } from "./example-data.ts";

const reborn: NodeIdentity = {
  clusterId: clusterId("deadbeef"),
  region: identity.region,
  nodeId: nodeId("n7"),
};
const later = epochMs(1_800_000_000_000);

async function backUp(directory: string): Promise<Uint8Array> {
  await using store = await openStore(directory);
  await using source = store.openSnapshot("a backup");
  const pieces = [];
  for await (const piece of new BackupWriter(source, { identity, createdAt: later }).pieces()) {
    pieces.push(piece);
  }
  return concat(pieces);
}

/** The data of node n7, the only one of a new cluster, as the rows of this backup make it. */
async function newDataOf(backup: Uint8Array, directory: string): Promise<NewData> {
  const { header, rows } = await readBackup(bytesAsFile(backup));
  const step = {
    kind: "restored",
    clusterId: header.clusterId,
    position: header.position,
    at: later,
    backupAt: header.createdAt,
  } as const;
  return {
    directory,
    identity: reborn,
    position: positionInNewCluster(header.position),
    chain: chainInNewCluster(reborn.clusterId, header.chain),
    rows: rowsInNewCluster(rows(), step),
    now: later,
  };
}

function openAs(directory: string, as: NodeIdentity): Promise<NodeStore> {
  return NodeStore.open({ ...optionsFor(directory), identity: as }, () => undefined);
}

/** What the twenty-one commands of a life leave behind. */
function secretsIn({ state }: NodeStore): unknown {
  const names = Array.from({ length: 22 }, (_, place) => nameOf(place));
  return [state.counters(), names.map((name) => state.secret(name))];
}

describe("data restored from a backup", function () {
  this.timeout(20_000);

  it("is the state that was backed up, in a new cluster of one, far ahead of the old one", async () => {
    await using folder = await folderInMemory();
    const [old, fresh] = [join(folder.path, "old"), join(folder.path, "fresh")];
    let before: unknown;
    {
      await using store = await openStore(old);
      await live(store, { first: 1, last: 21 });
      before = secretsIn(store);
    }
    const options = await newDataOf(await backUp(old), fresh);

    const written = await writeData(options);
    await proveData(options, written);

    await using store = await openAs(fresh, reborn);
    assert.deepEqual(secretsIn(store), before);
    assert.deepEqual(store.state.applied.position, { index: 1_000_000_021, term: 2 });
    assert.deepEqual([...store.state.applied.configuration.voters], ["n7"]);
    assert.equal(store.log.lastIndex, 1_000_000_021);
    assert.equal(store.recoveredHardState.term, 2);
    assert.equal(store.state.keyring()?.sealedIn, identity.clusterId);
  });

  it("has no members, burned ids or tickets of the old cluster", async () => {
    await using folder = await folderInMemory();
    const [old, fresh] = [join(folder.path, "old"), join(folder.path, "fresh")];
    const addresses = { peer: "h:1", grpc: "h:2", https: "h:3" };
    const [member, gone] = [nodeId("n2"), nodeId("n7")];
    const token = { digest: Uint8Array.of(1), nodeId: nodeId("n8"), expiresAt: later };
    {
      await using store = await openStore(old);
      await live(store, { first: 1, last: 6 });
      const at = { index: logIndex(7), term: term(1) };
      store.log.append([{ ...at, kind: "empty", payload: new Uint8Array() }]);
      const intendedRole = "voter" as const;
      const record = { nodeId: member, addresses, joinedAt: later, intendedRole };
      store.state.absorb(
        [
          { row: "member", nodeId: member, record: { ...record, joinedWith: undefined } },
          { row: "removed_node", record: { nodeId: gone, removedAt: later } },
          { row: "join_tokens", tokens: [{ ...token, intendedRole }] },
        ],
        at,
      );
      await flush(store);
    }
    await writeData(await newDataOf(await backUp(old), fresh));
    const forced = await forceNewCluster(old, { cluster: clusterId("third"), now: later });

    for (const [directory, as] of [
      [fresh, reborn],
      [old, forced.identity],
    ] as const) {
      await using store = await openAs(directory, as);
      const { state } = store;
      assert.equal(state.member(member), undefined);
      assert.equal(state.removedNode(gone), undefined);
      assert.deepEqual(state.joinTokens(), []);
      assert.equal(state.counters().secretCount, 5);
    }
  });

  it("remembers where it comes from, through one restoration after the other", async () => {
    await using folder = await folderInMemory();
    const [old, fresh] = [join(folder.path, "old"), join(folder.path, "fresh")];
    {
      await using store = await openStore(old);
      await live(store, { first: 1, last: 6 });
    }
    await writeData(await newDataOf(await backUp(old), fresh));

    const once = await summarizeData(fresh);
    const again = await forceNewCluster(fresh, { cluster: clusterId("third"), now: later });
    const twice = await summarizeData(fresh);

    const step = { kind: "restored", at: later, backupAt: later } as const;
    const restored = { ...step, clusterId: identity.clusterId, position: { index: 6, term: 1 } };
    assert.deepEqual(once.lineage, [restored]);
    assert.deepEqual(twice.lineage, [
      restored,
      {
        kind: "forced",
        clusterId: reborn.clusterId,
        position: { index: 1_000_000_006, term: 2 },
        at: later,
        backupAt: undefined,
      },
    ]);
    await using store = await openAs(fresh, again.identity);
    assert.equal(store.state.keyring()?.sealedIn, identity.clusterId, "the first seals for ever");
  });

  it("goes on as any node's data does", async () => {
    await using folder = await folderInMemory();
    const [old, fresh] = [join(folder.path, "old"), join(folder.path, "fresh")];
    {
      await using store = await openStore(old);
      await live(store, { first: 1, last: 9 });
    }
    await writeData(await newDataOf(await backUp(old), fresh));
    {
      await using store = await openAs(fresh, reborn);
      const index = logIndex(store.log.lastIndex + 1);
      store.log.append([{ ...entryOf(11), index, term: term(3) }]);
      store.state.absorb([], { index, term: term(3) });
      await flush(store, "n7");
    }

    await using store = await openAs(fresh, reborn);
    assert.equal(store.state.applied.position.index, 1_000_000_010);
  });

  it("is not believed when it reads back as something else", async () => {
    await using folder = await folderInMemory();
    const [old, fresh] = [join(folder.path, "old"), join(folder.path, "fresh")];
    {
      await using store = await openStore(old);
      await live(store, { first: 1, last: 6 });
    }
    const options = await newDataOf(await backUp(old), fresh);
    const written = await writeData(options);
    written.digest += 1n;

    await assert.rejects(proveData(options, written), BackupError);
  });

  it("is no data of a node while it is being written", async () => {
    await using folder = await folderInMemory();
    const fresh = join(folder.path, "fresh");
    async function* breaking(): AsyncGenerator<SnapshotRow> {
      yield { key: Uint8Array.of(0x73, 1), payload: new Uint8Array(2_000_000) };
      yield Promise.reject(new BackupError("it is cut off"));
    }
    const options = await newDataOf(await emptyBackup(folder.path), fresh);

    await assert.rejects(writeData({ ...options, rows: breaking() }), BackupError);

    await assert.rejects(openAs(fresh, reborn), CorruptionError);
  });

  it("is put only where nothing is, and whole", async () => {
    await using folder = await folderInMemory();
    const place = (name: string): string => join(folder.path, name);
    mkdirSync(place("empty"));
    mkdirSync(place("full"));
    writeFileSync(join(place("full"), "floor"), "");
    writeFileSync(place("file"), "");
    mkdirSync(join(place("made"), "db"), { recursive: true });

    moveIntoPlace(place("made"), place("empty"));

    assert.deepEqual(readdirSync(place("empty")), ["db"]);
    assert.ok(!existsSync(place("made")));
    assert.equal(objectionToDirectory(place("absent")), undefined);
    assert.match(objectionToDirectory(place("full")) ?? "", /is not empty/);
    assert.match(objectionToDirectory(place("file")) ?? "", /is not a folder/);
  });
});

async function emptyBackup(folder: string): Promise<Uint8Array> {
  const directory = join(folder, "empty");
  await using store = await openStore(directory);
  await flush(store);
  await using source = store.openSnapshot("a backup of nothing");
  const pieces = [];
  for await (const piece of new BackupWriter(source, { identity, createdAt: later }).pieces()) {
    pieces.push(piece);
  }
  return concat(pieces);
}

describe("a survivor's data forced into a new cluster", function () {
  this.timeout(20_000);

  /** A node of three, whose last three entries were never known to be committed. */
  async function survivor(directory: string): Promise<void> {
    await using store = await openStore(directory);
    await live(store, { first: 1, last: 18 });
    store.log.append([entryOf(19), { ...entryOf(20), kind: "empty" }, entryOf(21)]);
    await flush(store);
  }

  it("holds all of its log, counts itself alone, and has left the old log behind", async () => {
    await using folder = await folderInMemory();
    const directory = join(folder.path, "data");
    await survivor(directory);

    const summary = await summarizeData(directory);
    const forced = await forceNewCluster(directory, { cluster: reborn.clusterId, now: later });

    assert.deepEqual(
      [summary.commitIndex, summary.applied.index, summary.lastPosition],
      [18, 18, { index: 21, term: 1 }],
    );
    assert.deepEqual(forced.identity, { ...identity, clusterId: reborn.clusterId });
    assert.deepEqual(forced.position, { index: 1_000_000_021, term: 2 });
    await using store = await openAs(directory, forced.identity);
    assert.notEqual(store.state.secret(nameOf(19)), undefined);
    assert.notEqual(store.state.secret(nameOf(21)), undefined);
    assert.deepEqual([...store.state.applied.configuration.voters], [identity.nodeId]);
    assert.deepEqual(store.state.applied.position, forced.position);
    assert.equal(store.log.start.index, forced.position.index);
    assert.deepEqual(store.recoveredHardState, { term: 2, votedFor: undefined });
  });

  it("is no data of the old cluster any more", async () => {
    await using folder = await folderInMemory();
    const directory = join(folder.path, "data");
    await survivor(directory);

    await forceNewCluster(directory, { cluster: reborn.clusterId, now: later });

    await assert.rejects(openStore(directory), IdentityMismatchError);
  });

  it("is left as it is while its node has it open", async () => {
    await using folder = await folderInMemory();
    const directory = join(folder.path, "data");
    await survivor(directory);
    await using store = await openStore(directory);

    const forcing = forceNewCluster(directory, { cluster: reborn.clusterId, now: later });

    await assert.rejects(forcing, (error) => {
      assert.ok(error instanceof DataAtRestError);
      assert.match(error.message, /another process has it open: stop the node first$/);
      return true;
    });
    assert.equal(store.log.lastIndex, 21);
  });

  it("must be whole, and must be there", async () => {
    await using folder = await folderInMemory();
    const [directory, damaged] = [join(folder.path, "data"), join(folder.path, "damaged")];
    await survivor(directory);
    cpSync(directory, damaged, { recursive: true });
    writeFileSync(join(damaged, "floor"), "not a floor");
    const cluster = reborn.clusterId;

    await assert.rejects(forceNewCluster(damaged, { cluster, now: later }), CorruptionError);
    const absent = join(folder.path, "absent");
    await assert.rejects(forceNewCluster(absent, { cluster, now: later }), DataAtRestError);
    assert.ok(!existsSync(absent));
  });
});
