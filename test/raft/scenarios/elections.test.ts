// Elections of whole regions, and what a round of votes may come to (thesis 3.4, 3.6.1, 9.6).
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { NodeId } from "../../../src/base/ids.ts";
import { knownLeader } from "../../../src/raft/state.ts";
import { step } from "../../../src/raft/step.ts";
import {
  at,
  candidate,
  follower,
  from,
  heartbeat,
  logOf,
  n1,
  n2,
  n3,
  n4,
  n5,
  node,
  only,
  outOfPatience,
  preCandidate,
  preVote,
  preVoteRequest,
  said,
  settings,
  settledLeader,
  stepThrough,
  vote,
  voteRequest,
} from "../one-node.ts";
import { Region } from "./region.ts";

const three = [n1, n2, n3] as const;
const five = [n1, n2, n3, n4, n5] as const;

function asleep(region: Region, sleepers: readonly NodeId[]): void {
  for (const sleeper of sleepers) region.isolate(sleeper);
}

describe("scenario: start", () => {
  for (const votes of [{}, { votedFor: n1 }, { votedFor: n2 }]) {
    it(`is as a follower that knows nobody, and remembers ${votes.votedFor ?? "no vote"}`, () => {
      const state = node({ log: [1, 2], term: 4, ...votes });

      assert.equal(state.role.kind, "follower");
      assert.equal(knownLeader(state), undefined);
      assert.deepEqual([state.term, state.votedFor, state.log], [4, votes.votedFor, logOf(1, 2)]);
    });
  }
});

describe("scenario: patience", () => {
  const { electionTicks } = settings;
  const whole = Array.from({ length: electionTicks }, (_, more) => electionTicks + more);

  /** How many ticks pass until a node asks around, again and again. */
  function waits(
    start: ReturnType<typeof node>,
    again: (at: typeof start) => typeof start,
  ): number[] {
    let state = again(start);
    return Array.from({ length: 400 }, () => {
      assert.ok(state.role.kind !== "leader");
      const { patienceTicks } = state.role;
      state = again(outOfPatience(state));
      return patienceTicks;
    });
  }

  it("of a follower takes every length between one and two election timeouts", () => {
    const lengths = waits(
      node(),
      (state) => stepThrough(state, from(n2, heartbeat(state.term + 1))).state,
    );

    assert.deepEqual([...new Set(lengths)].sort(), whole);
  });

  it("of a node that asks in vain takes every length between one and two election timeouts", () => {
    const lengths = waits(node(), (state) => state);

    assert.deepEqual([...new Set(lengths)].sort(), whole);
  });

  it("rarely ends at the same tick for two of five", () => {
    let rounds = 0;
    let collisions = 0;
    for (let seed = 1; seed <= 5000; seed += 5) {
      const lengths = five.map((self, more) => {
        const { role } = node({ self, voters: five, seed: seed + more });
        return role.kind === "leader" ? 0 : role.patienceTicks;
      });
      const first = Math.min(...lengths);
      rounds += 1;
      if (lengths.filter((length) => length === first).length > 1) collisions += 1;
    }

    assert.ok(collisions / rounds < 0.3, `${String(collisions)} of ${String(rounds)}`);
  });
});

describe("scenario: one round of votes", () => {
  const rows = [
    { of: three, granted: [], refused: [], becomes: "candidate" },
    { of: three, granted: [n2], refused: [], becomes: "leader" },
    { of: three, granted: [n2, n3], refused: [], becomes: "leader" },
    { of: three, granted: [], refused: [n2], becomes: "candidate" },
    { of: three, granted: [n3], refused: [n2], becomes: "leader" },
    { of: three, granted: [], refused: [n2, n3], becomes: "follower" },
    { of: five, granted: [n2], refused: [], becomes: "candidate" },
    { of: five, granted: [n2, n4], refused: [], becomes: "leader" },
    { of: five, granted: [n2, n3, n4, n5], refused: [], becomes: "leader" },
    { of: five, granted: [], refused: [n2, n3], becomes: "candidate" },
    { of: five, granted: [n4], refused: [n2, n3], becomes: "candidate" },
    { of: five, granted: [n4, n5], refused: [n2, n3], becomes: "leader" },
    { of: five, granted: [n5], refused: [n2, n3, n4], becomes: "follower" },
    { of: five, granted: [], refused: [n2, n3, n4, n5], becomes: "follower" },
  ] as const;
  for (const { of, granted, refused, becomes } of rows) {
    const votes = `${granted.join(" ") || "nobody"} for and ${refused.join(" ") || "nobody"} against`;
    it(`among ${String(of.length)} with ${votes} makes a ${becomes}`, () => {
      const standing = candidate({ voters: of, log: [1], term: 1 });

      const { state } = stepThrough(
        standing,
        ...granted.map((voter) => from(voter, vote(standing.term, "granted"))),
        ...refused.map((voter) => from(voter, vote(standing.term, "refused"))),
      );

      assert.equal(state.role.kind, becomes);
      assert.equal(state.term, 2);
    });
  }

  it("counts a voter once, however often it says so", () => {
    const standing = candidate({ voters: five, log: [1], term: 1 });

    const { state } = stepThrough(
      standing,
      ...Array.from({ length: 5 }, () => from(n2, vote(2, "granted"))),
    );

    assert.equal(state.role.kind, "candidate");
  });

  it("counts no pre-vote as a vote, not even the candidate's own", () => {
    const asking = preCandidate({ voters: five, log: [1], term: 1 });
    const yes = (voter: NodeId) => from(voter, preVote(2, "granted"));

    const standing = stepThrough(asking, yes(n2), yes(n3), yes(n4), yes(n5)).state;
    const almost = step(standing, from(n2, vote(2, "granted"))).state;
    const enough = step(almost, from(n3, vote(2, "granted"))).state;

    assert.deepEqual(
      [standing, almost, enough].map(({ role }) => role.kind),
      ["candidate", "candidate", "leader"],
    );
  });
});

