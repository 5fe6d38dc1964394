// A leader that takes itself out, nodes that know of a change and have not made it, and the nodes
// that are gone (thesis 4.2.2, 4.2.3).
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { NodeId } from "../../../src/base/ids.ts";
import { votersOnly, type Configuration } from "../../../src/raft/configuration.ts";
import { step } from "../../../src/raft/step.ts";
import {
  at,
  follower,
  from,
  heartbeat,
  leading,
  matchedAt,
  n1,
  n2,
  n3,
  n4,
  node,
  settings,
  ticks,
  stepThrough,
} from "../one-node.ts";
import { Region } from "./region.ts";

const three = [n1, n2, n3] as const;

function spelled({ voters, learners, outgoingVoters }: Configuration): string {
  return [voters, learners, outgoingVoters].map((set) => [...set].sort().join(" ")).join("/");
}

function led(): Region {
  const region = new Region(three);
  region.elect(n1);
  region.propose(n1);
  region.settle();
  region.pass(2);
  region.compact(n1);
  return region;
}

function leadersOf(region: Region, names: readonly NodeId[]): readonly NodeId[] {
  return names.filter((name) => region.view(name).startsWith("leads"));
}

describe("scenario: a leader that removes itself", () => {
  it("leads until the change is complete, then follows nobody, and the others choose", () => {
    const region = led();

    assert.ok(region.change(n1, { remove: [n1] }));
    region.propose(n1);
    region.settle();
    const after = region.view(n1);
    region.pass(6 * settings.electionTicks);

    assert.match(after, /^follows nobody/);
    assert.equal(leadersOf(region, [n2, n3]).length, 1);
    assert.deepEqual(
      [n2, n3].map((name) => spelled(region.state(name).configuration)),
      ["n2 n3//", "n2 n3//"],
    );
  });

  it("does not count its own copy of what it still has to bring to an end", () => {
    const region = led();
    assert.ok(region.change(n1, { remove: [n1] }));
    region.isolate(n3);

    region.settle();

    // The old voters have it with n1 and n2; the new ones are n2 and n3, and need both.
    assert.equal(spelled(region.state(n1).configuration), "n2 n3//n1 n2 n3");
    assert.match(region.view(n1), /^leads/);
  });

  it("never stands again, by patience or when told to, and hears no votes", () => {
    const region = led();
    assert.ok(region.change(n1, { remove: [n1] }));
    region.settle();
    const { term } = region.state(n1);
    region.isolate(n1);

    region.tick(n1, 20 * settings.electionTicks);
    region.give(n1, from(n2, { kind: "timeout_now", term }));
    region.give(n1, from(n2, { kind: "vote_response", term, vote: "granted" }));

    assert.match(region.view(n1), /^follows nobody/);
  });

  it("replaces itself by a node that may lead at once", () => {
    const region = led();
    region.join(n4, votersOnly([]));
    assert.ok(region.change(n1, { addLearners: [n4] }));
    region.pass(4);

    assert.ok(region.change(n1, { promote: [n4], remove: [n1] }));
    region.settle();
    assert.match(region.view(n1), /^follows nobody/);
    region.forgetLeader(n2);
    region.forgetLeader(n3);
    region.forgetLeader(n4);
    if (region.view(n4).startsWith("follows")) region.timeOut(n4);
    region.settle();

    assert.match(region.view(n4), /^leads/);
    assert.equal(spelled(region.state(n4).configuration), "n2 n3 n4//");
  });

  it("hands over to the node that takes its place, and that one completes the change", () => {
    const region = led();
    region.join(n4, votersOnly([]));
    assert.ok(region.change(n1, { addLearners: [n4] }));
    region.pass(4);
    region.lose(
      ({ message }) =>
        message.kind === "append_request" &&
        message.entries.some(({ kind }) => kind === "leave_joint"),
    );
    assert.ok(region.change(n1, { promote: [n4], remove: [n1] }));
    region.settle();
    region.heal();

    region.give(n1, { kind: "transfer", to: n4 });
    region.pass(3 * settings.electionTicks);

    assert.equal(leadersOf(region, [n2, n3, n4]).length, 1);
    for (const name of [n2, n3, n4]) {
      assert.equal(spelled(region.state(name).configuration), "n2 n3 n4//");
    }
  });
});

describe("scenario: a node that knows of a change and has not made it", () => {
  /** n2 knows that a change is committed, and its state machine has not come to it. */
  function behind(): Region {
    const region = led();
    region.holdApply(n2);
    assert.ok(region.change(n1, { remove: [n3] }));
    region.pass(3);
    assert.ok(region.state(n2).unappliedMemberships.length > 0);
    return region;
  }

  it("does not stand, however long it waits", () => {
    const region = behind();
    region.isolate(n2);

    region.tick(n2, 10 * settings.electionTicks);

    assert.match(region.view(n2), /^follows/);
  });

  it("does not stand when its leader tells it to, and does once it has caught up", () => {
    const region = behind();
    region.give(n1, { kind: "transfer", to: n2 });
    region.settle();
    const before = region.view(n1);
    region.pass(settings.electionTicks);

    region.letApply(n2);
    region.pass(2);
    region.give(n1, { kind: "transfer", to: n2 });
    region.settle();

    assert.match(before, /^leads/);
    assert.match(region.view(n2), /^leads/);
  });

  it("may stand while the change is not known to be committed, and completes it as leader", () => {
    const region = led();
    region.lose(({ to }) => to === n1);
    assert.ok(region.change(n1, { remove: [n1] }));
    region.settle();
    assert.equal(region.state(n2).unappliedMemberships.length, 1);
    region.heal();
    region.isolate(n1);

    region.pass(6 * settings.electionTicks);

    assert.equal(leadersOf(region, [n2, n3]).length, 1);
    assert.deepEqual(
      [n2, n3].map((name) => spelled(region.state(name).configuration)),
      ["n2 n3//", "n2 n3//"],
    );
  });
});

