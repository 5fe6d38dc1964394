// Thesis 9.6 (PreVote), 4.2.3 (a live leader is not disturbed), 6.2 (a leader without a quorum
// steps down), and what happens where they meet.
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
  leader,
  leading,
  matchedAt,
  n1,
  n2,
  n3,
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
  ticks,
  vote,
  voteRequest,
} from "./one-node.ts";

const timeout = settings.electionTicks;

describe("step: pre-vote", () => {
  // 9.6: "a candidate only increments its term if it first learns from a majority of the cluster
  // that they would be willing to grant the candidate their votes".
  it("asks about the next term and changes nothing durable", () => {
    const state = node({ log: [1, 1] });
    assert.ok(state.role.kind === "follower");

    const asked = stepThrough(state, ...ticks(state.role.patienceTicks));

    assert.equal(asked.state.term, 1);
    assert.equal(asked.state.votedFor, undefined);
    assert.deepEqual(asked.effects, [
      { kind: "send", to: n2, message: preVoteRequest(2, at(2, 1)) },
      { kind: "send", to: n3, message: preVoteRequest(2, at(2, 1)) },
    ]);
  });

  it("is granted without a change in whoever grants it", () => {
    const voter = node({ log: [1], votedFor: n3 });

    const { state, effects } = step(voter, from(n2, preVoteRequest(2, at(1, 1))));

    assert.equal(state, voter);
    assert.deepEqual(effects, [{ kind: "acknowledge", to: n2, message: preVote(2, "granted") }]);
  });

  it("is granted to several, because it binds nobody", () => {
    const { effects } = stepThrough(
      node(),
      from(n2, preVoteRequest(2, at(1, 1))),
      from(n3, preVoteRequest(2, at(1, 1))),
    );

    assert.deepEqual(said(effects), [
      { to: n2, message: preVote(2, "granted") },
      { to: n3, message: preVote(2, "granted") },
    ]);
  });

  it("is refused to an incomplete log", () => {
    const { effects } = step(node({ log: [1, 1] }), from(n2, preVoteRequest(2, at(1, 1))));

    assert.deepEqual(said(effects), [{ to: n2, message: preVote(1, "refused") }]);
  });

  // 9.6: "and the voters have not received heartbeats from a valid leader for at least a baseline
  // election timeout".
  it("is refused by a node that hears its leader, and granted when it no longer does", () => {
    const loyal = stepThrough(follower(n2), ...ticks(timeout - 1)).state;
    const question = from(n3, preVoteRequest(2, at(1, 1)));

    const refusal = step(loyal, question);
    const grant = step(abandonedBy(n2), question);

    assert.deepEqual(said(refusal.effects), [{ to: n3, message: preVote(1, "refused") }]);
    assert.deepEqual(said(grant.effects), [{ to: n3, message: preVote(2, "granted") }]);
  });

  it("is refused by a leader", () => {
    const { state, effects } = step(leader(), from(n3, preVoteRequest(3, at(9, 9))));

    assert.equal(state.role.kind, "leader");
    assert.deepEqual(said(effects), [{ to: n3, message: preVote(2, "refused") }]);
  });

  it("needs a quorum before the term moves", () => {
    const { state } = stepThrough(
      preCandidate(),
      from(n2, preVote(1, "refused")),
      from(n3, preVote(1, "refused")),
    );

    assert.equal(state.role.kind, "follower");
    assert.equal(state.term, 1);
  });

  it("does not count a grant for another term than the one it asks about", () => {
    const asking = preCandidate({ term: 4 });

    const { state } = step(asking, from(n2, preVote(4, "granted")));

    assert.equal(state, asking);
  });

  it("is asked again when nobody answers", () => {
    const asking = preCandidate();
    assert.ok(asking.role.kind === "pre_candidate");

    const { state, effects } = stepThrough(asking, ...ticks(asking.role.patienceTicks));

    assert.equal(state.role.kind, "pre_candidate");
    assert.equal(said(effects).length, 2);
  });

  it("ends when a leader of this term speaks", () => {
    const { state } = step(preCandidate(), from(n2, heartbeat(1)));

    assert.equal(state.role.kind, "follower");
    assert.equal(knownLeader(state), n2);
  });

  it("does not keep a node from giving a real vote", () => {
    const { state } = step(preCandidate(), from(n2, voteRequest(2, at(1, 1))));

    assert.equal(state.votedFor, n2);
    assert.equal(state.role.kind, "follower");
  });

  it("is without meaning to a node that asks nothing", () => {
    for (const state of [node(), candidate(), leader()]) {
      const { term } = state;

      const { state: after, effects } = step(state, from(n2, preVote(term + 1, "granted")));

      assert.equal(after, state);
      assert.deepEqual(effects, []);
    }
  });
});

