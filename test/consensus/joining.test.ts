// A new node and the region that lets it in, or does not.
import { strict as assert } from "node:assert";
import { afterEach, describe, it } from "mocha";
import type { NodeId } from "../../src/base/ids.ts";
import { nodeUri } from "../../src/consensus/peer-identity.ts";
import { n1, n2, n3, n4, refusedWith, regionOfThree, write } from "./membership-steps.ts";
import { identityOf, RunningRegion, soon } from "./running-region.ts";

describe("a newcomer to a region", function () {
  this.timeout(60_000);

  let region: RunningRegion;

  afterEach(async () => {
    await region[Symbol.asyncDispose]();
  });

  async function ticket(node: NodeId, lifetimeMs = 60_000): Promise<string> {
    const { node: leader } = await region.leader();
    return (await leader.membership.invite(node, { ...soon(), lifetimeMs })).token;
  }

  it("asks again with the token whose answer was lost, and is in", async () => {
    region = await RunningRegion.found("n1", ["n2"]);
    const token = await ticket(n2);

    await region.askToJoin(n2, token);
    await region.askToJoin(n2, token);
    await region.startNode(n2);

    await region.untilVoters(["n1", "n2"]);
  });

  it("does not get in twice with one token, once it has come to something", async () => {
    region = await RunningRegion.found("n1", ["n2"]);
    const token = await ticket(n2);
    await region.askToJoin(n2, token);
    await region.startNode(n2);
    await region.untilVoters(["n1", "n2"]);

    await assert.rejects(region.askToJoin(n2, token), refusedWith("node_id_used"));
  });

  it("does not get in again as a learner that has lost what it acknowledged", async () => {
    region = await RunningRegion.found("n1", ["n2"]);
    const { node } = await region.leader();
    const invitation = { ...soon(), lifetimeMs: 60_000, becomes: "learner" } as const;
    const { token } = await node.membership.invite(n2, invitation);
    await region.askToJoin(n2, token);
    await region.startNode(n2);
    await write(region, "one");
    await region.until(() => region.running.get(n2)?.view.secret("one"));
    await region.stopNode(n2);
    await region.loseData(n2);

    await assert.rejects(region.askToJoin(n2, token), refusedWith("node_id_used"));
  });

  it("gets in with no token that is made up, another's, expired, or replaced", async () => {
    region = await RunningRegion.found("n1", ["n2", "n3"]);
    const replaced = await ticket(n2);
    const token = await ticket(n2);
    const expired = await ticket(n3, 0);

    await assert.rejects(
      region.askToJoin(n2, "made up"),
      refusedWith("join_token_refused", "unknown"),
    );
    await assert.rejects(region.askToJoin(n2, ""), refusedWith("join_token_refused", "unknown"));
    await assert.rejects(
      region.askToJoin(n2, replaced),
      refusedWith("join_token_refused", "unknown"),
    );
    await assert.rejects(
      region.askToJoin(n3, token),
      refusedWith("join_token_refused", "of_another_node"),
    );
    await assert.rejects(
      region.askToJoin(n3, expired),
      refusedWith("join_token_refused", "expired"),
    );

    const { node } = await region.leader();
    assert.deepEqual(
      node.membership.members().members.map(({ nodeId: id }) => id),
      [n1],
    );
    await region.askToJoin(n2, token);
  });

  it("is let in by a follower, which hands it on to the leader", async () => {
    region = await regionOfThree();
    const { id } = await region.leader();
    const follower = [n1, n2, n3].find((other) => other !== id);
    assert.ok(follower !== undefined);
    const token = await ticket(n4);

    await region.askToJoin(n4, token, { through: [region.addressOf(follower)] });
    await region.startNode(n4);

    await region.untilVoters(["n1", "n2", "n3", "n4"]);
  });

  it("asks around until somebody answers", async () => {
    region = await RunningRegion.found("n1", ["n2", "n3"]);
    const token = await ticket(n2);
    const troubles: string[] = [];

    await region.askToJoin(n2, token, {
      through: [region.addressOf(n3), region.addressOf(n1)],
      onTrouble: (address) => troubles.push(address),
    });

    assert.deepEqual(troubles, [region.addressOf(n3)]);
  });

  it("gives up at its deadline", async () => {
    region = await RunningRegion.found("n1", ["n2", "n3"]);

    await assert.rejects(
      region.askToJoin(n2, "any", { through: [region.addressOf(n3)], ...soon(300) }),
      refusedWith("timed_out"),
    );
  });

  it("of another cluster is turned away for certain", async () => {
    region = await RunningRegion.found("n1", ["n2"]);
    const token = await ticket(n2);
    const elsewhere = { ...identityOf(n2), region: "eu-west-1" };
    const uri = nodeUri(elsewhere, n2);

    await assert.rejects(
      region.askToJoin(n2, token, { certificates: await region.authority.issue([uri]) }),
      refusedWith("access_denied"),
    );
    await assert.rejects(
      region.askToJoin(n2, token, { addresses: { peer: "nowhere", grpc: "", https: "" } }),
      refusedWith("access_denied"),
    );
  });

  it("whose disk was lost does not come back under its id", async () => {
    region = await regionOfThree();
    const { node } = await region.leader();
    await region.stopNode(n3);
    await region.loseData(n3);

    await assert.rejects(
      node.membership.invite(n3, { ...soon(), lifetimeMs: 1_000 }),
      refusedWith("node_id_used"),
    );
    await assert.rejects(region.askToJoin(n3, "any"), refusedWith("node_id_used"));
  });

  it("stays a learner if it was invited as one, and is promoted when it is told to", async () => {
    region = await RunningRegion.found("n1", ["n2"]);
    region.promotion = { lagEntries: 1_000, stableMs: 0 };
    await region.joinNode(n2, "learner");
    const { node } = await region.leader();
    await write(region, "one");
    await region.until(() => region.running.get(n2)?.view.secret("one"));
    assert.deepEqual([...node.view.configuration().learners], [n2]);

    await node.membership.promote(n2, { ...soon(), replacing: undefined });

    await region.untilVoters(["n1", "n2"]);
    await assert.rejects(
      node.membership.promote(n2, { ...soon(), replacing: undefined }),
      refusedWith("not_a_learner"),
    );
  });

  it("is not promoted before it is there", async () => {
    region = await RunningRegion.found("n1", ["n2"]);
    await region.askToJoin(n2, await ticket(n2));
    const { node } = await region.leader();

    await assert.rejects(
      node.membership.promote(n2, { ...soon(), replacing: undefined }),
      refusedWith("learner_behind"),
    );
  });
});
