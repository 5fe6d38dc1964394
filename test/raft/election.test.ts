import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { knownLeader } from "../../src/raft/state.ts";
import { step } from "../../src/raft/step.ts";
import {
  abandonedBy,
  append,
  at,
  candidate,
  follower,
  from,
  heartbeat,
  heartbeatResponse,
  kindsOf,
  leader,
  leading,
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
  said,
  settings,
  stepThrough,
  ticks,
  vote,
  voteRequest,
} from "./one-node.ts";

describe("step: patience", () => {
  // 3.4: "election timeouts are chosen randomly from a fixed interval".
  it("is between one and two election timeouts, and not always the same", () => {
    const patiences = Array.from({ length: 200 }, (_, seed) => {
      const { role } = node({ seed });
      return role.kind === "follower" ? role.patienceTicks : 0;
    });

    assert.ok(patiences.every((patience) => patience >= settings.electionTicks));
    assert.ok(patiences.every((patience) => patience < 2 * settings.electionTicks));
    assert.equal(new Set(patiences).size, settings.electionTicks);
  });

  // 3.4: "If a follower receives no communication over a period of time called the election
  // timeout, then it assumes there is no viable leader and begins an election".
  it("lasts exactly as many ticks as were drawn", () => {
    const state = node();
    assert.ok(state.role.kind === "follower");

    const before = stepThrough(state, ...ticks(state.role.patienceTicks - 1));
    const after = stepThrough(before.state, ...ticks(1));

    assert.equal(before.state.role.kind, "follower");
    assert.deepEqual(before.effects, []);
    assert.equal(after.state.role.kind, "pre_candidate");
  });

  it("is renewed by the leader of this term", () => {
    for (const message of [heartbeat(1), append(1, at(1, 1), [])]) {
      const waited = stepThrough(follower(n2), ...ticks(7)).state;

      const { state } = step(waited, from(n2, message));

      assert.ok(state.role.kind === "follower");
      assert.equal(state.role.quietTicks, 0, message.kind);
    }
  });

  it("is renewed by giving a vote", () => {
    const waited = stepThrough(node(), ...ticks(7)).state;

    const { state } = step(waited, from(n2, voteRequest(2, at(1, 1))));

    assert.equal(state.votedFor, n2);
    assert.ok(state.role.kind === "follower");
    assert.equal(state.role.quietTicks, 0);
  });

  // Figure 3.1: "without receiving AppendEntries RPC from current leader or granting vote".
  it("is not renewed by refusing a vote, in this term or a newer one", () => {
    for (const inTerm of [2, 3]) {
      const waited = stepThrough(node({ log: [1, 2] }), ...ticks(7)).state;

      const { state } = step(waited, from(n2, voteRequest(inTerm, at(1, 1))));

      assert.ok(state.role.kind === "follower" && waited.role.kind === "follower");
      assert.equal(state.votedFor, undefined);
      assert.equal(state.role.quietTicks, 7);
      assert.equal(state.role.patienceTicks, waited.role.patienceTicks);
    }
  });

  it("is not renewed by a leader of an older term", () => {
    const waited = stepThrough(node({ term: 5 }), ...ticks(7)).state;

    const { state } = step(waited, from(n2, heartbeat(4)));

    assert.ok(state.role.kind === "follower");
    assert.equal(state.role.quietTicks, 7);
  });

  it("counts one tick, however long the node was paused", () => {
    const { state } = step(node(), { kind: "tick", elapsedTicks: 1000 });

    assert.ok(state.role.kind === "follower");
    assert.equal(state.role.quietTicks, 1);
  });

  it("is without end for a node that does not vote", () => {
    const outsider = node({ self: n4 });

    const { state, effects } = stepThrough(outsider, ...ticks(100));

    assert.equal(state.role.kind, "follower");
    assert.deepEqual(effects, []);
  });
});

