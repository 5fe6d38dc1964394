// A leader whose log no longer reaches back to what a follower lacks (thesis 5, paper section 7).
import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { logIndex, term, type NodeId } from "../../src/base/ids.ts";
import { votersOnly } from "../../src/raft/configuration.ts";
import type { Input } from "../../src/raft/input.ts";
import { startAt, termAt } from "../../src/raft/log-terms.ts";
import { holdsUpTo } from "../../src/raft/snapshot.ts";
import type { RaftState } from "../../src/raft/state.ts";
import { step } from "../../src/raft/step.ts";
import {
  append,
  at,
  candidate,
  follower,
  from,
  heartbeatResponse,
  leader,
  logOf,
  matchedAt,
  mismatchedAt,
  n1,
  n2,
  n3,
  node,
  only,
  progressOf,
  propose,
  settledLeader,
  stepThrough,
  vote,
  voteRequest,
  withEntriesSent,
  withLanded,
} from "./one-node.ts";

const log = [1, 1, 1, 1, 1];

function compacted(upTo: number): Input {
  return { kind: "compacted", upTo: logIndex(upTo) };
}

function ended(inTerm: number, outcome: "failed" | number, to: NodeId = n2): Input {
  const end =
    outcome === "failed"
      ? ({ kind: "failed" } as const)
      : ({ kind: "installed", index: logIndex(outcome) } as const);
  return { kind: "snapshot_ended", to, term: term(inTerm), outcome: end };
}

/** Leads in term 2 with a log of six that begins after the fifth; n2 is new to it and answers. */
function leaderWithShortLog(): RaftState {
  const first = withLanded(withEntriesSent(leader({ log, term: 1 })));
  const settled = stepThrough(first, from(n3, matchedAt(2, 6))).state;
  return step(withEntriesSent(settled), compacted(5)).state;
}

/** The same, and n2 has just said that it holds two entries. */
function leaderWaiting(): RaftState {
  const asked = step(leaderWithShortLog(), from(n2, mismatchedAt(2, 5, at(2, 1))));
  assert.equal(only(asked.effects, "send_snapshot").length, 1);
  return asked.state;
}