describe("step: terms that drift apart", () => {
  // etcd-io/etcd#8501: a node stuck at a higher term ignores the leader, and is ignored by those
  // who hear it: frozen out, unless the leader learns of the higher term.
  it("tells a leader of an older term of the newer one", () => {
    const ahead = node({ term: 5 });

    for (const message of [heartbeat(3), append(3, at(1, 1), [3])]) {
      const { state, effects } = step(ahead, from(n2, message));

      assert.equal(state, ahead);
      assert.deepEqual(said(effects), [{ to: n2, message: heartbeatResponse(5) }]);
    }
  });

  it("makes that leader step down and follow the newer term", () => {
    const { state, effects } = step(leader(), from(n3, heartbeatResponse(5)));

    assert.equal(state.role.kind, "follower");
    assert.equal(state.term, 5);
    assert.deepEqual(only(effects, "persist")[0]?.hardState, { term: 5, votedFor: undefined });
  });

  // openraft#1796: a long log at an old term and a short log at a high term refuse each other for
  // ever, unless the refusal carries the higher term.
  it("refuses a question about an older term with its own term", () => {
    const { effects } = step(node({ log: [1], term: 5 }), from(n2, preVoteRequest(3, at(9, 2))));

    assert.deepEqual(said(effects), [{ to: n2, message: preVote(5, "refused") }]);
  });

  it("takes up a higher term from a refusal", () => {
    const { state } = step(preCandidate({ log: [1, 1], term: 2 }), from(n3, preVote(5, "refused")));

    assert.equal(state.role.kind, "follower");
    assert.equal(state.term, 5);
    assert.equal(state.votedFor, undefined);
  });

  it("lets the longer log win in the end", () => {
    const long = preCandidate({ self: n1, log: [1, 1, 2], term: 2 });
    const short = node({ self: n3, log: [1], term: 5 });

    const refusal = step(short, from(n1, preVoteRequest(3, at(3, 2))));
    const [answer] = said(refusal.effects);
    assert.ok(answer !== undefined);
    const wiser = outOfPatience(step(long, from(n3, answer.message)).state);
    const grant = step(refusal.state, from(n1, preVoteRequest(wiser.term + 1, at(3, 2))));

    assert.equal(wiser.term, 5);
    assert.deepEqual(said(grant.effects), [{ to: n1, message: preVote(6, "granted") }]);
  });

  it("does not take up a term that was only asked about", () => {
    const { state } = step(node(), from(n2, preVoteRequest(9, at(0, 0))));

    assert.equal(state.term, 1);
  });
});

