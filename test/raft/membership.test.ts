import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { logIndex, term, type NodeId } from "../../src/base/ids.ts";
import { votersOnly, type Configuration } from "../../src/raft/configuration.ts";
import type { Entry, Input } from "../../src/raft/input.ts";
import { mayChangeMembership, mayStand } from "../../src/raft/membership.ts";
import { startAsFollower, type RaftState } from "../../src/raft/state.ts";
import { step } from "../../src/raft/step.ts";
import {
  append,
  at,
  entriesAfter,
  follower,
  from,
  heartbeatResponse,
  leader,
  leading,
  matchedAt,
  n1,
  n2,
  n3,
  n4,
  node,
  only,
  outOfPatience,
  preVote,
  progressOf,
  propose,
  said,
  settledLeader,
  settings,
  stepThrough,
  ticks,
  voteRequest,
  withEntriesSent,
  withLanded,
} from "./one-node.ts";

const payload = new Uint8Array([1, 2, 3]);
const proposeChange: Input = { kind: "propose_membership", payload };

const configured = (
  voters: readonly NodeId[],
  outgoing: readonly NodeId[] = [],
  learners: readonly NodeId[] = [],
): Configuration => ({
  voters: new Set(voters),
  outgoingVoters: new Set(outgoing),
  learners: new Set(learners),
});

const joint = configured([n1, n2, n4], [n1, n2, n3]);

const applied = (index: number, configuration: Configuration): Input => ({
  kind: "membership_applied",
  index: logIndex(index),
  configuration,
});

/** Everybody is sent and has everything, on the disk; nothing of it is applied. */
function replicated(state: RaftState): RaftState {
  const sent = withEntriesSent(withLanded(state));
  const { lastIndex } = sent.log;
  const answers = [...leading(sent).progress.keys()].map((peer) =>
    from(peer, matchedAt(sent.term, lastIndex)),
  );
  return withEntriesSent(stepThrough(sent, ...answers).state);
}

/** A leader with a committed change, at index 3, that it has not applied. */
function changing(): RaftState {
  return replicated(step(settledLeader(), proposeChange).state);
}

function change(index: number, inTerm = 1): Entry {
  return { ...at(index, inTerm), kind: "membership", payload };
}

function followerHolding(
  kinds: readonly Entry["kind"][],
  commitIndex = 0,
  state = follower(n2, { log: [1] }),
): RaftState {
  const entries = entriesAfter(at(1, 1), ...kinds.map(() => 1)).map((entry, at) => ({
    ...entry,
    kind: kinds[at] ?? "command",
  }));
  return step(state, from(n2, { ...append(1, at(1, 1), [], commitIndex), entries })).state;
}

describe("a change of the membership", () => {
  const elsewhere = votersOnly([n1, n2, n3]);
  const rows: readonly (readonly [string, RaftState, boolean])[] = [
    ["a leader that has committed its own first entry", settledLeader(), true],
    ["a follower", node(), false],
    ["a leader that has not committed its own first entry", leader(), false],
    ["a leader that hands over", step(settledLeader(), { kind: "transfer", to: n2 }).state, false],
    ["a leader with a change in its log", step(settledLeader(), proposeChange).state, false],
    ["a leader with a committed change that is not applied", changing(), false],
    ["a leader in a joint configuration", step(changing(), applied(3, joint)).state, false],
    [
      "a leader in a joint configuration, even if the end of it were not in its log yet",
      { ...step(changing(), applied(3, joint)).state, unappliedMemberships: [] },
      false,
    ],
    [
      "a leader that has applied a change which was refused",
      step(changing(), applied(3, elsewhere)).state,
      true,
    ],
  ];
  for (const [who, state, may] of rows) {
    it(`may ${may ? "" : "not "}be proposed by ${who}`, () => {
      assert.equal(mayChangeMembership(state), may);
      if (may) assert.doesNotThrow(() => step(state, proposeChange));
      else assert.throws(() => step(state, proposeChange), /one change of the membership/);
    });
  }

  it("is an entry of its own kind, written and sent like any other", () => {
    const { state, effects } = step(settledLeader(), proposeChange);

    const [write] = only(effects, "persist");
    assert.deepEqual(write?.entries, [{ ...at(3, 2), kind: "membership", payload }]);
    assert.deepEqual(
      only(effects, "send_entries").map(({ to }) => to),
      [n2, n3],
    );
    assert.deepEqual(state.unappliedMemberships, [3]);
  });

  it("takes effect when it is applied, not when it is appended or committed", () => {
    const state = changing();
    assert.equal(state.commitIndex, 3);
    assert.deepEqual(state.configuration, votersOnly([n1, n2, n3]));

    const after = step(state, applied(3, joint)).state;

    assert.equal(after.configuration, joint);
  });

  it("is applied in order, and only once it is committed", () => {
    assert.throws(() => step(changing(), applied(2, joint)), /in order/);
    const uncommitted = step(settledLeader(), proposeChange).state;
    assert.throws(() => step(uncommitted, applied(3, joint)), /only what is committed/);
  });
});

