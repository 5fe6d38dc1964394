// Nodes that the log no longer reaches, and the way back for them (thesis 5; paper, section 7).
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { logIndex, term } from "../../../src/base/ids.ts";
import { votersOnly } from "../../../src/raft/configuration.ts";
import { holdsUpTo } from "../../../src/raft/snapshot.ts";
import { step } from "../../../src/raft/step.ts";
import {
  append,
  at,
  follower,
  from,
  n1,
  n2,
  n3,
  node,
  progressOf,
  said,
  settings,
  ticks,
  stepThrough,
} from "../one-node.ts";
import { Region } from "./region.ts";

const three = [n1, n2, n3] as const;

/** n3 was away; what it lacks is in the others' state, and no longer in their logs. */
function compactedWithout(lacks = 5): Region {
  const region = new Region(three);
  region.elect(n1);
  region.pass(2);
  region.isolate(n3);
  region.propose(n1, lacks);
  region.settle();
  region.pass(settings.electionTicks);
  for (const name of [n1, n2]) region.compact(name);
  return region;
}

function snapshotsTo(region: Region): number {
  return region.cargo.filter(({ to }) => to === n3).length;
}

describe("scenario: a node that the log no longer reaches", () => {
  it("comes back by a snapshot and then by the log, while the others write on", () => {
    const region = compactedWithout(20);
    region.propose(n1, 2);
    region.settle();

    region.heal();
    region.pass(settings.heartbeatTicks);
    region.propose(n1, 2);
    region.settle();
    region.pass(settings.heartbeatTicks);

    assert.equal(region.state(n3).log.start.index, 23);
    assert.deepEqual(region.terms(n3), region.terms(n1));
    assert.equal(region.applied(n3), region.applied(n1));
    assert.equal(progressOf(region.state(n1), n3).mode, "replicate");
  });

  it("is sent one snapshot, and no entries until that has arrived", () => {
    const region = compactedWithout();
    region.heal();
    for (let beats = 0; beats < 3; beats += 1) {
      region.tick(n1, settings.heartbeatTicks);
      for (const name of [...three, ...three]) region.deliver(name);
      region.propose(n1);
    }

    assert.equal(snapshotsTo(region), 1);
    assert.equal(progressOf(region.state(n1), n3).mode, "snapshot");
    const { matchIndex } = progressOf(region.state(n1), n3);
    region.settle();
    assert.ok(progressOf(region.state(n1), n3).matchIndex > matchIndex);
  });

  it("is sent another at the heartbeat after one that failed", () => {
    const region = compactedWithout();
    region.heal();
    region.tick(n1, settings.heartbeatTicks);
    for (const name of [...three, ...three]) region.deliver(name);
    const { term: inTerm } = region.state(n1);
    region.cargo = [];

    const failed = { kind: "failed" } as const;
    region.give(n1, { kind: "snapshot_ended", to: n3, term: inTerm, outcome: failed });
    region.propose(n1);
    const atOnce = snapshotsTo(region);
    region.tick(n1, settings.heartbeatTicks);
    for (const name of [...three, ...three]) region.deliver(name);

    assert.equal(atOnce, 0);
    assert.equal(snapshotsTo(region), 1);
  });

  it("goes on from a snapshot that ends where the leader's log ends, without another entry", () => {
    const region = compactedWithout();
    assert.equal(region.state(n1).log.lastIndex, region.state(n1).log.start.index);

    region.heal();
    region.pass(settings.heartbeatTicks);

    assert.equal(progressOf(region.state(n1), n3).mode, "replicate");
    assert.equal(region.applied(n3), region.applied(n1));
  });

  it("needs no newer snapshot than the one that came, if the log reaches what that brought", () => {
    const region = compactedWithout();
    region.heal();
    region.tick(n1, settings.heartbeatTicks);
    for (const name of [...three, ...three]) region.deliver(name);
    const { term: inTerm } = region.state(n1);
    const brought = region.applied(n1);
    region.bringSnapshot();

    region.propose(n1, 3);
    region.settle();

    assert.equal(inTerm, 1);
    assert.equal(snapshotsTo(region), 0);
    assert.equal(region.state(n3).log.start.index, brought);
    assert.deepEqual(region.terms(n3), region.terms(n1));
  });

  it("is not waited for, and costs nothing while it is silent", () => {
    const region = compactedWithout();

    region.pass(4 * settings.electionTicks);
    region.give(n1, { kind: "peer_unreachable", peer: n3 });
    region.propose(n1);
    for (const name of [...three, ...three]) region.deliver(name);

    assert.equal(progressOf(region.state(n1), n3).nextIndex, 2);
    assert.equal(snapshotsTo(region), 0);
    assert.equal(region.state(n1).commitIndex, region.state(n1).log.lastIndex);
  });

  it("whose window was full when the log was cut still gets the snapshot", () => {
    const region = new Region(three);
    region.elect(n1);
    region.pass(2);
    region.isolate(n3);
    for (let count = 0; count < 6; count += 1) {
      region.propose(n1);
      region.settle();
    }
    assert.equal(progressOf(region.state(n1), n3).inFlight.length, 3);
    region.compact(n1, region.applied(n1) - 1);

    region.heal();
    region.pass(2 * settings.heartbeatTicks);

    assert.deepEqual(region.terms(n3), region.terms(n1));
    assert.equal(progressOf(region.state(n1), n3).mode, "replicate");
  });
});

