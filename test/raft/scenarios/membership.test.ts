// Nodes come, vote, go and are replaced while the region works (thesis chapter 4).
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { NodeId } from "../../../src/base/ids.ts";
import { votersOnly, type Configuration } from "../../../src/raft/configuration.ts";
import { mayChangeMembership } from "../../../src/raft/membership.ts";
import { step } from "../../../src/raft/step.ts";
import {
  append,
  at,
  from,
  leading,
  n1,
  n2,
  n3,
  n4,
  n5,
  node,
  said,
  settings,
  ticks,
  stepThrough,
} from "../one-node.ts";
import { Region } from "./region.ts";

const three = [n1, n2, n3] as const;
const nobody = votersOnly([]);

/** `voters/learners/outgoing`, each in order. */
function spelled({ voters, learners, outgoingVoters }: Configuration): string {
  return [voters, learners, outgoingVoters].map((set) => [...set].sort().join(" ")).join("/");
}

function configurations(region: Region, names: readonly NodeId[]): readonly string[] {
  return names.map((name) => spelled(region.state(name).configuration));
}

/** These voters, led by n1; its log no longer reaches back to its beginning. */
function led(voters: readonly NodeId[] = three): Region {
  const region = new Region(voters);
  region.elect(n1);
  region.propose(n1);
  region.settle();
  region.pass(2);
  region.compact(n1);
  return region;
}

/** The same, with learners that have everything. */
function withLearners(voters: readonly NodeId[], learners: readonly NodeId[]): Region {
  const region = led(voters);
  for (const name of learners) region.join(name, nobody);
  assert.ok(region.change(n1, { addLearners: learners }));
  region.pass(4);
  return region;
}

function leaveEntries(region: Region, name: NodeId): number {
  return region.kinds(name).filter((kind) => kind === "leave_joint").length;
}

describe("scenario: a newcomer", () => {
  it("begins with a snapshot, is brought up to date, and counts for nothing", () => {
    const region = withLearners(three, [n4]);
    region.isolate(n2);
    region.isolate(n3);
    region.propose(n1);
    region.settle();

    assert.deepEqual(region.terms(n4), region.terms(n1));
    assert.equal(region.state(n1).commitIndex, region.state(n1).log.lastIndex - 1);
    assert.deepEqual(configurations(region, [n4]), ["n1 n2 n3/n4/"]);
  });

  it("never stands, however long it waits, and says that it agrees on nothing", () => {
    const state = node({ self: n4, log: [], configuration: nobody });
    const waited = stepThrough(state, ...ticks(20 * settings.electionTicks));

    const { effects, state: told } = step(state, from(n1, append(1, at(0, 0), [1], 1)));

    assert.equal(waited.state.role.kind, "follower");
    assert.deepEqual(said(waited.effects), []);
    assert.equal(told.log.lastIndex, 0);
    const [answer] = said(effects);
    assert.ok(answer?.message.kind === "append_response");
    assert.deepEqual(answer.message.answer, { kind: "mismatched", prevIndex: 0, hint: at(0, 0) });
  });

  it("follows whoever leads, though it knows of no voter", () => {
    const region = led();
    region.join(n4, nobody);
    region.give(
      n4,
      from(n1, {
        kind: "heartbeat",
        term: region.state(n1).term,
        commitIndex: at(0, 0).index,
        readRound: 0,
      }),
    );

    assert.equal(region.view(n4), "follows n1 in 1");
  });

  it("votes before it knows that it may, or the region would have no leader", () => {
    const region = withLearners([n1, n2], [n3]);
    region.isolate(n3);
    assert.ok(region.change(n1, { promote: [n3] }));
    region.pass(4);
    assert.deepEqual(configurations(region, [n2, n3]), ["n1 n2 n3//", "n1 n2/n3/"]);
    region.heal();
    region.isolate(n1);

    region.pass(8 * settings.electionTicks);

    assert.match(region.view(n2), /^leads/);
    assert.deepEqual(configurations(region, [n2, n3]), ["n1 n2 n3//", "n1 n2 n3//"]);
  });
});

