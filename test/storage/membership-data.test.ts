// Who counts, as the data of a node keeps it: with the applied index, never apart from it.
import { strict as assert } from "node:assert";
import { describe, it } from "mocha";
import { logIndex, nodeId, term } from "../../src/base/ids.ts";
import { votersOnly } from "../../src/raft/configuration.ts";
import type { Entry } from "../../src/raft/input.ts";
import { applyEntry } from "../../src/storage/apply-entry.ts";
import { encodeEnvelope } from "../../src/storage/command-codec.ts";
import { CorruptionError } from "../../src/storage/corruption.ts";
import type { NodeStore } from "../../src/storage/node-store.ts";
import { folderInMemory } from "../support/temporary-folder.ts";
import { flush, openStore } from "./example-data.ts";
import { addressBook, commandTime, joinTokens, member, removedNode } from "./example-records.ts";
import { plain } from "./plain.ts";

const [n1, n2, n3] = ["n1", "n2", "n3"].map(nodeId);

const removal = encodeEnvelope({
  at: commandTime,
  command: {
    kind: "change_membership",
    change: { addLearners: [], promote: [], remove: [nodeId("n3")] },
    newcomers: [],
  },
});

const kinds: readonly Pick<Entry, "kind" | "payload">[] = [
  { kind: "empty", payload: new Uint8Array() },
  { kind: "membership", payload: removal },
  { kind: "leave_joint", payload: new Uint8Array() },
];

function append(store: NodeStore, entries: readonly Pick<Entry, "kind" | "payload">[]): void {
  store.log.append(
    entries.map((entry, place) => ({ ...entry, index: logIndex(place + 1), term: term(1) })),
  );
}

function applyUpTo(store: NodeStore, last: number): void {
  const first = store.state.applied.position.index + 1;
  for (let index = first; index <= last; index += 1) {
    applyEntry(store.state, store.log.entry(logIndex(index)));
  }
}

describe("the data of a node whose region changes", () => {
  for (const { applied, unapplied, voters, outgoing } of [
    { applied: 0, unapplied: [2, 3], voters: [n1, n2, n3], outgoing: [] },
    { applied: 1, unapplied: [2, 3], voters: [n1, n2, n3], outgoing: [] },
    { applied: 2, unapplied: [3], voters: [n1, n2], outgoing: [n1, n2, n3] },
    { applied: 3, unapplied: [], voters: [n1, n2], outgoing: [] },
  ]) {
    it(`knows after a restart who counts as of entry ${applied}, and what is not applied`, async () => {
      await using folder = await folderInMemory();
      {
        await using store = await openStore(folder.path);
        append(store, kinds);
        applyUpTo(store, applied);
        await flush(store);
      }

      await using store = await openStore(folder.path);

      const { configuration, position } = store.state.applied;
      assert.equal(position.index, applied);
      assert.deepEqual(store.recoveredMemberships, unapplied);
      assert.deepEqual([...configuration.voters], voters);
      assert.deepEqual([...configuration.outgoingVoters], outgoing);
      assert.equal(store.state.removedNode(nodeId("n3")) !== undefined, applied === 3);
    });
  }

  it("does not know of a change whose batch did not land", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      append(store, kinds);
      await flush(store);
      applyUpTo(store, 3);
    }

    await using store = await openStore(folder.path);

    assert.deepEqual(
      store.state.applied.configuration,
      votersOnly([n1, n2, n3].map(String).map(nodeId)),
    );
    assert.equal(store.state.removedNode(nodeId("n3")), undefined);
  });

  it("reads the rows of its members back", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      append(store, kinds.slice(0, 1));
      const at = { index: logIndex(1), term: term(1) };
      store.state.absorb(
        [
          { row: "member", nodeId: member.nodeId, record: member },
          { row: "removed_node", record: removedNode },
          { row: "join_tokens", tokens: joinTokens },
        ],
        at,
      );
      await flush(store);
    }

    await using store = await openStore(folder.path);

    assert.deepEqual(plain(store.state.member(member.nodeId)), plain(member));
    assert.deepEqual(plain(store.state.removedNode(removedNode.nodeId)), plain(removedNode));
    assert.deepEqual(plain(store.state.joinTokens()), plain(joinTokens));
    assert.equal(store.state.member(removedNode.nodeId), undefined);
  });

  it("remembers its address book with the next batch, outside the state", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      const { digest } = store.state.applied;
      store.rememberAddresses(addressBook);
      await flush(store);
      assert.equal(store.state.applied.digest, digest);
    }

    await using store = await openStore(folder.path);

    assert.deepEqual(store.addressBook, addressBook);
  });

  it("stops at a change of the membership that stands in an entry of another kind", async () => {
    await using folder = await folderInMemory();
    await using store = await openStore(folder.path);
    append(store, [{ kind: "command", payload: removal }]);

    assert.throws(() => {
      applyUpTo(store, 1);
    }, CorruptionError);
    assert.equal(store.state.applied.position.index, 0);
  });
});