describe("a leader that applies a change", () => {
  it("asks a newcomer about its last entry, at once", () => {
    const { state, effects } = step(changing(), applied(3, configured([n1, n2, n3], [], [n4])));

    assert.equal(progressOf(state, n4).mode, "probe");
    const [probe] = only(effects, "send_entries");
    assert.deepEqual([probe?.to, probe?.prev, probe?.upTo], [n4, at(2, 2), 3]);
  });

  it("keeps what it knows of the others", () => {
    const before = changing();

    const { state } = step(before, applied(3, configured([n1, n2, n3], [], [n4])));

    assert.deepEqual(progressOf(state, n2), progressOf(before, n2));
  });

  it("forgets those who are gone, and hears no answer of theirs", () => {
    const { state } = step(changing(), applied(3, votersOnly([n1, n2])));

    assert.deepEqual([...leading(state).progress.keys()], [n2]);
    assert.deepEqual(step(state, from(n3, matchedAt(2, 3))), { state, effects: [] });
  });

  it("commits what the new quorum already holds", () => {
    const alone = stepThrough(changing(), propose());
    const landed = withLanded(alone.state);
    assert.equal(landed.commitIndex, 3);

    const { state, effects } = step(landed, applied(3, votersOnly([n1])));

    assert.equal(state.commitIndex, 4);
    assert.deepEqual(only(effects, "commit"), [{ kind: "commit", index: 4 }]);
  });

  it("releases reads that the new quorum has proven", () => {
    const asked = step(changing(), { kind: "read", readId: 7 }).state;

    const { effects } = step(asked, applied(3, votersOnly([n1])));

    assert.deepEqual(only(effects, "read_ready"), [{ kind: "read_ready", readId: 7, index: 3 }]);
  });

  it("gives up a hand-over to somebody who votes no longer", () => {
    const handing = step(changing(), { kind: "transfer", to: n3 }).state;

    const kept = step(handing, applied(3, votersOnly([n1, n3]))).state;
    const given = step(handing, applied(3, votersOnly([n1, n2]))).state;

    assert.equal(leading(kept).transfer?.to, n3);
    assert.equal(leading(given).transfer, undefined);
  });

  it("steps down when it votes no longer, and its reads fail", () => {
    const asked = step(changing(), { kind: "read", readId: 7 }).state;

    const { state, effects } = step(asked, applied(3, votersOnly([n2, n3])));

    assert.equal(state.role.kind, "follower");
    assert.deepEqual(only(effects, "read_failed"), [{ kind: "read_failed", readId: 7 }]);
    assert.equal(outOfPatience(state).role.kind, "follower");
  });

  it("leads on while it is a voter of the old half only", () => {
    const { state } = step(changing(), applied(3, configured([n2, n3, n4], [n1, n2, n3])));

    assert.equal(state.role.kind, "leader");
  });
});

