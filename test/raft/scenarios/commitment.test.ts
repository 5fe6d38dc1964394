// What is committed, when, and who learns of it (thesis 3.5, 3.6.2, 5.4.2 of the paper).
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { step } from "../../../src/raft/step.ts";
import {
  append,
  at,
  follower,
  from,
  heartbeat,
  leader,
  matchedAt,
  n1,
  n2,
  n3,
  n4,
  n5,
  only,
  stepThrough,
  withEntriesSent,
  withLanded,
} from "../one-node.ts";
import { Region } from "./region.ts";

const three = [n1, n2, n3] as const;
const five = [n1, n2, n3, n4, n5] as const;

describe("scenario: what a leader's count commits", () => {
  // The leader of term 3 has its own first entry after `log`; all of that is durable with it.
  const rows = [
    { of: three, log: [1, 2], matches: [1], commits: 0 },
    { of: three, log: [1, 2], matches: [2], commits: 0 },
    { of: three, log: [1, 2], matches: [3], commits: 3 },
    { of: three, log: [1, 2], matches: [3, 1], commits: 3 },
    { of: three, log: [], matches: [1], commits: 1 },
    { of: [n1, n2, n3, n4], log: [1, 2], matches: [3], commits: 0 },
    { of: [n1, n2, n3, n4], log: [1, 2], matches: [3, 2], commits: 0 },
    { of: [n1, n2, n3, n4], log: [1, 2], matches: [3, 3], commits: 3 },
    { of: five, log: [1, 2], matches: [3, 2, 2, 2], commits: 0 },
    { of: five, log: [1, 2], matches: [3, 3, 1, 1], commits: 3 },
    { of: five, log: [1, 2], matches: [2, 2, 2, 2], commits: 0 },
  ] as const;
  for (const { of, log, matches, commits } of rows) {
    const others = of.slice(1, 1 + matches.length);
    it(`of ${String(of.length)} nodes, after ${log.join(" ") || "nothing"}: others at ${matches.join(" ")} commit ${String(commits)}`, () => {
      const leading = withLanded(withEntriesSent(leader({ voters: of, log, term: 2 })));

      const { state } = stepThrough(
        leading,
        ...others.map((peer, which) => from(peer, matchedAt(3, matches[which] ?? 0))),
      );

      assert.equal(state.commitIndex, commits);
    });
  }

  it("is told to the state machine with everything before it, once and in order", () => {
    const region = new Region(three, { logs: { n1: [1, 1], n2: [1, 1], n3: [1] } });
    region.elect(n1);
    region.propose(n1, 3);
    region.settle();

    assert.deepEqual(region.terms(n1), [1, 1, 2, 2, 2, 2]);
    for (const name of three) assert.equal(region.applied(name), 6);
  });

  it("is told at once to those as well who had answered before it was one", () => {
    const region = new Region(five);
    region.elect(n1);
    region.pass(2);

    region.propose(n1);
    region.settle();

    assert.deepEqual(
      five.map((name) => region.state(name).commitIndex),
      [2, 2, 2, 2, 2],
    );
  });
});

describe("scenario: proposals", () => {
  const rows = [
    { of: three, away: [], isCommitted: true },
    { of: three, away: [n3], isCommitted: true },
    { of: three, away: [n2, n3], isCommitted: false },
    { of: [n1, n2, n3, n4], away: [n2, n3], isCommitted: false },
    { of: five, away: [n2, n3], isCommitted: true },
    { of: five, away: [n2, n3, n4], isCommitted: false },
  ] as const;
  for (const { of, away, isCommitted } of rows) {
    const outcome = isCommitted ? "are committed" : "wait";
    it(`${outcome} with ${String(away.length)} of ${String(of.length)} away`, () => {
      const region = new Region(of);
      region.elect(n1);
      region.pass(2);
      for (const name of away) region.isolate(name);

      region.propose(n1);
      region.settle();

      assert.equal(region.state(n1).commitIndex, isCommitted ? 2 : 1);
    });
  }

  it("of two leaders, one after the other, are on every node in the order of their acceptance", () => {
    const region = new Region(three);
    region.elect(n1);
    region.propose(n1, 2);
    region.settle();
    region.elect(n2);
    region.propose(n2, 2);
    region.settle();
    region.pass(2);

    for (const name of three) {
      assert.deepEqual(region.terms(name), [1, 1, 1, 2, 2, 2]);
      assert.equal(region.applied(name), 6);
    }
  });

  it("that no quorum has seen may be lost, and were never committed", () => {
    const region = new Region(five);
    region.elect(n1);
    region.pass(2);
    for (const name of [n3, n4, n5]) region.cut(n1, name);
    for (const name of [n3, n4, n5]) region.cut(n2, name);
    region.propose(n1, 2);
    region.settle();
    assert.equal(region.state(n1).commitIndex, 1);

    for (const name of [n3, n4, n5]) region.forgetLeader(name);
    if (region.state(n3).role.kind === "follower") region.timeOut(n3);
    region.settle();
    region.propose(n3);
    region.settle();
    region.heal();
    region.pass(6);

    for (const name of five) assert.deepEqual(region.terms(name), [1, 2, 2]);
  });
});

