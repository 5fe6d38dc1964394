import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import { logIndex, nodeId } from "../../src/base/ids.ts";
import type { Member, MemberStanding } from "../../src/consensus/region-membership.ts";
import type { OperationName } from "../../src/services/operations/operations.ts";
import { assertRefused, serviceNode, stranger, type ServiceNode } from "./service-node.ts";

function member(id: string, standing: MemberStanding): Member {
  const port = Number(id.slice(1)) * 1_000;
  return {
    nodeId: nodeId(id),
    standing,
    addresses: { peer: `h:${port}`, grpc: `h:${port + 1}`, https: `h:${port + 2}` },
    progress: { matchIndex: logIndex(8), isActive: true, mode: "replicate" },
  };
}

const region = [member("n1", "voter"), member("n2", "voter"), member("n3", "voter")];
const deadlineMs = 5_000;

/** Each of the operations that change something, with a request that is in order. */
const changes: readonly (readonly [OperationName, object])[] = [
  ["InviteMember", { nodeId: "n4" }],
  ["PromoteMember", { nodeId: "n4" }],
  ["ReplaceMember", { nodeId: "n2", replacementId: "n4" }],
  ["RemoveMember", { nodeId: "n2" }],
  ["TransferLeadership", { nodeId: "n2" }],
];

describe("the operations on members", () => {
  let node: ServiceNode;
  beforeEach(async () => {
    node = await serviceNode();
    node.membership.list = region;
  });

  it("list who is in the region, with addresses and progress", async () => {
    const founder = { ...member("n3", "joining"), addresses: undefined, progress: undefined };
    node.membership.list = [member("n1", "voter"), founder];

    const listed = await node.call("ListMembers", {});

    assert.deepEqual(listed, {
      clusterId: "cluster-1",
      region: "us-east-1",
      leader: "n1",
      lastIndex: 9,
      changing: false,
      members: [
        {
          nodeId: "n1",
          peerAddress: "h:1000",
          grpcAddress: "h:1001",
          httpsAddress: "https://h:1002",
          standing: "voter",
          matchIndex: 8,
          active: true,
          mode: "replicate",
        },
        { nodeId: "n3", standing: "joining" },
      ],
    });
  });

  it("invite a node for an hour, and tell it all that it must know", async () => {
    const invitation = await node.call("InviteMember", { nodeId: "n4" });

    assert.deepEqual(invitation, {
      clusterId: "cluster-1",
      region: "us-east-1",
      nodeId: "n4",
      token: "ticket",
      expiresAt: node.clock.now() + 3_600_000,
      through: ["h:1000", "h:2000", "h:3000"],
    });
    const lifetimeMs = 3_600_000;
    assert.deepEqual(node.membership.asked, [
      ["invite", "n4", { deadlineMs, lifetimeMs, becomes: "voter" }],
    ]);
  });

  it("invite a learner for as long as is asked", async () => {
    await node.call("InviteMember", { nodeId: "n4", lifetimeSeconds: 60, learner: true });

    assert.deepEqual(node.membership.asked, [
      ["invite", "n4", { deadlineMs, lifetimeMs: 60_000, becomes: "learner" }],
    ]);
  });

  it("replace by one step when the new node is a learner", async () => {
    node.membership.list = [...region, member("n4", "learner")];

    await node.call("ReplaceMember", { nodeId: "n2", replacementId: "n4" });

    assert.deepEqual(node.membership.asked, [["promote", "n4", { deadlineMs, replacing: "n2" }]]);
  });

  it("replace by a removal, with its safety, when the new node votes already", async () => {
    node.membership.list = [...region, member("n4", "voter")];

    await node.call("ReplaceMember", { nodeId: "n2", replacementId: "n4" });

    assert.deepEqual(node.membership.asked, [["remove", "n2", { deadlineMs, safety: "kept" }]]);
  });

  it("replace nobody by itself, and neither replace nor promise what is not there", async () => {
    const replace = (old: string, replacementId: string) =>
      node.call("ReplaceMember", { nodeId: old, replacementId });

    await assertRefused(replace("n2", "n2"), "validation_failed");
    await assertRefused(replace("n9", "n1"), "unknown_node", { node: "n9" });
    await assertRefused(replace("n2", "n9"), "unknown_node", { node: "n9" });
    assert.deepEqual(node.membership.asked, []);
  });

  it("remove with safety unless forced, promote and hand over", async () => {
    await node.call("RemoveMember", { nodeId: "n2" });
    await node.call("RemoveMember", { nodeId: "n3", force: true });
    await node.call("PromoteMember", { nodeId: "n4" });
    await node.call("TransferLeadership", { nodeId: "n2" });

    assert.deepEqual(node.membership.asked, [
      ["remove", "n2", { deadlineMs, safety: "kept" }],
      ["remove", "n3", { deadlineMs, safety: "forced" }],
      ["promote", "n4", { deadlineMs, replacing: undefined }],
      ["transfer", "n2", { deadlineMs }],
    ]);
  });

  for (const [operation, request] of [["ListMembers", {}] as const, ...changes]) {
    it(`let only an administrator ask for ${operation}`, async () => {
      await assertRefused(node.call(operation, request, stranger), "access_denied", {
        principal: stranger.arn,
        action: `holdfast:${operation}`,
        resource: undefined,
      });
      assert.deepEqual(node.membership.asked, []);
    });

    it(`answer ${operation} on a node without its keys`, async () => {
      const locked = await serviceNode({ peer: node, unsealKey: undefined });
      locked.membership.list = [...region, member("n4", "learner")];

      await locked.call(operation, request);

      assert.equal(locked.membership.asked.length, operation === "ListMembers" ? 0 : 1);
    });

    it(`hand ${operation} to the leader, request and all, and answer what it answers`, async () => {
      const follower = await serviceNode({ peer: node, seed: "follower" });
      follower.group.follow((handed) => node.dispatcher.serveHandedOver(handed));
      node.membership.list = [...region, member("n4", "learner")];

      const answer = await follower.call(operation, request);
      const asked = [...node.membership.asked];
      const own = await node.call(operation, request);

      assert.deepEqual(answer, { ...own });
      assert.deepEqual(node.membership.asked, [...asked, ...asked]);
      assert.deepEqual(follower.membership.asked, []);
    });

    it(`refuse ${operation} while nobody leads`, async () => {
      node.group.follow();

      await assertRefused(node.call(operation, request), "no_leader");
    });
  }

  for (const [operation, request] of changes) {
    it(`take ${operation} one at a time`, async () => {
      node.membership.list = [...region, member("n4", "learner")];
      node.membership.isChanging = true;

      await assertRefused(node.call(operation, request), "membership_changing");
    });
  }

  for (const bad of ["", "N4", "-n4", "n4-", "n 4", "n/4", "n".repeat(65)]) {
    it(`refuse the id "${bad.slice(0, 8)}"`, async () => {
      await assertRefused(node.call("InviteMember", { nodeId: bad }), "validation_failed");
      assert.deepEqual(node.membership.asked, []);
    });
  }

  for (const lifetimeSeconds of [59, 604_801]) {
    it(`refuse a ticket for ${lifetimeSeconds} seconds`, async () => {
      const call = node.call("InviteMember", { nodeId: "n4", lifetimeSeconds });

      await assertRefused(call, "validation_failed");
    });
  }
});