describe("step: snapshot", () => {
  // Paper, section 7: "the leader must occasionally send snapshots to followers that lag behind.
  // This happens when the leader has already discarded the next log entry that it needs to send".
  it("is sent, once, to a follower that lacks what was dropped", () => {
    const state = leaderWaiting();

    const more = stepThrough(
      state,
      from(n2, heartbeatResponse(2)),
      from(n2, mismatchedAt(2, 5, at(2, 1))),
      propose(),
      from(n2, heartbeatResponse(2)),
    );

    assert.equal(progressOf(state, n2).mode, "snapshot");
    assert.deepEqual(only(more.effects, "send_snapshot"), []);
  });

  it("is sent to a follower whose last terms say that it agrees before the start at best", () => {
    const first = withLanded(withEntriesSent(leader({ log: [1, 1, 2, 2, 2], term: 2 })));
    const state = stepThrough(
      first,
      from(n3, matchedAt(3, 6)),
      from(n2, heartbeatResponse(3)),
      compacted(4),
    ).state;

    const { effects } = step(withEntriesSent(state), from(n2, mismatchedAt(3, 5, at(5, 1))));

    assert.deepEqual(only(effects, "send_snapshot"), [{ kind: "send_snapshot", to: n2, term: 3 }]);
  });

  it("is not sent to a follower that the start of the log is known to reach", () => {
    const { state, effects } = step(leaderWithShortLog(), from(n2, mismatchedAt(2, 5, at(5, 1))));

    assert.deepEqual(only(effects, "send_snapshot"), []);
    assert.equal(progressOf(state, n2).nextIndex, 6);
  });

  it("is not sent because the way broke to a follower that has matched nothing yet", () => {
    const fresh = leaderWithShortLog();
    assert.equal(progressOf(fresh, n2).matchIndex, 0);

    const broken = step(fresh, { kind: "peer_unreachable", peer: n2 }).state;
    const { state, effects } = step(broken, from(n2, heartbeatResponse(fresh.term)));

    assert.deepEqual(only(effects, "send_snapshot"), []);
    assert.equal(progressOf(state, n2).nextIndex, progressOf(fresh, n2).nextIndex);
  });

  it("is not sent to a follower that is silent", () => {
    const silent = stepThrough(
      withEntriesSent(settledLeader({ log, term: 1 })),
      { kind: "tick", elapsedTicks: 10 },
      { kind: "peer_unreachable", peer: n2 },
      propose(2),
    ).state;
    const withoutLog = stepThrough(
      withLanded(withEntriesSent(silent)),
      from(n3, matchedAt(2, 8)),
      compacted(8),
      { kind: "peer_unreachable", peer: n2 },
    ).state;

    const quiet = step(withoutLog, propose());
    const heard = step(quiet.state, from(n2, heartbeatResponse(2)));

    assert.deepEqual(only(quiet.effects, "send_snapshot"), []);
    assert.equal(only(heard.effects, "send_snapshot").length, 1);
  });

  it("that failed is tried again at the next answered heartbeat, and not before", () => {
    const failed = step(leaderWaiting(), ended(2, "failed"));

    const meanwhile = stepThrough(failed.state, propose(), propose());
    const heard = step(meanwhile.state, from(n2, heartbeatResponse(2)));

    assert.deepEqual(only([...failed.effects, ...meanwhile.effects], "send_snapshot"), []);
    assert.equal(only(heard.effects, "send_snapshot").length, 1);
  });

  it("stops the entries to that follower meanwhile, and to no other", () => {
    const { effects } = stepThrough(leaderWaiting(), propose(), from(n2, heartbeatResponse(2)));

    assert.deepEqual(
      only(effects, "send_entries").map(({ to }) => to),
      [n3],
    );
  });

  it("is not waited for any more once an answer reaches the log", () => {
    const state = leaderWaiting();

    const before = step(state, from(n2, matchedAt(2, 4))).state;
    const reached = step(state, from(n2, matchedAt(2, 5)));

    assert.equal(before, step(before, ended(1, 5)).state);
    assert.equal(progressOf(before, n2).mode, "snapshot");
    assert.equal(progressOf(before, n2).matchIndex, 0);
    assert.equal(progressOf(reached.state, n2).mode, "replicate");
    assert.equal(only(reached.effects, "send_entries")[0]?.prev.index, 5);
  });

  it("is waited for when the other stream to the follower breaks", () => {
    const state = leaderWaiting();

    assert.equal(step(state, { kind: "peer_unreachable", peer: n2 }).state, state);
  });

  it("that was installed is followed by the entries after it", () => {
    const { state, effects } = step(leaderWaiting(), ended(2, 5));

    assert.deepEqual(
      only(effects, "send_entries").map(({ to, prev, upTo }) => ({ to, prev, upTo })),
      [{ to: n2, prev: at(5, 1), upTo: 6 }],
    );
    assert.equal(progressOf(state, n2).matchIndex, 5);
  });

  it("of an earlier term, or of nobody who waits, means nothing", () => {
    const state = leaderWaiting();

    assert.equal(step(state, ended(1, 5)).state, state);
    assert.equal(step(state, ended(2, 5, n3)).state, state);
    assert.equal(step(node(), ended(1, 5)).state.commitIndex, 0);
  });

  // Paper, section 7: "the follower discards its entire log; it is all superseded by the snapshot".
  it("takes the place of state and log, and of the term of the last entry", () => {
    const before = follower(n2, { log: [1, 1], term: 3 });

    const { state } = step(before, {
      kind: "snapshot_installed",
      position: at(9, 2),
      configuration: votersOnly([n1, n2, n3]),
    });
    const next = step(state, from(n2, append(3, at(9, 2), [3], 10)));

    assert.deepEqual(state.log, { start: at(9, 2), runs: [], lastIndex: 9 });
    assert.deepEqual([state.commitIndex, state.durability.index], [9, 9]);
    assert.equal(next.state.log.lastIndex, 10);
    assert.equal(next.state.commitIndex, 10);
  });

  // Paper, section 7: "If instead the follower receives a snapshot that describes a prefix of its
  // log ... entries following the snapshot are still valid and must be retained."
  for (const [what, { state, index, inTerm, isHeld }] of Object.entries({
    "a prefix of what is committed": {
      state: node({ log: [1, 1, 1], commitIndex: 2 }),
      index: 2,
      inTerm: 1,
      isHeld: true,
    },
    "a prefix of the log that nobody has called committed yet": {
      state: node({ log: [1, 1, 1], commitIndex: 0 }),
      index: 2,
      inTerm: 1,
      isHeld: true,
    },
    "another history": {
      state: node({ log: [1, 1, 1], commitIndex: 0 }),
      index: 2,
      inTerm: 2,
      isHeld: false,
    },
    "more than the log": { state: node({ log: [1, 1, 1] }), index: 4, inTerm: 1, isHeld: false },
    "what has not landed": {
      state: step(follower(n2, { log: [1] }), from(n2, append(1, at(1, 1), [1, 1], 3))).state,
      index: 3,
      inTerm: 1,
      isHeld: false,
    },
  })) {
    it(`${isHeld ? "is not needed for" : "is needed for"} ${what}`, () => {
      const position = at(index, inTerm);
      const installed = {
        kind: "snapshot_installed",
        position,
        configuration: state.configuration,
      } as const;

      assert.equal(holdsUpTo(state, position), isHeld);
      if (isHeld) assert.throws(() => step(state, installed), /never/);
    });
  }
});