describe("scenario: a node that is gone", () => {
  it("is sent nothing any more, and its answers change nothing", () => {
    const region = led();
    assert.ok(region.change(n1, { remove: [n3] }));
    region.pass(3);
    const before = region.state(n1);

    region.give(n1, from(n3, matchedAt(before.term, before.log.lastIndex)));
    const same = region.state(n1) === before;
    region.propose(n1);
    region.tick(n1, settings.heartbeatTicks);

    assert.equal(same, true);
    assert.deepEqual(
      region.letters.filter(({ to }) => to === n3),
      [],
    );
  });

  it("is handed the lead by nobody: what was begun is forgotten with it", () => {
    const region = led();
    assert.ok(region.change(n1, { remove: [n3] }));
    region.deliver(n2);
    region.deliver(n1);
    assert.equal(spelled(region.state(n1).configuration), "n1 n2//n1 n2 n3");
    region.cut(n1, n3);
    region.give(n1, { kind: "transfer", to: n3 });
    const begun = leading(region.state(n1)).transfer?.to;

    region.settle();

    assert.equal(begun, n3);
    assert.equal(spelled(region.state(n1).configuration), "n1 n2//");
    assert.equal(leading(region.state(n1)).transfer, undefined);
  });

  it("is not handed the lead either if it was begun before: that is given up, and it goes", () => {
    const region = led();
    assert.ok(region.change(n1, { remove: [n3] }));
    region.cut(n1, n3);
    region.give(n1, { kind: "transfer", to: n3 });

    region.pass(3 * settings.electionTicks);

    const [leader] = leadersOf(region, three);
    assert.ok(leader !== undefined && leader !== n3);
    assert.equal(leading(region.state(leader)).transfer, undefined);
    assert.equal(spelled(region.state(leader).configuration), "n1 n2//");
  });

  it("does not disturb those who stay, though it has not heard that it is gone", () => {
    const region = led();
    region.isolate(n3);
    assert.ok(region.change(n1, { remove: [n3] }));
    region.pass(3);
    region.heal();

    region.pass(6 * settings.electionTicks);

    assert.deepEqual([region.view(n1), region.view(n2)], ["leads in 1", "follows n1 in 1"]);
  });
});

describe("scenario: the membership in a snapshot", () => {
  const halves: Configuration = {
    voters: new Set([n2, n3, n4]),
    outgoingVoters: new Set(three),
    learners: new Set(),
  };
  const learning: Configuration = {
    voters: new Set([n2, n3]),
    outgoingVoters: new Set(),
    learners: new Set([n1]),
  };
  const rows = [
    { what: "voters only", before: votersOnly([n1, n2]), after: votersOnly(three), stands: true },
    { what: "both halves", before: votersOnly([n1, n2]), after: halves, stands: true },
    { what: "itself as a learner", before: votersOnly([n2, n3]), after: learning, stands: false },
    { what: "itself as a voter now", before: learning, after: votersOnly(three), stands: true },
    {
      what: "itself as a voter no more",
      before: votersOnly(three),
      after: learning,
      stands: false,
    },
    {
      what: "nothing of itself",
      before: votersOnly(three),
      after: votersOnly([n2, n3]),
      stands: false,
    },
  ] as const;
  for (const { what, before, after, stands } of rows) {
    it(`is what the node goes by from then on: ${what}`, () => {
      const installed = step(node({ log: [1], configuration: before }), {
        kind: "snapshot_installed",
        position: at(7, 1),
        configuration: after,
      }).state;
      assert.ok(installed.role.kind === "follower");

      const waited = stepThrough(installed, ...ticks(installed.role.patienceTicks)).state;

      assert.equal(spelled(waited.configuration), spelled(after));
      assert.equal(waited.role.kind, stands ? "pre_candidate" : "follower");
    });
  }
});

describe("scenario: a disk that takes no writes", () => {
  it("ends the lead, and the others choose while it lasts", () => {
    const region = led();
    region.holdDisk(n1);
    region.propose(n1);

    for (let round = 0; round < 4 * settings.electionTicks; round += 1) {
      region.give(n1, { kind: "disk_stalled" });
      region.pass(1);
    }

    assert.doesNotMatch(region.view(n1), /^(leads|asks|stands)/);
    assert.equal(leadersOf(region, [n2, n3]).length, 1);
  });

  it("keeps a follower from standing, and no longer than it lasts", () => {
    let state = follower(n2, { log: [1], term: 1 });
    for (let round = 0; round < 5 * settings.electionTicks; round += 1) {
      state = stepThrough(state, { kind: "disk_stalled" }, ...ticks(1)).state;
    }
    const during = state.role.kind;
    const after = stepThrough(state, ...ticks(2 * settings.electionTicks)).state;
    const heard = step(state, from(n2, heartbeat(1))).state;

    assert.equal(during, "follower");
    assert.equal(after.role.kind, "pre_candidate");
    assert.equal(heard.role.kind, "follower");
  });
});