describe("a joint configuration", () => {
  it("is left by its leader as soon as it is applied, by an entry without a payload", () => {
    const { state, effects } = step(changing(), applied(3, joint));

    const [write] = only(effects, "persist");
    const leave = { ...at(4, 2), kind: "leave_joint", payload: new Uint8Array() };
    assert.deepEqual(write?.entries, [leave]);
    assert.deepEqual(state.unappliedMemberships, [4]);
  });

  it("is left once", () => {
    const left = step(changing(), applied(3, joint)).state;

    const { effects } = stepThrough(left, ...ticks(3), from(n2, matchedAt(2, 3)));

    assert.deepEqual(only(effects, "persist"), []);
  });

  it("is not left by a leader that hands over, until that is given up", () => {
    const handing = step(changing(), { kind: "transfer", to: n2 }).state;
    const entered = step(handing, applied(3, joint));
    assert.deepEqual(only(entered.effects, "persist"), []);
    const heard = stepThrough(
      entered.state,
      ...[n2, n3, n4].map((peer) => from(peer, heartbeatResponse(2))),
    );

    const { effects } = stepThrough(heard.state, ...ticks(settings.electionTicks));

    const [write] = only(effects, "persist");
    assert.equal(write?.entries[0]?.kind, "leave_joint");
  });

  it("is left by a new leader when its own first entry is committed, not before", () => {
    const elected = elect(node({ configuration: configured([n1, n2], [n1, n3]) }), [n2, n3]);
    assert.deepEqual(elected.unappliedMemberships, []);

    const settled = replicated(elected);

    assert.equal(settled.commitIndex, 2);
    assert.deepEqual(settled.unappliedMemberships, [3]);
  });

  it("is not left twice by a leader that finds the end of it in its log", () => {
    const held = followerHolding(["leave_joint"], 1, follower(n2, { configuration: joint }));
    assert.deepEqual(held.unappliedMemberships, [2]);
    const elected = elect(held, [n2, n4]);

    const settled = replicated(elected);

    assert.deepEqual([settled.commitIndex, settled.log.lastIndex], [3, 3]);
    assert.deepEqual(settled.unappliedMemberships, [2]);
  });

  it("commits what a majority of each half holds", () => {
    const { state } = step(changing(), applied(3, joint));
    const sent = withLanded(withEntriesSent(state));

    const old = step(sent, from(n3, matchedAt(2, 4))).state;
    const both = step(old, from(n4, matchedAt(2, 4))).state;

    assert.deepEqual([old.commitIndex, both.commitIndex], [3, 4]);
  });

  it("proves reads by a majority of each half", () => {
    const entered = step(changing(), applied(3, joint)).state;
    const asked = step(entered, { kind: "read", readId: 1 }).state;

    const old = step(asked, from(n3, heartbeatResponse(2, 1)));
    const both = step(old.state, from(n4, heartbeatResponse(2, 1)));

    assert.deepEqual(only(old.effects, "read_ready"), []);
    assert.equal(only(both.effects, "read_ready").length, 1);
  });

  it("ends the lead of a leader that only one half answers", () => {
    const entered = step(changing(), applied(3, joint)).state;
    const hearing = (peers: readonly NodeId[]): RaftState =>
      Array.from({ length: 3 }).reduce<RaftState>((state) => {
        const heard = peers.map((peer) => from(peer, heartbeatResponse(2)));
        return stepThrough(state, ...heard, ...ticks(settings.electionTicks)).state;
      }, entered);

    assert.equal(hearing([n3]).role.kind, "follower");
    assert.equal(hearing([n4]).role.kind, "follower");
    assert.equal(hearing([n3, n4]).role.kind, "leader");
    assert.equal(hearing([n2]).role.kind, "leader");
  });

  it("lets a voter of either half stand, and asks both", () => {
    for (const self of [n3, n4]) {
      const { effects } = outOfPatienceEffects(node({ self, configuration: joint }));

      const asked = said(effects).map(({ to }) => to);
      assert.deepEqual(
        asked.sort(),
        [n1, n2, n3, n4].filter((peer) => peer !== self),
      );
    }
  });
});

describe("changes that are not applied", () => {
  it("are known from what is appended, of both kinds", () => {
    const state = followerHolding(["command", "membership", "command", "leave_joint"]);

    assert.deepEqual(state.unappliedMemberships, [3, 5]);
  });

  it("go with the entries that another leader replaces, and come with its own", () => {
    const held = followerHolding(["membership", "command"]);
    const request = append(2, at(1, 1), []);

    const replaced = step(held, from(n3, { ...request, entries: entriesAfter(at(1, 1), 2) }));
    const renewed = step(
      held,
      from(n3, { ...request, entries: [...entriesAfter(at(1, 1), 2), change(3, 2)] }),
    );

    assert.deepEqual(replaced.state.unappliedMemberships, []);
    assert.deepEqual(renewed.state.unappliedMemberships, [3]);
  });

  it("stay when entries after them are replaced, or come a second time", () => {
    const held = followerHolding(["membership", "command"]);
    const later = { ...append(2, at(2, 1), []), entries: entriesAfter(at(2, 1), 2) };

    assert.deepEqual(step(held, from(n3, later)).state.unappliedMemberships, [2]);
    const again = followerHolding(["membership", "command"], 0, held);
    assert.deepEqual(again.unappliedMemberships, [2]);
  });

  it("go with the log that a snapshot replaces", () => {
    const held = withLanded(followerHolding(["membership"]));
    const position = at(9, 1);

    const { state } = step(held, { kind: "snapshot_installed", position, configuration: joint });

    assert.deepEqual([state.unappliedMemberships, state.configuration], [[], joint]);
  });
});