describe("scenario: whom a vote is given to", () => {
  // The oracle is the sentence of 3.6.1: the later last term wins, with equal terms the longer log.
  const ends = [0, 1, 2, 3].flatMap((index) => [0, 1, 2, 3].map((inTerm) => at(index, inTerm)));
  const ours = at(2, 2);
  const voter = node({ log: [2, 2], term: 3 });

  for (const theirs of ends) {
    const isComplete =
      theirs.term > ours.term || (theirs.term === ours.term && theirs.index >= ours.index);
    const answer = isComplete ? "granted" : "refused";
    it(`is ${answer}: ${String(theirs.index)} of term ${String(theirs.term)} against 2 of term 2`, () => {
      const real = step(voter, from(n2, voteRequest(3, theirs)));
      const asked = step(voter, from(n2, preVoteRequest(4, theirs)));

      assert.deepEqual(said(real.effects), [{ to: n2, message: vote(3, answer) }]);
      assert.deepEqual(said(asked.effects), [
        { to: n2, message: preVote(isComplete ? 4 : 3, answer) },
      ]);
    });
  }

  const states = {
    follower: follower(n3, { log: [1], term: 2 }),
    "pre-candidate": preCandidate({ log: [1], term: 2 }),
    candidate: candidate({ log: [1], term: 1 }),
    leader: settledLeader({ log: [1], term: 1 }),
  };
  for (const [kind, state] of Object.entries(states)) {
    it(`is given by a ${kind} to whom its leader wants, and a mere question changes nothing`, () => {
      const wanted = step(state, from(n2, voteRequest(3, at(9, 2), "transfer"))).state;
      const asked = step(state, from(n2, preVoteRequest(3, at(9, 2))));

      assert.deepEqual([wanted.term, wanted.votedFor, wanted.role.kind], [3, n2, "follower"]);
      assert.equal(asked.state, state);
      assert.deepEqual(only(asked.effects, "persist"), []);
    });
  }
});

describe("scenario: election", () => {
  const rows = [
    { of: three, sleeping: [], outcome: "leads in 1" },
    { of: three, sleeping: [n3], outcome: "leads in 1" },
    { of: three, sleeping: [n2, n3], outcome: "asks around in 0" },
    { of: [n1, n2, n3, n4], sleeping: [n2, n3], outcome: "asks around in 0" },
    { of: [n1, n2, n3, n4], sleeping: [n4], outcome: "leads in 1" },
    { of: five, sleeping: [n2, n3], outcome: "leads in 1" },
    { of: five, sleeping: [n2, n3, n4], outcome: "asks around in 0" },
  ] as const;
  for (const { of, sleeping, outcome } of rows) {
    it(`of ${String(of.length)} with ${String(sleeping.length)} asleep ends in: ${outcome}`, () => {
      const region = new Region(of);
      asleep(region, sleeping);

      region.timeOut(n1);
      region.settle();

      assert.equal(region.view(n1), outcome);
    });
  }

  it("is not even begun by a node whose log three of five surpass", () => {
    const logs = { n2: [1], n3: [1], n4: [1, 1] };
    const region = new Region(five, { logs, terms: { n1: 1, n5: 1 } });

    region.timeOut(n1);
    region.settle();

    assert.equal(region.view(n1), "follows nobody in 1");
  });

  it("is won by each node in turn, and followed by all the others", () => {
    const region = new Region(three);

    for (const [round, name] of three.entries()) {
      region.elect(name);
      region.pass(2);

      const inTerm = String(round + 1);
      assert.deepEqual(
        region.views(),
        three.map((each) =>
          each === name ? `${each} leads in ${inTerm}` : `${each} follows ${name} in ${inTerm}`,
        ),
      );
    }
  });

  it("goes on after a split vote, and the region has one leader", () => {
    const region = new Region(three);
    region.elect(n1);
    region.isolate(n1);
    for (const name of [n2, n3]) region.forgetLeader(name);
    for (const name of [n2, n3]) {
      if (region.state(name).role.kind === "follower") region.timeOut(name);
    }
    region.settle();
    assert.deepEqual(region.views().slice(1).sort(), ["n2 stands in 2", "n3 stands in 2"]);

    region.timeOut(n2);
    region.settle();

    assert.deepEqual(region.views().slice(1), ["n2 leads in 3", "n3 follows n2 in 3"]);
  });

  it("with writes that never land chooses nobody", () => {
    const region = new Region(three);
    region.holdDisk(n2);
    region.holdDisk(n3);

    region.timeOut(n1);
    region.settle();

    assert.equal(region.view(n1), "stands in 1");
    assert.equal(region.state(n2).votedFor, n1);
    region.land(n2);
    region.settle();
    assert.equal(region.view(n1), "leads in 1");
  });

  it("holds a voter to its vote after it has died and come back", () => {
    const region = new Region(three);
    region.lose((letter) => letter.message.kind === "vote_response");
    region.timeOut(n1);
    region.settle();

    region.restart(n3);
    region.heal();
    region.give(n3, from(n2, voteRequest(1, at(0, 0))));

    assert.equal(region.state(n3).votedFor, n1);
    assert.deepEqual(region.letters, [{ from: n3, to: n2, message: vote(1, "refused") }]);
  });
});