describe("scenario: promoting and removing", () => {
  it("makes a region of one into one of two, and the second can lead it", () => {
    const region = withLearners([n1], [n2]);

    assert.ok(region.change(n1, { promote: [n2] }));
    region.pass(2);
    assert.deepEqual(configurations(region, [n1, n2]), ["n1 n2//", "n1 n2//"]);
    region.give(n1, { kind: "transfer", to: n2 });
    region.settle();

    assert.match(region.view(n2), /^leads/);
  });

  it("takes two at once and drops two at once, and leaves each joint membership exactly once", () => {
    const region = withLearners([n1], [n2, n3]);

    assert.ok(region.change(n1, { promote: [n2, n3] }));
    region.propose(n1, 2);
    region.pass(2);
    const grown = configurations(region, three);
    assert.ok(region.change(n1, { remove: [n2, n3] }));
    region.propose(n1, 2);
    region.pass(2);

    assert.deepEqual(
      grown,
      three.map(() => "n1 n2 n3//"),
    );
    assert.equal(spelled(region.state(n1).configuration), "n1//");
    assert.equal(leaveEntries(region, n1), 2);
    assert.equal(region.state(n1).commitIndex, region.state(n1).log.lastIndex);
  });

  it("adds and removes a learner without a joint membership", () => {
    const region = withLearners(three, [n4]);

    assert.ok(region.change(n1, { remove: [n4] }));
    region.pass(2);

    assert.equal(leaveEntries(region, n1), 0);
    assert.deepEqual(
      configurations(region, three),
      three.map(() => "n1 n2 n3//"),
    );
    assert.equal(leading(region.state(n1)).progress.has(n4), false);
  });

  it("replaces a node in one step", () => {
    const region = withLearners(three, [n4]);

    assert.ok(region.change(n1, { promote: [n4], remove: [n3] }));
    region.pass(2);

    assert.deepEqual(
      configurations(region, [n1, n2, n4]),
      [n1, n2, n4].map(() => "n1 n2 n4//"),
    );
    assert.equal(leading(region.state(n1)).progress.has(n3), false);
  });

  it("commits what waited for a node as soon as that one does not count", () => {
    const region = led([n1, n2]);
    assert.ok(region.change(n1, { remove: [n2] }));
    region.deliver(n2);
    region.deliver(n1);
    region.propose(n1);
    assert.deepEqual(region.kinds(n1).slice(-3), ["membership", "leave_joint", "command"]);
    const command = region.state(n1).log.lastIndex;
    region.lose(
      ({ message }) =>
        message.kind === "append_request" && message.entries.some(({ index }) => index === command),
    );

    region.settle();

    assert.equal(spelled(region.state(n1).configuration), "n1//");
    assert.equal(region.state(n1).commitIndex, command);
  });

  it("that makes no sense when it is applied changes nothing, and the next change is free", () => {
    const region = withLearners(three, [n4]);

    assert.ok(region.change(n1, { addLearners: [n4] }));
    region.pass(2);
    const same = configurations(region, [n1, n4]);
    assert.ok(region.change(n1, { promote: [n4] }));
    region.pass(2);

    assert.deepEqual(same, ["n1 n2 n3/n4/", "n1 n2 n3/n4/"]);
    assert.deepEqual(configurations(region, [n1, n4]), ["n1 n2 n3 n4//", "n1 n2 n3 n4//"]);
  });

  it("of a silent learner does not depose its leader at once, and recovers when it speaks", () => {
    const region = withLearners([n1], [n2]);
    region.isolate(n2);
    region.pass(settings.electionTicks - 1);

    assert.ok(region.change(n1, { promote: [n2] }));
    region.settle();
    const atOnce = region.view(n1);
    region.pass(2 * settings.electionTicks);
    const later = region.view(n1);
    region.heal();
    region.pass(8 * settings.electionTicks);

    assert.match(atOnce, /^leads/);
    assert.doesNotMatch(later, /^leads/);
    assert.deepEqual(configurations(region, [n1, n2]), ["n1 n2//", "n1 n2//"]);
  });
});

