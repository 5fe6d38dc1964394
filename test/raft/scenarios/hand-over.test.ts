// The lead passes from one node to another on request (thesis 3.10).
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { nodeId, term } from "../../../src/base/ids.ts";
import type { Configuration } from "../../../src/raft/configuration.ts";
import { step } from "../../../src/raft/step.ts";
import { follower, from, leading, n1, n2, n3, n4, node, settings, vote } from "../one-node.ts";
import { Region } from "./region.ts";

const three = [n1, n2, n3] as const;
const { electionTicks } = settings;

function led(): Region {
  const region = new Region(three);
  region.elect(n1);
  region.pass(2);
  return region;
}

function handOver(region: Region, from: typeof n1, to: typeof n1): void {
  region.give(from, { kind: "transfer", to });
}

describe("scenario: handing over", () => {
  it("goes there and back, and loses nothing that was proposed between", () => {
    const region = led();

    handOver(region, n1, n2);
    region.settle();
    region.propose(n2, 2);
    region.settle();
    handOver(region, n2, n1);
    region.settle();
    region.pass(2);

    assert.deepEqual(region.views(), ["n1 leads in 3", "n2 follows n1 in 3", "n3 follows n1 in 3"]);
    for (const name of three) assert.deepEqual(region.terms(name), [1, 2, 2, 2, 3]);
  });

  it("to a node that lags brings it everything first", () => {
    const region = led();
    region.isolate(n3);
    region.propose(n1, 2);
    region.settle();
    region.heal();

    handOver(region, n1, n3);
    region.pass(2 * settings.heartbeatTicks);

    assert.equal(region.view(n3), "leads in 2");
    assert.deepEqual(region.terms(n3), [1, 1, 1, 2]);
  });

  it("to a node that the log no longer reaches waits for the snapshot and for what follows it", () => {
    const region = led();
    region.isolate(n3);
    region.propose(n1, 2);
    region.settle();
    region.compact(n1);
    region.holdApply(n1);
    region.propose(n1);
    region.settle();
    region.heal();

    handOver(region, n1, n3);
    region.tick(n1, settings.heartbeatTicks);
    for (const name of [...three, ...three, ...three]) region.deliver(name);
    const before = region.view(n1);
    region.settle();
    region.pass(settings.heartbeatTicks);

    assert.equal(before, "leads in 1");
    assert.equal(region.view(n3), "leads in 2");
  });

  it("to a node that the snapshot brings everything is urged as soon as it has it", () => {
    const region = led();
    region.isolate(n3);
    region.propose(n1, 2);
    region.settle();
    region.compact(n1);
    region.heal();

    handOver(region, n1, n3);
    region.pass(2 * settings.heartbeatTicks);

    assert.equal(region.view(n3), "leads in 2");
  });

  it("to a node that cannot be reached is given up, and the leader leads on", () => {
    const region = led();
    region.isolate(n3);

    handOver(region, n1, n3);
    region.pass(electionTicks);
    region.propose(n1);
    region.settle();

    assert.equal(region.view(n1), "leads in 1");
    assert.equal(leading(region.state(n1)).transfer, undefined);
    assert.equal(region.state(n1).commitIndex, region.state(n1).log.lastIndex);
  });

  it("ends when another node wins meanwhile", () => {
    const region = led();
    region.isolate(n3);
    handOver(region, n1, n3);

    region.forgetLeader(n2);
    region.heal();
    region.give(n1, from(n2, vote(7, "refused")));
    region.pass(4 * electionTicks);

    const leaders = region.views().filter((view) => view.includes("leads"));
    assert.equal(leaders.length, 1);
    assert.ok(Number(leaders[0]?.split(" ").at(-1)) >= 8, leaders[0]);
  });

  it("asked for a second time goes to the second successor", () => {
    const region = led();
    region.isolate(n3);
    handOver(region, n1, n3);

    handOver(region, n1, n2);
    region.settle();

    assert.equal(region.view(n2), "leads in 2");
  });

  it("asked for a second time to the same node has no more time than the first", () => {
    const region = led();
    region.isolate(n3);
    handOver(region, n1, n3);
    region.pass(electionTicks - 2);

    handOver(region, n1, n3);
    region.pass(2);

    assert.equal(leading(region.state(n1)).transfer, undefined);
  });

  for (const [what, to] of [
    ["the leader itself", n1],
    ["a stranger", nodeId("n9")],
  ] as const) {
    it(`to ${what} changes nothing, not even a hand-over under way`, () => {
      const region = led();
      region.isolate(n3);
      handOver(region, n1, n3);
      const before = region.state(n1);

      handOver(region, n1, to);

      assert.equal(region.state(n1), before);
    });
  }

  it("to a learner changes nothing", () => {
    const configuration: Configuration = {
      voters: new Set(three),
      outgoingVoters: new Set(),
      learners: new Set([n4]),
    };
    const region = new Region([...three, n4], { configuration });
    region.elect(n1);
    region.pass(2);
    const before = region.state(n1);

    handOver(region, n1, n4);

    assert.equal(region.state(n1), before);
  });
});

describe("scenario: a node that is told to stand", () => {
  const now = (inTerm: number) => ({ kind: "timeout_now", term: term(inTerm) }) as const;
  const learner: Configuration = {
    voters: new Set([n2, n3]),
    outgoingVoters: new Set(),
    learners: new Set([n1]),
  };

  it("stays what it is if it is a learner, and wins nothing by votes that come all the same", () => {
    const state = follower(n2, { configuration: learner, log: [1], term: 1 });

    const told = step(state, from(n2, now(1))).state;
    const voted = step(
      step(told, from(n2, vote(1, "granted"))).state,
      from(n3, vote(1, "granted")),
    ).state;

    assert.equal(told, state);
    assert.equal(voted.role.kind, "follower");
  });

  it("stays what it is if it was removed", () => {
    const state = follower(n2, { voters: [n2, n3, n4], log: [1], term: 1 });

    assert.equal(step(state, from(n2, now(1))).state, state);
  });

  it("never stands by its own patience either, if it does not vote", () => {
    const region = new Region([n1, n2, n3], { configuration: learner });

    region.tick(n1, 20 * electionTicks);

    assert.equal(region.view(n1), "follows nobody in 0");
    assert.deepEqual(region.letters, []);
  });

  it("stands only in the term in which it was told", () => {
    const state = node({ log: [1], term: 2 });

    assert.equal(step(state, from(n2, now(1))).state, state);
  });
});