describe("step: a log whose beginning is dropped", () => {
  it("loses nothing that is not committed", () => {
    const state = node({ log, commitIndex: 3 });

    assert.throws(() => step(state, compacted(4)), /only what is committed/);
    assert.deepEqual(step(state, compacted(3)).state.log.start, at(3, 1));
    assert.equal(step(step(state, compacted(3)).state, compacted(2)).state.log.start.index, 3);
  });

  it("is as good as a whole one in an election", () => {
    const whole = node({ log: [1, 1, 3], commitIndex: 3, term: 3 });
    const short = step(whole, compacted(3)).state;

    for (const [last, granted] of [
      [at(3, 3), true],
      [at(2, 3), false],
      [at(9, 2), false],
      [at(1, 4), true],
    ] as const) {
      const [one, other] = [whole, short].map(
        (voter) => step(voter, from(n2, voteRequest(4, last))).state.votedFor,
      );
      assert.equal(one, granted ? n2 : undefined);
      assert.equal(other, one);
    }
  });

  it("wins an election, and goes on after its end", () => {
    const standing = step(candidate({ log: [1, 1, 3], commitIndex: 3, term: 3 }), compacted(3));

    const { state, effects } = step(standing.state, from(n2, vote(4, "granted")));

    assert.equal(state.role.kind, "leader");
    assert.equal(state.log.lastIndex, 4);
    assert.deepEqual(only(effects, "send_entries")[0]?.prev, at(3, 3));
  });
});

describe("startAt", () => {
  it("keeps of every entry after it the term, and of the last before it", () => {
    const ascending = fc
      .array(fc.nat(2), { minLength: 1, maxLength: 20 })
      .map((steps) =>
        steps.reduce<number[]>((all, each) => [...all, (all.at(-1) ?? 1) + each], []),
      );
    const check = (terms: readonly number[], one: number, two: number): void => {
      const [first, second] = [one, two]
        .map((cut) => cut % (terms.length + 1))
        .sort((a, b) => a - b);
      assert.ok(first !== undefined && second !== undefined);
      const positionOf = (index: number) => at(index, terms[index - 1] ?? 0);

      const once = startAt(logOf(...terms), positionOf(second));
      const twice = startAt(startAt(logOf(...terms), positionOf(first)), positionOf(second));

      assert.deepEqual(twice, once);
      assert.deepEqual(once.start, positionOf(second));
      assert.equal(once.lastIndex, terms.length);
      for (let index = second; index <= terms.length; index += 1) {
        assert.equal(termAt(once, logIndex(index)), terms[index - 1] ?? 0);
      }
      assert.equal(once.runs.length, new Set(terms.slice(second)).size);
    };

    fc.assert(fc.property(ascending, fc.nat(100), fc.nat(100), check), { seed: 1, numRuns: 500 });
  });

  it("beyond the end leaves nothing but its position", () => {
    assert.deepEqual(startAt(logOf(1, 1), at(7, 4)), { start: at(7, 4), runs: [], lastIndex: 7 });
    assert.throws(() => startAt(startAt(logOf(1, 1), at(2, 1)), at(1, 1)), /does not come back/);
  });
});
