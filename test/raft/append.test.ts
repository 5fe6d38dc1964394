// The follower's side of replication (thesis 3.5), and what it must never do.
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { LogPosition } from "../../src/raft/log-terms.ts";
import { appendToLog } from "../../src/raft/replicate.ts";
import { knownLeader } from "../../src/raft/state.ts";
import { step } from "../../src/raft/step.ts";
import {
  append,
  at,
  entriesAfter,
  follower,
  from,
  heartbeat,
  heartbeatResponse,
  kindsOf,
  logOf,
  matchedAt,
  mismatchedAt,
  n2,
  node,
  only,
  said,
  stepThrough,
} from "./one-node.ts";

describe("step: append request", () => {
  // Figure 3.1: "Append any new entries not already in the log".
  it("adds what follows the log, durably, before it says so", () => {
    const { state, effects } = step(node({ log: [1] }), from(n2, append(1, at(1, 1), [1, 1])));

    assert.deepEqual(state.log, logOf(1, 1, 1));
    assert.deepEqual(effects, [
      {
        kind: "persist",
        sequence: 1,
        hardState: undefined,
        entries: entriesAfter(at(1, 1), 1, 1),
      },
      { kind: "acknowledge", to: n2, message: matchedAt(1, 3) },
    ]);
  });

  it("takes up a newer term in the same write, and forgets the vote of the old", () => {
    const voted = node({ log: [1], votedFor: n2 });

    const { state, effects } = step(voted, from(n2, append(3, at(1, 1), [3])));

    assert.equal(knownLeader(state), n2);
    assert.deepEqual(kindsOf(effects), ["persist", "acknowledge"]);
    assert.deepEqual(only(effects, "persist")[0]?.hardState, { term: 3, votedFor: undefined });
  });

  it("says again, as an acknowledgement, what it has already: the write may still be under way", () => {
    const once = step(node({ log: [1] }), from(n2, append(1, at(1, 1), [1]))).state;

    const { state, effects } = step(once, from(n2, append(1, at(1, 1), [1])));

    assert.equal(state.log.lastIndex, 2);
    assert.deepEqual(effects, [{ kind: "acknowledge", to: n2, message: matchedAt(1, 2) }]);
  });

  // 3.5: "If the follower does not find an entry in its log with the same index and term, then it
  // refuses the new entries."
  const mismatches: readonly {
    readonly log: readonly number[];
    readonly prev: LogPosition;
    readonly hint: LogPosition;
    readonly why: string;
  }[] = [
    { log: [1], prev: at(5, 1), hint: at(1, 1), why: "a gap" },
    { log: [], prev: at(1, 1), hint: at(0, 0), why: "an empty log" },
    { log: [1, 1, 2, 2], prev: at(4, 3), hint: at(4, 2), why: "an older term at the same index" },
    { log: [1, 1, 2, 2], prev: at(4, 1), hint: at(2, 1), why: "a whole term too many" },
    { log: [2, 2], prev: at(2, 1), hint: at(0, 0), why: "nothing in common" },
    { log: [1, 4, 4], prev: at(9, 3), hint: at(1, 1), why: "a gap and a term too many" },
  ];
  for (const { log, prev, hint, why } of mismatches) {
    it(`refuses entries after ${why}, and says where the logs may agree`, () => {
      const before = node({ log, term: 5 });

      const { state, effects } = step(before, from(n2, append(5, prev, [5])));

      assert.deepEqual(state.log, before.log);
      assert.deepEqual(effects, [
        { kind: "acknowledge", to: n2, message: mismatchedAt(5, prev.index, hint) },
      ]);
    });
  }

  // Figure 3.1: "If an existing entry conflicts with a new one (same index but different terms),
  // delete the existing entry and all that follow it".
  it("replaces from the first entry whose term differs, in one write", () => {
    const before = node({ log: [1, 1, 2, 2, 2], term: 4 });

    const { state, effects } = step(before, from(n2, append(4, at(1, 1), [1, 3, 4])));

    assert.deepEqual(state.log, logOf(1, 1, 3, 4));
    const [write] = only(effects, "persist");
    assert.deepEqual(
      write?.entries.map(({ index }) => index),
      [3, 4],
    );
    assert.deepEqual(said(effects), [{ to: n2, message: matchedAt(4, 4) }]);
  });

  it("does not shorten the log for a late, shorter copy of an append", () => {
    const before = node({ log: [1, 1, 1, 1] });

    const { state, effects } = step(before, from(n2, append(1, at(1, 1), [1])));

    assert.equal(state.log.lastIndex, 4);
    assert.deepEqual(only(effects, "persist"), []);
    // Only what the message shows is known to be the leader's: the rest may be another's.
    assert.deepEqual(said(effects), [{ to: n2, message: matchedAt(1, 2) }]);
  });

  it("does not vouch for entries beyond an append that carries none", () => {
    const { effects } = step(node({ log: [1, 1, 1] }), from(n2, append(1, at(2, 1), [], 3)));

    assert.deepEqual(said(effects), [{ to: n2, message: matchedAt(1, 2) }]);
    assert.deepEqual(only(effects, "commit"), [{ kind: "commit", index: 2 }]);
  });

  it("refuses what comes too early, and takes it again in order", () => {
    const before = node({ log: [1] });
    const first = from(n2, append(1, at(1, 1), [1]));
    const second = from(n2, append(1, at(2, 1), [1]));

    const early = step(before, second);
    const both = stepThrough(early.state, first, second);

    assert.deepEqual(said(early.effects), [{ to: n2, message: mismatchedAt(1, 2, at(1, 1)) }]);
    assert.deepEqual(both.state.log, logOf(1, 1, 1));
  });

  it("answers an append from before its commit index with that index", () => {
    const before = node({ log: [1, 1, 1], commitIndex: 3 });

    const { state, effects } = step(before, from(n2, append(1, at(1, 1), [1])));

    assert.equal(state.log.lastIndex, 3);
    assert.deepEqual(said(effects), [{ to: n2, message: matchedAt(1, 3) }]);
  });

  // Figure 3.2, Leader Completeness: what is committed is in the log of every later leader.
  it("stops rather than replace a committed entry", () => {
    const before = node({ log: [1, 1, 1], commitIndex: 2, term: 3 });
    const contradictions = [
      append(3, at(0, 0), [1, 3]),
      append(3, at(1, 2), [1, 1, 3]),
      append(3, at(2, 3), [3]),
    ];

    for (const message of contradictions) {
      assert.throws(() => step(before, from(n2, message)), /holds everything that is committed/);
    }
  });

  it("has a second lock on that: no write replaces a committed entry, whoever asks", () => {
    const state = node({ log: [1, 1, 1], commitIndex: 2 });

    assert.throws(
      () => appendToLog(state, entriesAfter(at(1, 1), 1)),
      /a committed entry is never replaced/,
    );
  });

  it("replaces what lies just after the committed", () => {
    const before = node({ log: [1, 1, 1], commitIndex: 2, term: 3 });

    const { state } = step(before, from(n2, append(3, at(2, 1), [3])));

    assert.deepEqual(state.log, logOf(1, 1, 3));
    assert.equal(state.commitIndex, 2);
  });

  // Figure 3.1: "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last
  // new entry)".
  it("commits no further than the append shows the logs to agree", () => {
    const cases = [
      { leaderCommit: 1, commits: 1 },
      { leaderCommit: 2, commits: 2 },
      { leaderCommit: 9, commits: 2 },
    ];
    for (const { leaderCommit, commits } of cases) {
      const before = node({ log: [1, 1, 1, 1], term: 2 });

      const { state, effects } = step(before, from(n2, append(2, at(1, 1), [1], leaderCommit)));

      assert.equal(state.commitIndex, commits);
      assert.deepEqual(only(effects, "commit"), [{ kind: "commit", index: commits }]);
    }
  });

  it("never takes a commit index back", () => {
    const before = node({ log: [1, 1, 1], commitIndex: 2 });

    const { state, effects } = stepThrough(
      before,
      from(n2, append(1, at(2, 1), [], 1)),
      from(n2, heartbeat(1, 1)),
    );

    assert.equal(state.commitIndex, 2);
    assert.deepEqual(only(effects, "commit"), []);
  });

  it("learns nothing about commitment from an append it refuses", () => {
    const { state } = step(node({ log: [1, 1], term: 3 }), from(n2, append(3, at(2, 2), [3], 2)));

    assert.equal(state.commitIndex, 0);
  });

  it("echoes the leader's read round, matched or not", () => {
    const answers = [at(1, 1), at(4, 1)].map((prev) => {
      const request = { ...append(1, prev, [1]), readRound: 6 };
      const [answer] = said(step(node(), from(n2, request)).effects);
      return answer?.message.kind === "append_response" ? answer.message.readRound : undefined;
    });

    assert.deepEqual(answers, [6, 6]);
  });
});