describe("step: vote request", () => {
  // 3.4: "Each server will vote for at most one candidate in a given term, on a
  // first-come-first-served basis".
  it("is refused to a second candidate in the same term", () => {
    const voted = node({ votedFor: n2 });

    const { state, effects } = step(voted, from(n3, voteRequest(1, at(9, 1))));

    assert.equal(state.votedFor, n2);
    assert.deepEqual(effects, [{ kind: "acknowledge", to: n3, message: vote(1, "refused") }]);
  });

  it("is granted to the same candidate again, because its answer may have been lost", () => {
    const voted = node({ votedFor: n2 });

    const { effects } = step(voted, from(n2, voteRequest(1, at(1, 1))));

    assert.deepEqual(effects, [{ kind: "acknowledge", to: n2, message: vote(1, "granted") }]);
  });

  // 3.8: "each server persists its current term and vote; this is necessary to prevent the server
  // from voting twice in the same term".
  it("is granted only once the vote is durable", () => {
    const { effects } = step(node(), from(n2, voteRequest(2, at(1, 1))));

    assert.deepEqual(effects, [
      { kind: "persist", sequence: 1, hardState: { term: 2, votedFor: n2 }, entries: [] },
      { kind: "acknowledge", to: n2, message: vote(2, "granted") },
    ]);
  });

  it("is saved as well when the term was known before the candidate", () => {
    const state = node({ log: [1], term: 2 });

    const { effects } = step(state, from(n2, voteRequest(2, at(1, 1))));

    assert.deepEqual(only(effects, "persist")[0]?.hardState, { term: 2, votedFor: n2 });
  });

  it("is held to after a restart", () => {
    const restarted = node({ term: 2, votedFor: n2 });

    const { effects } = step(restarted, from(n3, voteRequest(2, at(1, 1))));

    assert.deepEqual(said(effects), [{ to: n3, message: vote(2, "refused") }]);
  });

  // 3.6.1: "If the logs have last entries with different terms, then the log with the later term is
  // more up-to-date. If the logs end with the same term, then whichever log is longer is more
  // up-to-date."
  const comparisons = [
    { ours: [1, 1, 2], theirs: at(3, 2), answer: "granted", why: "an equal log" },
    { ours: [1, 1, 2], theirs: at(4, 2), answer: "granted", why: "a longer log" },
    { ours: [1, 1, 2], theirs: at(2, 2), answer: "refused", why: "a shorter log" },
    { ours: [1, 1, 2], theirs: at(1, 3), answer: "granted", why: "a shorter log of a later term" },
    { ours: [1, 1, 2], theirs: at(9, 1), answer: "refused", why: "a longer log of an older term" },
    { ours: [], theirs: at(0, 0), answer: "granted", why: "an empty log, by one as empty" },
    { ours: [1], theirs: at(0, 0), answer: "refused", why: "an empty log, by one that is not" },
  ] as const;
  for (const { ours, theirs, answer, why } of comparisons) {
    it(`is ${answer} to ${why}`, () => {
      const { state, effects } = step(node({ log: ours }), from(n2, voteRequest(5, theirs)));

      assert.deepEqual(said(effects), [{ to: n2, message: vote(5, answer) }]);
      assert.equal(state.votedFor, answer === "granted" ? n2 : undefined);
      assert.equal(state.term, 5);
    });
  }

  // Figure 3.1: "Reply false if term < currentTerm".
  it("of an older term is refused in our own", () => {
    const { state, effects } = step(node({ term: 4 }), from(n2, voteRequest(3, at(9, 3))));

    assert.equal(state.votedFor, undefined);
    assert.deepEqual(effects, [{ kind: "send", to: n2, message: vote(4, "refused") }]);
  });

  // 4.2.3: "if a server receives a RequestVote request within the minimum election timeout of
  // hearing from a current leader, it does not update its term or grant its vote".
  it("does not exist for a node that hears its leader", () => {
    const loyal = stepThrough(follower(n2), ...ticks(settings.electionTicks - 1)).state;

    const { state, effects } = step(loyal, from(n3, voteRequest(9, at(9, 8))));

    assert.equal(state, loyal);
    assert.deepEqual(effects, []);
  });

  it("is heard again once the leader was silent for the shortest election timeout", () => {
    const { state } = step(abandonedBy(n2), from(n3, voteRequest(9, at(9, 8))));

    assert.equal(state.votedFor, n3);
    assert.equal(state.term, 9);
  });

  it("does not exist for a leader", () => {
    const leads = leader();

    const { state, effects } = step(leads, from(n3, voteRequest(9, at(9, 8))));

    assert.equal(state, leads);
    assert.deepEqual(effects, []);
  });

  it("is refused in a term that has a leader, whoever this node voted for", () => {
    const { effects } = step(follower(n2), from(n3, voteRequest(1, at(9, 1))));

    assert.deepEqual(said(effects), [{ to: n3, message: vote(1, "refused") }]);
  });

  it("is answered by a node that does not vote itself: the asker's membership decides", () => {
    const { effects } = step(node({ self: n4 }), from(n2, voteRequest(2, at(1, 1))));

    assert.deepEqual(said(effects), [{ to: n2, message: vote(2, "granted") }]);
  });
});