describe("scenario: when the membership may change", () => {
  it("is not while a change is in the log, nor while it is joint, and is again after that", () => {
    const region = withLearners(three, [n4, n5]);
    assert.ok(region.change(n1, { promote: [n4] }));
    const inLog = region.change(n1, { promote: [n5] });
    region.isolate(n4);
    region.holdApply(n1);
    region.settle();
    const unapplied = region.change(n1, { promote: [n5] });
    region.lose(({ message }) => message.kind === "append_response");
    region.letApply(n1);
    const joint = region.change(n1, { promote: [n5] });
    region.heal();
    region.pass(4);

    assert.deepEqual([inLog, unapplied, joint], [false, false, false]);
    assert.ok(region.change(n1, { promote: [n5] }));
  });

  it("is not before a new leader has committed an entry of its own", () => {
    const region = led();
    region.lose(({ message }) => message.kind === "append_request");
    region.elect(n2);
    const early = mayChangeMembership(region.state(n2));
    region.heal();
    region.pass(3);

    assert.equal(early, false);
    assert.equal(mayChangeMembership(region.state(n2)), true);
  });

  it("is not while the lead is handed over, nor at a node that does not lead", () => {
    const region = led();
    region.isolate(n3);
    region.give(n1, { kind: "transfer", to: n3 });

    assert.deepEqual(
      three.map((name) => mayChangeMembership(region.state(name))),
      [false, false, false],
    );
  });

  it("is again after a change was lost with its leader", () => {
    const region = withLearners(three, [n4]);
    for (const name of [n2, n3, n4]) region.cut(n1, name);
    assert.ok(region.change(n1, { promote: [n4] }));
    assert.equal(region.state(n1).unappliedMemberships.length, 1);

    region.pass(6 * settings.electionTicks);
    region.heal();
    region.pass(2 * settings.electionTicks);

    const [next] = [n2, n3].filter((name) => region.view(name).startsWith("leads"));
    assert.ok(next !== undefined);
    assert.deepEqual(region.state(n1).unappliedMemberships, []);
    assert.equal(spelled(region.state(n1).configuration), "n1 n2 n3/n4/");
    assert.ok(region.change(next, { promote: [n4] }));
  });
});

describe("scenario: while a membership is joint", () => {
  /** n4 and n5 are to take the place of n2 and n3; the leave cannot be committed. */
  function joint(): Region {
    const region = withLearners(three, [n4, n5]);
    region.lose(
      ({ message }) =>
        message.kind === "append_request" &&
        message.entries.some(({ kind }) => kind === "leave_joint"),
    );
    assert.ok(region.change(n1, { promote: [n4, n5], remove: [n2, n3] }));
    region.pass(2);
    assert.equal(spelled(region.state(n1).configuration), "n1 n4 n5//n1 n2 n3");
    return region;
  }

  for (const [which, away] of [
    ["new", [n4, n5]],
    ["old", [n2, n3]],
  ] as const) {
    it(`nothing is committed, led or read without a majority of the ${which}`, () => {
      const region = joint();
      region.heal();
      for (const name of away) region.isolate(name);
      const { commitIndex } = region.state(n1);

      region.propose(n1);
      const readId = region.read(n1);
      region.settle();
      const read = region.reads.get(readId);
      region.pass(4 * settings.electionTicks);

      assert.equal(region.state(n1).commitIndex, commitIndex);
      assert.equal(read, undefined);
      assert.ok(!region.views().some((view) => view.includes("leads")));
    });
  }

  it("a majority of each is enough, and the change is completed", () => {
    const region = joint();
    region.heal();
    region.isolate(n3);
    region.isolate(n5);

    region.propose(n1);
    region.pass(settings.electionTicks);

    assert.equal(spelled(region.state(n1).configuration), "n1 n4 n5//");
    assert.equal(region.state(n1).commitIndex, region.state(n1).log.lastIndex);
  });

  it("a new leader leaves it, if the old one did not live to", () => {
    const region = joint();
    region.isolate(n1);
    region.heal();
    for (const name of [n2, n3, n4, n5]) region.cut(n1, name);

    region.pass(8 * settings.electionTicks);

    const leaders = [n2, n3, n4, n5].filter((name) => region.view(name).startsWith("leads"));
    assert.equal(leaders.length, 1);
    assert.deepEqual(configurations(region, [n4, n5]), ["n1 n4 n5//", "n1 n4 n5//"]);
  });

  it("it is not left while the lead is handed over, but by whoever leads after that", () => {
    const region = withLearners(three, [n4]);
    assert.ok(region.change(n1, { promote: [n4], remove: [n3] }));
    region.isolate(n2);
    region.give(n1, { kind: "transfer", to: n2 });
    region.settle();
    const during = [spelled(region.state(n1).configuration), leaveEntries(region, n1)];

    region.pass(2 * settings.electionTicks);
    region.heal();
    region.pass(8 * settings.electionTicks);

    assert.deepEqual(during, ["n1 n2 n4//n1 n2 n3", 0]);
    assert.deepEqual(
      configurations(region, [n1, n2, n4]),
      [n1, n2, n4].map(() => "n1 n2 n4//"),
    );
  });

  it("a newcomer that arrives then learns both halves from its snapshot", () => {
    const region = joint();
    const halves = region.state(n1).configuration;

    const state = step(node({ self: n5, log: [], configuration: nobody }), {
      kind: "snapshot_installed",
      position: at(9, 1),
      configuration: halves,
    }).state;

    assert.equal(spelled(state.configuration), "n1 n4 n5//n1 n2 n3");
  });
});
