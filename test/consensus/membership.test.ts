// Who is in a region changes while it runs: real nodes that are founded, join, are promoted,
// replaced, moved and removed.
import { strict as assert } from "node:assert";
import { afterEach, describe, it } from "mocha";
import type { NodeId } from "../../src/base/ids.ts";
import { NodeRemovedError } from "../../src/consensus/node-removed.ts";
import {
  asLeader,
  assertEverywhere,
  keepWriting,
  n1,
  n2,
  n3,
  n4,
  promoteOnceThere,
  refusedWith,
  regionOfThree,
  write,
} from "./membership-steps.ts";
import { createNamed, RunningRegion, soon } from "./running-region.ts";

describe("the membership of a region", function () {
  this.timeout(60_000);

  let region: RunningRegion;

  afterEach(async () => {
    await region[Symbol.asyncDispose]();
  });

  it("grows from a founder that leads at once to three voters, by tickets and by itself", async () => {
    region = await RunningRegion.found("n1", ["n2", "n3"]);
    await write(region, "before");

    await region.joinNode(n2);
    await region.joinNode(n3);
    await region.untilVoters(["n1", "n2", "n3"]);
    await write(region, "after");

    await assertEverywhere(region, ["before", "after"]);
    const { id: leading, node } = await region.leader();
    const { members, isChanging, leader } = node.membership.members();
    assert.deepEqual(
      members.map(({ nodeId: id, standing, addresses }) => [id, standing, addresses?.peer]),
      [n1, n2, n3].map((id) => [id, "voter", region.addressOf(id)]),
    );
    assert.ok(members.every(({ progress }) => progress?.isActive));
    assert.deepEqual({ isChanging, leader }, { isChanging: false, leader: leading });
    assert.deepEqual(region.fatal, []);
  });

  it("is known to every node from its rows alone, when all of them are started again", async () => {
    region = await regionOfThree();
    await write(region, "kept");

    for (const id of [n1, n2, n3]) await region.stopNode(id);
    await Promise.all([n1, n2, n3].map((id) => region.startNode(id)));
    await write(region, "later");

    await assertEverywhere(region, ["kept", "later"]);
    const { node } = await region.leader();
    assert.deepEqual(
      node.membership.members().members.map(({ nodeId: id, standing }) => [id, standing]),
      [n1, n2, n3].map((id) => [id, "voter"]),
    );
  });

  it("goes on without its founder", async () => {
    region = await regionOfThree();

    await region.stopNode(n1);
    await write(region, "without");

    await assertEverywhere(region, ["without"]);
  });

  it("replaces a dead node by a new one in one step, while it is written to", async () => {
    region = await regionOfThree();
    const stop = keepWriting(region);
    await region.stopNode(n3);

    const newcomer = await region.joinNode(n4, "learner");
    assert.ok(newcomer.view.configuration().voters.size <= 3);
    await asLeader(region, (membership) => promoteOnceThere(membership, n4, n3));
    const written = await stop();
    await region.untilVoters(["n1", "n2", "n4"]);

    assert.ok(written.length > 0);
    await assertEverywhere(region, written);
    for (const node of region.running.values()) {
      assert.ok(node.view.removedNode(n3));
      assert.equal(node.view.member(n3), undefined);
    }
  });

  it("parks a node that was removed while it was away, and lets it disturb nobody", async () => {
    region = await regionOfThree();
    await region.joinNode(n4);
    await region.untilVoters(["n1", "n2", "n3", "n4"]);
    await region.stopNode(n3);
    await asLeader(region, (membership) => membership.remove(n3, { ...soon(), safety: "kept" }));
    const { node } = await region.leader();
    const { term } = node.status();

    await region.startNode(n3);
    const fatal = await region.until(() => region.fatal[0]);
    await region.stopNode(n3);
    await write(region, "undisturbed");

    assert.ok(fatal instanceof NodeRemovedError, String(fatal));
    assert.match(fatal.message, /"n3" was removed/);
    assert.equal((await region.leader()).node.status().term, term);
  });

  it("parks a node that is removed while it runs", async () => {
    region = await regionOfThree();

    await asLeader(region, (membership) => {
      const { members } = membership.members();
      const follower = members.find(({ nodeId: id }) => id !== membership.members().leader);
      assert.ok(follower);
      return membership.remove(follower.nodeId, { ...soon(), safety: "forced" });
    });

    const fatal = await region.until(() => region.fatal[0]);
    assert.ok(fatal instanceof NodeRemovedError, String(fatal));
  });

  it("lets another lead before its leader is removed, and burns its id", async () => {
    region = await regionOfThree();
    await region.joinNode(n4);
    await region.untilVoters(["n1", "n2", "n3", "n4"]);
    const former = await region.leader();

    await assert.rejects(
      former.node.membership.remove(former.id, { ...soon(), safety: "kept" }),
      refusedWith("no_leader"),
    );
    await asLeader(region, (membership) =>
      membership.remove(former.id, { ...soon(), safety: "kept" }),
    );

    const fatal = await region.until(() => region.fatal[0]);
    assert.ok(fatal instanceof NodeRemovedError, String(fatal));
    await region.stopNode(former.id);
    await write(region, "after");
    const { node } = await region.leader();
    await assert.rejects(
      node.membership.invite(former.id, { ...soon(), lifetimeMs: 1_000 }),
      refusedWith("node_id_used"),
    );
  });

  it("hands the lead to whom it is told to", async () => {
    region = await regionOfThree();
    const { id, node } = await region.leader();
    const next = [n1, n2, n3].find((other) => other !== id);
    assert.ok(next !== undefined);

    await node.membership.transfer(next, soon());

    assert.equal((await region.leader()).id, next);
  });

  it("reaches a node that has moved, and writes its new address down", async () => {
    region = await regionOfThree();
    await region.stopNode(n2);
    await region.moveNode(n2);
    await write(region, "meanwhile");

    await region.startNode(n2);
    await region.until(() => {
      const known = [...region.running.values()].map(
        (node) => node.view.member(n2)?.addresses.peer,
      );
      return known.every((peer) => peer === region.addressOf(n2)) ? true : undefined;
    });

    await assertEverywhere(region, ["meanwhile"]);
  });

  it("refuses to be left with too few voters, unless it is forced", async () => {
    region = await regionOfThree();
    const { node } = await region.leader();

    await assert.rejects(
      node.membership.remove(n2, { ...soon(), safety: "kept" }),
      refusedWith("quorum_at_risk"),
    );
    await assert.rejects(
      node.membership.remove(n4, { ...soon(), safety: "kept" }),
      refusedWith("unknown_node"),
    );
    await node.membership.remove(n2, { ...soon(), safety: "forced" });

    assert.ok(!node.view.configuration().voters.has(n2));
  });

  it("refuses to be left with voters of whom too few answer, even if it is forced", async () => {
    region = await regionOfThree();
    const { id, node } = await region.leader();
    const [dead, alive] = [n1, n2, n3].filter((other) => other !== id) as [NodeId, NodeId];
    await region.stopNode(dead);
    await region.until(() => {
      const { members } = node.membership.members();
      const member = members.find(({ nodeId: other }) => other === dead);
      void node.propose(createNamed("noise"), soon());
      return member?.progress?.isActive === false ? true : undefined;
    });

    await assert.rejects(
      node.membership.remove(alive, { ...soon(), safety: "forced" }),
      refusedWith("quorum_at_risk"),
    );
  });

  it("completes a change of voters whose leader is lost on the way", async () => {
    region = await RunningRegion.found("n1", ["n2", "n3", "n4"]);
    region.promotion = { lagEntries: 1_000, stableMs: 1e9 };
    await region.stopNode(n1);
    await region.startNode(n1);
    await region.joinNode(n2);
    await region.joinNode(n3);
    await asLeader(region, (membership) => promoteOnceThere(membership, n2));
    await asLeader(region, (membership) => promoteOnceThere(membership, n3));
    await region.joinNode(n4, "learner");
    const { id, node } = await region.leader();
    const settled = promoteOnceThere(node.membership, n4).then(
      () => "done",
      () => "lost",
    );

    // The change is in the log, maybe applied, maybe not: its leader does not see to it any more.
    await region.until(() => (node.membership.members().isChanging ? true : undefined));
    await region.stopNode(id);
    await settled;
    assert.ok(!region.running.has(id));
    await region.leader();
    await region.until(() => {
      const configurations = [...region.running.values()].map((other) =>
        other.view.configuration(),
      );
      return configurations.every(({ outgoingVoters }) => outgoingVoters.size === 0)
        ? true
        : undefined;
    });

    await write(region, "complete");
    await assertEverywhere(region, ["complete"]);
  });
});