describe("step: quorum check", () => {
  // 6.2: "a leader steps down if an election timeout elapses without a successful round of
  // heartbeats to a majority of its cluster".
  it("ends the lead of a leader whom nobody answers", () => {
    const { state } = stepThrough(settledLeader(), ...ticks(2 * timeout));

    assert.equal(state.role.kind, "follower");
    assert.equal(state.term, 2, "in its own term: nobody has another yet");
    assert.equal(state.votedFor, n1);
    assert.equal(knownLeader(state), undefined);
  });

  it("is content with a quorum", () => {
    let state = leader();
    for (let tick = 0; tick < 5 * timeout; tick += 1) {
      state = stepThrough(state, ...ticks(1), from(n2, heartbeatResponse(2))).state;
    }

    assert.equal(state.role.kind, "leader");
  });

  it("counts answers since the last check only", () => {
    const heardOnce = step(leader(), from(n2, heartbeatResponse(2))).state;

    const first = stepThrough(heardOnce, ...ticks(timeout));
    const second = stepThrough(first.state, ...ticks(timeout));

    assert.equal(first.state.role.kind, "leader");
    assert.equal(second.state.role.kind, "follower");
  });

  it("counts an append's answer as well as a heartbeat's", () => {
    const heard = step(leader(), from(n2, matchedAt(2, 1))).state;

    assert.equal(stepThrough(heard, ...ticks(timeout)).state.role.kind, "leader");
  });

  it("asks each half of a joint membership separately", () => {
    const configuration = {
      voters: new Set([n1, n2]),
      outgoingVoters: new Set([n1, n3]),
      learners: new Set<typeof n1>(),
    };
    const joint = { ...settledLeader(), configuration };
    const onlyHalf = step(
      stepThrough(joint, ...ticks(timeout)).state,
      from(n2, heartbeatResponse(2)),
    );
    const both = step(onlyHalf.state, from(n3, heartbeatResponse(2)));

    assert.equal(stepThrough(onlyHalf.state, ...ticks(timeout)).state.role.kind, "follower");
    assert.equal(stepThrough(both.state, ...ticks(timeout)).state.role.kind, "leader");
  });

  // openraft#2080: a leader that keeps heartbeating keeps its one reachable follower from voting.
  it("ends the heartbeats with the lead", () => {
    const deposed = stepThrough(settledLeader(), ...ticks(2 * timeout)).state;

    const { effects } = stepThrough(deposed, ...ticks(settings.heartbeatTicks * 3));

    assert.deepEqual(said(effects), []);
  });

  it("lets the follower of a silent leader vote for another", () => {
    const { effects } = step(abandonedBy(n2), from(n3, voteRequest(2, at(1, 1))));

    assert.deepEqual(said(effects), [{ to: n3, message: vote(2, "granted") }]);
  });

  it("finds a leader out that was paused, at the first tick after", () => {
    const heard = step(settledLeader(), from(n2, heartbeatResponse(2))).state;
    const checked = stepThrough(heard, ...ticks(timeout)).state;
    assert.equal(checked.role.kind, "leader");

    const { state } = step(checked, { kind: "tick", elapsedTicks: 3 * timeout });

    assert.equal(state.role.kind, "follower");
  });

  it("trusts answers from before a pause for two heartbeats, and asks at once", () => {
    const heard = step(settledLeader(), from(n2, heartbeatResponse(2))).state;

    const woken = step(heard, { kind: "tick", elapsedTicks: 3 * timeout });
    const unanswered = stepThrough(woken.state, ...ticks(2 * settings.heartbeatTicks));
    const answered = stepThrough(
      step(woken.state, from(n2, heartbeatResponse(2))).state,
      ...ticks(2 * settings.heartbeatTicks),
    );

    assert.equal(woken.state.role.kind, "leader");
    assert.equal(said(woken.effects).length, 2);
    assert.equal(unanswered.state.role.kind, "follower");
    assert.equal(answered.state.role.kind, "leader");
  });

  it("never fails a region of one", () => {
    const alone = outOfPatience(node({ voters: [n1] }));

    const { state } = stepThrough(alone, { kind: "tick", elapsedTicks: 1000 }, ...ticks(100));

    assert.equal(state.role.kind, "leader");
    assert.equal(leading(state).progress.size, 0);
  });
});

describe("an answer to a pre-vote", () => {
  const asking = preCandidate({ log: [1, 1, 2], commitIndex: 1 });

  it("says how far whoever answers knows the log to be committed", () => {
    const voter = node({ log: [1, 1, 2], commitIndex: 2 });
    const request = preVoteRequest(3, at(3, 2));

    const { effects } = step(voter, from(n2, request));

    assert.deepEqual(said(effects), [{ to: n2, message: preVote(3, "granted", at(2, 1)) }]);
  });

  const rows = [
    { what: "teaches who asks", committed: at(2, 1), commitIndex: 2 },
    { what: "teaches nothing about another log", committed: at(2, 2), commitIndex: 1 },
    { what: "teaches nothing about what is not here", committed: at(9, 2), commitIndex: 1 },
    { what: "takes nothing back", committed: at(0, 0), commitIndex: 1 },
  ];
  for (const { what, committed, commitIndex } of rows) {
    it(what, () => {
      const { state } = step(asking, from(n2, preVote(2, "refused", committed)));

      assert.equal(state.commitIndex, commitIndex);
    });
  }
});