describe("scenario: what an earlier leader left", () => {
  /** n1 and n2 hold two entries of term 1 that nobody else has, and n2 leads in term 2. */
  function inherited(isAppendLost: () => boolean): Region {
    const region = new Region(five);
    region.elect(n1);
    region.pass(2);
    for (const name of [n3, n4, n5]) region.cut(n1, name);
    region.propose(n1, 2);
    region.settle();
    region.heal();
    region.lose(({ message }) => message.kind === "append_request" && isAppendLost());
    region.elect(n2);
    return region;
  }

  it("is not committed by an election, however many vote", () => {
    const region = inherited(() => true);

    assert.equal(region.view(n2), "leads in 2");
    assert.equal(region.state(n2).commitIndex, 1);
  });

  it("is committed with the first entry of the next leader, and not one by one", () => {
    const region = inherited(() => false);

    const commits = region.delivered
      .filter(({ from: sender }) => sender === n2)
      .flatMap(({ message }) => (message.kind === "append_request" ? [message.commitIndex] : []));
    assert.equal(region.state(n2).commitIndex, 4);
    assert.deepEqual([...new Set<number>(commits)], [1, 4]);
  });

  it("waits for as long as that first entry cannot travel, and then goes with it", () => {
    const region = inherited(() => true);
    region.pass(4);
    assert.equal(region.state(n2).commitIndex, 1);

    region.heal();
    region.pass(4);

    for (const name of five) assert.equal(region.state(name).commitIndex, 4);
  });
});

describe("scenario: a follower's commit index", () => {
  it("is moved by a heartbeat, and never back", () => {
    const state = follower(n2, { log: [1, 1, 1], term: 1, commitIndex: 2 });

    const on = step(state, from(n2, heartbeat(1, 3)));
    const back = step(state, from(n2, heartbeat(1, 1)));

    assert.equal(on.state.commitIndex, 3);
    assert.equal(back.state.commitIndex, 2);
    assert.deepEqual(only(back.effects, "commit"), []);
  });

  it("never moves past what is durable as far as applying goes", () => {
    const region = new Region(three);
    region.elect(n1);
    region.pass(2);
    region.holdDisk(n3);
    region.propose(n1, 2);
    region.settle();
    region.pass(3);

    assert.deepEqual([region.applied(n2), region.applied(n3)], [3, 1]);
    region.land(n3);
    region.pass(3);
    assert.equal(region.applied(n3), 3);
  });
});

describe("scenario: disks that lag", () => {
  it("let a leader commit what it holds last itself, and apply it only then", () => {
    const region = new Region(three);
    region.elect(n1);
    region.pass(2);
    region.holdDisk(n1);

    region.propose(n1);
    region.settle();
    const before = region.applied(n1);
    region.land(n1);

    assert.equal(region.state(n1).commitIndex, 2);
    assert.deepEqual([before, region.applied(n1)], [1, 2]);
  });

  it("of a leader and one of two followers leave nothing committed until one of them lands", () => {
    const region = new Region(three);
    region.elect(n1);
    region.pass(2);
    region.isolate(n3);
    region.holdDisk(n1);

    region.propose(n1);
    region.settle();
    const before = region.state(n1).commitIndex;
    region.land(n1);

    assert.deepEqual([before, region.state(n1).commitIndex], [1, 2]);
  });

  it("pipe one write after the other, and each answer covers what has landed", () => {
    const region = new Region(three);
    region.elect(n1);
    region.pass(2);
    region.holdDisk(n2);
    region.holdDisk(n3);
    for (let count = 0; count < 3; count += 1) region.propose(n1);
    region.settle();
    assert.equal(region.state(n1).commitIndex, 1);

    region.land(n2);
    region.settle();

    assert.equal(region.state(n1).commitIndex, 4);
  });

  it("vouch for nothing that two later leaders have replaced at the same place", () => {
    const replaced = stepThrough(
      follower(n2, { log: [1], term: 1 }),
      from(n2, append(1, at(1, 1), [1])),
      from(n3, append(2, at(1, 1), [2])),
      from(n2, heartbeat(3)),
      from(n2, append(3, at(1, 1), [3])),
    );
    const writes = only(replaced.effects, "persist").filter(({ entries }) => entries.length > 0);

    let { state } = replaced;
    const durable = writes.map(({ sequence }) => {
      state = step(state, { kind: "persisted", sequence }).state;
      return state.durability.index;
    });

    assert.deepEqual(
      writes.map(({ entries }) => entries[0]?.term),
      [1, 2, 3],
    );
    assert.deepEqual(durable, [1, 1, 2]);
  });
});