describe("a node that has not applied a committed change", () => {
  const unaware = withLanded(followerHolding(["membership"], 1));
  const aware = withLanded(followerHolding(["membership"], 2));

  it("does not stand, however long it waits", () => {
    assert.equal(outOfPatience(unaware).role.kind, "pre_candidate");

    const { state, effects } = stepThrough(aware, ...ticks(5 * settings.electionTicks));

    assert.deepEqual([state.role.kind, said(effects)], ["follower", []]);
  });

  it("does not stand when its leader tells it to", () => {
    const told = from(n2, { kind: "timeout_now", term: term(1) });

    assert.equal(step(unaware, told).state.role.kind, "candidate");
    assert.equal(step(aware, told).state.role.kind, "follower");
  });

  it("votes all the same", () => {
    const silent = stepThrough(aware, ...ticks(settings.electionTicks)).state;

    const { effects } = step(silent, from(n3, voteRequest(2, at(5, 1))));

    assert.deepEqual(
      said(effects).map(({ message }) => message.kind === "vote_response" && message.vote),
      ["granted"],
    );
  });

  it("stands when it has applied it, if it still votes", () => {
    const waited = stepThrough(aware, ...ticks(5 * settings.electionTicks)).state;
    const among = (configuration: Configuration): string =>
      stepThrough(waited, applied(2, configuration), ...ticks(1)).state.role.kind;

    assert.equal(among(joint), "pre_candidate");
    assert.equal(among(votersOnly([n2, n3])), "follower");
  });
});

describe("a node that starts again in the middle of changes", () => {
  const started = (unapplied: readonly number[], commitIndex: number): RaftState => {
    const { term: inTerm, ...rest } = node({ log: [1, 1, 1, 1] });
    return startAsFollower({
      ...rest,
      hardState: { term: inTerm, votedFor: undefined },
      commitIndex: logIndex(commitIndex),
      unappliedMemberships: unapplied.map(logIndex),
      seed: 1,
    });
  };
  const rows = [
    { unapplied: [], commitIndex: 1, known: 1 },
    { unapplied: [3], commitIndex: 1, known: 1 },
    { unapplied: [2, 4], commitIndex: 1, known: 2 },
    { unapplied: [2, 3, 4], commitIndex: 1, known: 3 },
    { unapplied: [2, 4], commitIndex: 3, known: 3 },
  ];
  for (const { unapplied, commitIndex, known } of rows) {
    it(`with ${String(unapplied)} unapplied and ${String(commitIndex)} applied knows ${String(known)} to be committed`, () => {
      assert.equal(started(unapplied, commitIndex).commitIndex, known);
    });
  }

  it("does not stand before all but the last are applied", () => {
    assert.equal(mayStand(started([2, 4], 1)), false);
    assert.equal(mayStand(started([4], 1)), true);
  });
});

describe("an answer to a pre-vote", () => {
  it("sends who asks back to wait, if it tells that a change is to be applied first", () => {
    const held = withLanded(followerHolding(["membership"], 1));
    const standing = outOfPatience(held);
    assert.equal(standing.role.kind, "pre_candidate");

    const { state, effects } = stepThrough(
      standing,
      from(n2, preVote(1, "refused", at(2, 1))),
      from(n3, preVote(2, "granted")),
    );

    assert.deepEqual([state.role.kind, state.commitIndex], ["follower", 2]);
    assert.deepEqual(only(effects, "commit"), [{ kind: "commit", index: 2 }]);
  });
});

function elect(state: RaftState, voters: readonly NodeId[]): RaftState {
  const standing = outOfPatience(withLanded(state));
  const asked = term(standing.term + 1);
  const granted = { kind: "vote_response", term: asked, vote: "granted" } as const;
  return stepThrough(
    standing,
    ...voters.map((voter) => from(voter, preVote(asked, "granted"))),
    ...voters.map((voter) => from(voter, granted)),
  ).state;
}

function outOfPatienceEffects(state: RaftState): ReturnType<typeof stepThrough> {
  const { role } = state;
  assert.ok(role.kind === "follower");
  return stepThrough(state, ...ticks(role.patienceTicks));
}