describe("step: heartbeat", () => {
  it("is answered at once, and says what is committed", () => {
    const { state, effects } = step(node({ log: [1, 1] }), from(n2, heartbeat(1, 2, 4)));

    assert.equal(state.commitIndex, 2);
    assert.deepEqual(effects, [
      { kind: "send", to: n2, message: heartbeatResponse(1, 4) },
      { kind: "commit", index: 2 },
    ]);
  });

  it("of a newer term has the term saved ahead of its answer", () => {
    const { effects } = step(node(), from(n2, heartbeat(4)));

    assert.deepEqual(kindsOf(effects), ["persist", "send"]);
    assert.deepEqual(only(effects, "persist")[0]?.hardState, { term: 4, votedFor: undefined });
  });

  // etcd-io/etcd#10817: "tocommit(n) is out of range [lastIndex(m)]": this node has lost what it
  // once acknowledged. To go on would hide it.
  it("halts a node on whose lost entries the leader counts", () => {
    const { state, effects } = step(follower(n2, { log: [1, 1] }), from(n2, heartbeat(1, 3)));

    assert.deepEqual(effects, [{ kind: "halt", lastIndex: 2, expectedIndex: 3 }]);
    assert.equal(state.commitIndex, 0);
  });

  it("keeps the vote of its term", () => {
    const { state } = step(node({ votedFor: n2 }), from(n2, heartbeat(1)));

    assert.equal(state.votedFor, n2);
  });
});