describe("scenario: a snapshot that a node does not need", () => {
  const rows = [
    { what: "ends where its commit index is", at: at(2, 1), isHeld: true },
    { what: "ends before its commit index", at: at(1, 1), isHeld: true },
    {
      what: "ends at an entry that it holds and does not know to be committed",
      at: at(3, 1),
      isHeld: true,
    },
    { what: "ends at another entry than it holds there", at: at(3, 2), isHeld: false },
    { what: "ends after its log", at: at(5, 2), isHeld: false },
  ];
  for (const { what, at: position, isHeld } of rows) {
    it(`${isHeld ? "is one" : "is not one"} that ${what}`, () => {
      const state = node({ log: [1, 1, 1, 1], commitIndex: 2 });

      assert.equal(holdsUpTo(state, position), isHeld);
    });
  }

  it("drops nothing of what it has acknowledged", () => {
    const region = compactedWithout();
    region.heal();
    region.tick(n1, settings.heartbeatTicks);
    for (const name of [...three, ...three]) region.deliver(name);
    const [late] = region.cargo;
    assert.ok(late !== undefined);
    region.bringSnapshot();
    region.propose(n1, 4);
    region.settle();
    const before = region.terms(n3);

    region.cargo = [late];
    region.settle();

    assert.deepEqual(region.terms(n3), before);
    assert.ok(!region.isHalted(n3));
  });
});

describe("scenario: a node that starts from a snapshot", () => {
  const installed = () =>
    step(node({ self: n2, log: [1, 1], term: 2 }), {
      kind: "snapshot_installed",
      position: at(9, 2),
      configuration: votersOnly(three),
    }).state;

  it("has nothing before it, and ends at it", () => {
    const { log, commitIndex, durability } = installed();

    assert.deepEqual(log, { start: at(9, 2), runs: [], lastIndex: 9 });
    assert.deepEqual([commitIndex, durability.index], [9, 9]);
  });

  it("answers an append from before it with what is committed", () => {
    const { effects } = step(installed(), from(n1, append(2, at(3, 1), [1, 1], 3)));

    const [answer] = said(effects);
    assert.ok(answer?.message.kind === "append_response");
    assert.deepEqual(answer.message.answer, { kind: "matched", index: 9 });
  });

  it("takes the entries that follow it, and stands with it as with a whole log", () => {
    const on = step(installed(), from(n1, append(2, at(9, 2), [2], 9))).state;
    assert.ok(on.role.kind !== "leader");

    const asked = stepThrough(on, ...ticks(on.role.patienceTicks));

    assert.equal(on.log.lastIndex, 10);
    const [question] = said(asked.effects);
    assert.ok(question?.message.kind === "pre_vote_request");
    assert.deepEqual(question.message.lastLog, at(10, 2));
  });

  it("comes back whole after it has died", () => {
    const region = compactedWithout();
    region.heal();
    region.pass(2 * settings.heartbeatTicks);
    region.restart(n3);

    region.propose(n1);
    region.settle();
    region.pass(settings.heartbeatTicks);

    assert.deepEqual(region.terms(n3), region.terms(n1));
    assert.equal(region.applied(n3), region.applied(n1));
  });
});

describe("scenario: a log that is cut again and again", () => {
  it("keeps what follows, and knows its terms", () => {
    const region = new Region(three);
    for (const name of [n1, n2, n3, n1]) {
      region.elect(name);
      region.propose(name, 4);
      region.settle();
      region.pass(2);
    }
    const terms = region.terms(n1);

    for (const upTo of [3, 3, 7, 12]) {
      region.compact(n1, upTo);
      const { log } = region.state(n1);
      assert.equal(log.start.term, terms[upTo - 1]);
      assert.equal(log.lastIndex, terms.length);
    }
  });

  it("is never cut beyond what is committed", () => {
    const state = follower(n2, { log: [1, 1, 1], term: 1, commitIndex: 1 });

    assert.throws(() => step(state, { kind: "compacted", upTo: logIndex(2) }), /committed/);
  });

  it("hears nothing of a snapshot that was sent in another term", () => {
    const region = compactedWithout();
    region.heal();
    region.tick(n1, settings.heartbeatTicks);
    for (const name of [...three, ...three]) region.deliver(name);
    assert.equal(progressOf(region.state(n1), n3).mode, "snapshot");
    const outcome = { kind: "installed", index: logIndex(6) } as const;

    region.give(n1, { kind: "snapshot_ended", to: n3, term: term(9), outcome });

    assert.equal(progressOf(region.state(n1), n3).matchIndex, 1);
    assert.equal(progressOf(region.state(n1), n3).mode, "snapshot");
  });
});
