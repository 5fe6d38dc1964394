// What a driver does for the membership: tells the core of each change when it is applied, and of a
// disk that does not answer.
import { strict as assert } from "node:assert";
import { afterEach, beforeEach, describe, it } from "mocha";
import { logIndex, nodeId, term } from "../../src/base/ids.ts";
import type { Entry } from "../../src/raft/input.ts";
import { encodeEnvelope } from "../../src/storage/command-codec.ts";
import { rootChain, storeEntry, type StoredEntry } from "../../src/storage/entry-codec.ts";
import { commandTime } from "../storage/example-records.ts";
import { folderInMemory, type TemporaryFolder } from "../support/temporary-folder.ts";
import { appendOf, DrivenNode, n1, n2, n3 } from "./driven-node.ts";

function removalOf(name: string): Pick<Entry, "kind" | "payload"> {
  const change = { addLearners: [], promote: [], remove: [nodeId(name)] };
  const command = { kind: "change_membership", change, newcomers: [] } as const;
  return { kind: "membership", payload: encodeEnvelope({ at: commandTime, command }) };
}

const leave = { kind: "leave_joint", payload: new Uint8Array() } as const;

function chained(contents: readonly Pick<Entry, "kind" | "payload">[]): StoredEntry[] {
  const entries: StoredEntry[] = [];
  for (const content of contents) {
    const index = logIndex(entries.length + 1);
    const chain = entries.at(-1)?.chain ?? rootChain;
    entries.push(storeEntry(chain, { ...content, index, term: term(1) }));
  }
  return entries;
}

describe("RaftDriver, while the membership changes", () => {
  let folder: TemporaryFolder;
  let node: DrivenNode;

  beforeEach(async () => {
    folder = await folderInMemory();
    node = await DrivenNode.start(folder.path);
  });

  afterEach(async () => {
    await node[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it("tells the core who counts once the change is applied, and once it is complete", async () => {
    const entries = chained([removalOf("n3"), leave]);

    node.receive(n2, appendOf(entries.slice(0, 1), { inTerm: 1, commit: 1 }));
    await node.landAll();
    const joint = node.driver.state.configuration;
    node.receive(n2, appendOf(entries.slice(1), { inTerm: 1, prev: entries[0], commit: 2 }));
    await node.landAll();

    assert.deepEqual([...joint.outgoingVoters], [n1, n2, n3]);
    assert.deepEqual([...joint.voters], [n1, n2]);
    assert.deepEqual([...node.driver.state.configuration.outgoingVoters], []);
    assert.deepEqual(node.driver.state.unappliedMemberships, []);
    assert.deepEqual(node.fatal, []);
  });

  it("tells the core also of a change that is refused", async () => {
    node.receive(n2, appendOf(chained([removalOf("n9")]), { inTerm: 1, commit: 1 }));
    await node.landAll();

    assert.deepEqual(node.driver.state.unappliedMemberships, []);
    assert.equal(node.applied[0]?.outcome?.ok, false);
    assert.deepEqual([...node.driver.state.configuration.voters], [n1, n2, n3]);
  });

  it("lets the core know of a write that does not end, and of its end", async () => {
    await node.lead();
    await node.landAll();
    node.receive(n2, {
      kind: "append_response",
      term: term(1),
      readRound: 0,
      answer: { kind: "matched", index: logIndex(1) },
    });
    await node.landAll();
    const payload = encodeEnvelope({
      at: commandTime,
      command: { kind: "announce_member", nodeId: n1, addresses: addressesNowhere },
    });
    node.driver.give({ kind: "propose", payloads: [payload] });
    await node.settle();
    assert.equal(node.writing, 1);

    for (let tick = 0; tick <= 20; tick += 1) {
      node.tick();
      node.receive(n2, {
        kind: "heartbeat_response",
        term: term(1),
        readRound: 0,
      });
    }

    assert.notEqual(node.driver.state.role.kind, "leader");
    assert.deepEqual(node.fatal, []);
  });
});

const addressesNowhere = { peer: "nowhere:1", grpc: "nowhere:2", https: "nowhere:3" };