describe("step: candidate", () => {
  // Figure 3.1: "Increment currentTerm. Vote for self. Reset election timer. Send RequestVote RPCs
  // to all other servers".
  it("votes for itself in a new term, durably, and asks everybody", () => {
    const asking = preCandidate({ log: [1, 1] });

    const { state, effects } = step(asking, from(n2, preVote(2, "granted")));

    assert.equal(state.role.kind, "candidate");
    assert.deepEqual(effects, [
      { kind: "persist", sequence: 1, hardState: { term: 2, votedFor: n1 }, entries: [] },
      { kind: "send", to: n2, message: voteRequest(2, at(2, 1)) },
      { kind: "send", to: n3, message: voteRequest(2, at(2, 1)) },
    ]);
  });

  it("leads with a quorum of votes, its own among them", () => {
    const { state } = step(candidate(), from(n2, vote(2, "granted")));

    assert.equal(state.role.kind, "leader");
  });

  it("needs three of five", () => {
    const standing = candidate({ voters: [n1, n2, n3, n4, n5] });

    const two = stepThrough(standing, from(n2, vote(2, "granted")), from(n2, vote(2, "granted")));
    const three = step(two.state, from(n3, vote(2, "granted")));

    assert.equal(two.state.role.kind, "candidate");
    assert.equal(three.state.role.kind, "leader");
  });

  it("does not count the vote of a stranger", () => {
    const standing = candidate({ voters: [n1, n2, n3] });

    const { state } = step(standing, from(n4, vote(2, "granted")));

    assert.equal(state.role.kind, "candidate");
  });

  it("does not count a vote of an older term", () => {
    const { state } = step(candidate(), from(n2, vote(1, "granted")));

    assert.equal(state.role.kind, "candidate");
  });

  it("gives up in its term when a quorum refuses, and keeps its vote", () => {
    const { state } = stepThrough(
      candidate(),
      from(n2, vote(2, "refused")),
      from(n3, vote(2, "refused")),
    );

    assert.equal(state.role.kind, "follower");
    assert.equal(state.term, 2);
    assert.equal(state.votedFor, n1);
  });

  // 3.4: "If the leader's term is at least as large as the candidate's current term, then the
  // candidate recognizes the leader as legitimate and returns to follower state".
  it("follows whoever won its term", () => {
    for (const message of [heartbeat(2), append(2, at(1, 1), [2])]) {
      const { state } = step(candidate(), from(n2, message));

      assert.equal(state.role.kind, "follower");
      assert.equal(knownLeader(state), n2);
      assert.equal(state.votedFor, n1, "one vote a term, whatever comes");
    }
  });

  it("asks around again after a split vote, before it takes a newer term", () => {
    const again = outOfPatience(candidate());

    assert.equal(again.role.kind, "pre_candidate");
    assert.equal(again.term, 2);
  });

  it("draws new patience for every attempt", () => {
    const patiences = new Set<number>();
    let state = node({ seed: 5 });
    for (let attempt = 0; attempt < 20; attempt += 1) {
      state = outOfPatience(state);
      assert.ok(state.role.kind === "pre_candidate");
      patiences.add(state.role.patienceTicks);
    }

    assert.ok(patiences.size > 3);
  });
});

describe("step: new leader", () => {
  // 6.4: "Raft handles this by having each leader commit a blank no-op entry into the log at the
  // start of its term."
  it("appends an empty entry of its term and sends it to everybody", () => {
    const standing = candidate({ log: [1, 1] });

    const { effects } = step(standing, from(n2, vote(2, "granted")));

    const [write] = only(effects, "persist");
    assert.deepEqual(write?.entries, [
      { index: 3, term: 2, kind: "empty", payload: new Uint8Array() },
    ]);
    assert.deepEqual(
      only(effects, "send_entries").map(({ to, prev, upTo }) => ({ to, prev, upTo })),
      [
        { to: n2, prev: at(2, 1), upTo: 3 },
        { to: n3, prev: at(2, 1), upTo: 3 },
      ],
    );
  });

  it("knows nothing of what its followers hold", () => {
    const { progress, firstOwnIndex } = leading(leader({ log: [1, 1, 1] }));

    assert.equal(firstOwnIndex, 4);
    for (const { matchIndex, nextIndex } of progress.values()) {
      assert.deepEqual({ matchIndex, nextIndex }, { matchIndex: 0, nextIndex: 4 });
    }
  });

  it("is itself the leader it knows", () => {
    assert.equal(knownLeader(leader()), n1);
    assert.equal(knownLeader(candidate()), undefined);
  });

  // 3.3: "If a candidate or leader discovers that its term is out of date, it immediately reverts
  // to follower state."
  it("steps down at the sight of a newer term, whatever message shows it", () => {
    for (const message of [heartbeat(7), heartbeatResponse(7), vote(7, "refused")]) {
      const { state, effects } = step(leader(), from(n2, message));

      assert.equal(state.role.kind, "follower");
      assert.equal(state.term, 7);
      assert.equal(state.votedFor, undefined);
      assert.equal(kindsOf(effects)[0], "persist");
    }
  });

  it("leads a region of one at once, in one write", () => {
    const alone = node({ voters: [n1], log: [1] });
    assert.ok(alone.role.kind === "follower");

    const { state, effects } = stepThrough(alone, ...ticks(alone.role.patienceTicks));

    assert.equal(state.role.kind, "leader");
    assert.deepEqual(kindsOf(effects), ["persist"]);
    const [write] = only(effects, "persist");
    assert.deepEqual(write?.hardState, { term: 2, votedFor: n1 });
    assert.equal(write.entries.length, 1);
    assert.equal(state.commitIndex, 0, "nothing is committed before it has landed");
  });

  it("has no equal: a second leader in its term is a contradiction", () => {
    const leads = leader();

    assert.throws(() => step(leads, from(n2, heartbeat(leads.term))), /a term has one leader/);
  });
});
