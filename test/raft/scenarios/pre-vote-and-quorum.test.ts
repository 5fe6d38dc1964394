// Asking first (thesis 9.6), voters that hear their leader (4.2.3), a leader that counts who
// answers (6.2), and a lead that is handed over (3.10): each alone is simple, together they can
// freeze.
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { NodeId } from "../../../src/base/ids.ts";
import { step } from "../../../src/raft/step.ts";
import {
  append,
  at,
  from,
  heartbeat,
  n1,
  n2,
  n3,
  n4,
  n5,
  preCandidate,
  preVote,
  settings,
  vote,
} from "../one-node.ts";
import { Region } from "./region.ts";

const three = [n1, n2, n3] as const;
const { electionTicks } = settings;

/** n1 leads in term 1, and everybody has everything. */
function led(names: readonly NodeId[] = three): Region {
  const region = new Region(names);
  region.elect(n1);
  region.pass(2);
  return region;
}

describe("scenario: a node that was cut off", () => {
  it("asks in vain for as long as it likes, and disturbs nobody when it is back", () => {
    const region = led();
    region.isolate(n3);
    for (let attempts = 0; attempts < 4; attempts += 1) region.timeOut(n3);
    region.propose(n1, 2);
    region.settle();
    assert.equal(region.view(n3), "asks around in 1");

    region.heal();
    region.timeOut(n3);
    region.settle();
    region.pass(2);

    assert.deepEqual(region.views(), ["n1 leads in 1", "n2 follows n1 in 1", "n3 follows n1 in 1"]);
    assert.deepEqual(region.terms(n3), region.terms(n1));
  });

  for (const word of ["heartbeat", "append"] as const) {
    it(`follows the leader of a newer term at its first ${word}`, () => {
      const asking = preCandidate({ log: [1], term: 1 });
      const message = word === "heartbeat" ? heartbeat(3) : append(3, at(1, 1), []);

      const { state } = step(asking, from(n2, message));

      assert.deepEqual(
        [state.term, state.role.kind, state.role.kind === "follower" && state.role.leader],
        [3, "follower", n2],
      );
    });
  }

  it("leaves behind a question that nobody counts any more", () => {
    const region = led();
    region.isolate(n3);
    region.timeOut(n3);
    region.heal();
    region.pass(2);

    region.give(n3, from(n2, preVote(2, "granted")));
    region.give(n3, from(n2, vote(1, "granted")));

    assert.equal(region.view(n3), "follows n1 in 1");
  });
});

describe("scenario: a leader that is cut off", () => {
  it("leads no longer than its quorum answers, and the others have a leader meanwhile", () => {
    const region = led();
    region.isolate(n1);

    region.tick(n1, 2 * electionTicks);
    region.forgetLeader(n2);
    region.forgetLeader(n3);
    if (region.state(n2).role.kind === "follower") region.timeOut(n2);
    region.timeOut(n2);
    region.settle();

    assert.deepEqual(region.views(), [
      "n1 follows nobody in 1",
      "n2 leads in 2",
      "n3 follows n2 in 2",
    ]);
  });

  it("is replaced though both others heard it a moment ago, once both have given it up", () => {
    const region = led();
    region.isolate(n1);

    region.timeOut(n3);
    region.settle();
    const refused = region.view(n3);
    region.timeOut(n2);
    region.settle();

    assert.match(refused, /^(asks around|follows nobody) in 1$/);
    assert.equal(region.view(n2), "leads in 2");
    assert.equal(region.view(n3), "follows n2 in 2");
  });

  it("comes back as a follower, and loses what only it held", () => {
    const region = led();
    region.isolate(n1);
    region.propose(n1, 3);
    region.elect(n2);
    region.propose(n2);
    region.settle();

    region.heal();
    region.pass(4);

    assert.equal(region.view(n1), "follows n2 in 2");
    assert.deepEqual(region.terms(n1), [1, 2, 2]);
  });

  it("cannot freeze two of three: who was away with a longer log and who was there find a leader", () => {
    const region = new Region(three);
    region.isolate(n3);
    region.elect(n1);
    region.give(n1, { kind: "transfer", to: n2 });
    region.settle();
    assert.deepEqual([region.view(n2), region.state(n3).term], ["leads in 2", 0]);

    region.heal();
    region.isolate(n2);
    region.pass(6 * electionTicks);

    assert.equal(region.view(n1), "leads in 3");
    assert.equal(region.view(n3), "follows n1 in 3");
  });

  it("leads on until a whole check has gone by without answers", () => {
    const region = led();
    region.lose((letter) => letter.to === n1);
    region.tick(n1, electionTicks - 1);
    region.settle();
    assert.equal(region.view(n1), "leads in 1");

    region.tick(n1, electionTicks + 1);

    assert.equal(region.view(n1), "follows nobody in 1");
  });
});

describe("scenario: a node in a higher term", () => {
  /** n3 was told to stand, is in term 2, and nobody has heard of it. */
  function stuck(): Region {
    const region = led();
    region.give(n1, { kind: "transfer", to: n3 });
    region.deliver(n3);
    region.isolate(n3);
    assert.equal(region.view(n3), "stands in 2");
    return region;
  }

  it("is freed by its answer to the leader it outgrew, and one leader is left", () => {
    const region = stuck();
    region.heal();

    region.tick(n1, settings.heartbeatTicks);
    region.settle();
    const after = region.view(n1);
    for (let attempts = 0; attempts < 4; attempts += 1) {
      for (const name of three) {
        if (!region.views().some((view) => view.includes("leads"))) region.timeOut(name);
        region.settle();
      }
    }

    assert.match(after, /in 2$/);
    assert.equal(region.views().filter((view) => view.includes("leads")).length, 1);
  });

  it("that holds less is passed over, and learns the term of the next leader", () => {
    const region = stuck();
    region.pass(electionTicks);
    region.propose(n1);
    region.settle();
    region.heal();

    for (let round = 0; round < 8; round += 1) region.pass(electionTicks / 2);

    const [leader] = region.views().filter((view) => view.includes("leads"));
    assert.ok(leader !== undefined && !leader.startsWith("n3"), leader);
    assert.deepEqual(region.terms(n3), region.terms(n1));
  });
});

describe("scenario: the question and the quorum check together", () => {
  it("keep a healthy region as it is, for as long as one likes", () => {
    const region = led([n1, n2, n3, n4, n5]);

    region.pass(20 * electionTicks);

    assert.deepEqual(
      region.views().map((view) => view.slice(3)),
      ["leads in 1", ...Array.from({ length: 4 }, () => "follows n1 in 1")],
    );
  });

  it("find a new leader for each that dies, until no quorum is left", () => {
    const region = led([n1, n2, n3, n4, n5]);
    const leaders = (): readonly NodeId[] =>
      [n1, n2, n3, n4, n5].filter((name) => region.state(name).role.kind === "leader");

    for (let dead = 0; dead < 2; dead += 1) {
      for (const name of leaders()) region.isolate(name);
      region.pass(6 * electionTicks);
      assert.equal(leaders().length, 1);
    }
    for (const name of leaders()) region.isolate(name);
    region.pass(6 * electionTicks);

    assert.deepEqual(leaders(), []);
  });

  it("let the lead pass on at the leader's word while everybody hears it", () => {
    const region = led();
    const { term } = region.state(n1);

    region.give(n1, { kind: "transfer", to: n2 });
    region.settle();

    assert.equal(region.view(n2), `leads in ${String(term + 1)}`);
    assert.equal(
      region.delivered.filter(
        ({ message }) => message.kind === "pre_vote_request" && message.term === 2,
      ).length,
      0,
    );
  });
});
