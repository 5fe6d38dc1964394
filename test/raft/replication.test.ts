// The leader's side of replication (thesis 3.5, 10.2.1): what it sends to whom, how it finds where
// two logs agree, and how much it sends before it waits.
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { term } from "../../src/base/ids.ts";
import type { Input } from "../../src/raft/input.ts";
import { step } from "../../src/raft/step.ts";
import {
  append,
  at,
  from,
  heartbeatResponse,
  kindsOf,
  leader,
  leading,
  matchedAt,
  mismatchedAt,
  n2,
  n3,
  node,
  only,
  progressOf,
  propose,
  said,
  sentTo,
  settings,
  settledLeader,
  stepThrough,
  ticks,
  withEntriesSent,
} from "./one-node.ts";

/** A leader of term `logs + 1` that has sent its first append to n2, and waits for the answer. */
function probing(log: readonly number[]): ReturnType<typeof leader> {
  return withEntriesSent(leader({ log }));
}

describe("step: propose", () => {
  it("appends, writes and sends", () => {
    const { state, effects } = step(settledLeader(), propose(2));

    assert.equal(state.log.lastIndex, 4);
    assert.deepEqual(kindsOf(effects), ["send_entries", "send_entries", "persist"]);
    const [write] = only(effects, "persist");
    assert.deepEqual(
      write?.entries.map(({ index, term, kind }) => ({ index, term, kind })),
      [
        { index: 3, term: 2, kind: "command" },
        { index: 4, term: 2, kind: "command" },
      ],
    );
  });

  it("is only for leaders", () => {
    assert.throws(() => step(node(), propose()), /only a leader is given proposals/);
  });

  it("of nothing asks for nothing", () => {
    assert.deepEqual(step(settledLeader(), propose(0)).effects, []);
  });
});

describe("step: probing", () => {
  it("has one message out at a time", () => {
    const state = probing([1, 1]);

    const { effects } = stepThrough(state, propose(), propose());

    assert.deepEqual(only(effects, "send_entries"), []);
  });

  it("streams from the first answer that matches", () => {
    const { state, effects } = step(probing([1, 1]), from(n2, matchedAt(2, 3)));

    assert.equal(progressOf(state, n2).mode, "replicate");
    assert.equal(progressOf(state, n2).matchIndex, 3);
    assert.equal(progressOf(state, n2).nextIndex, 4);
    assert.deepEqual(only(effects, "send_entries"), []);
  });

  it("tries again when a heartbeat is answered, for the probe may be lost", () => {
    const state = probing([1, 1]);

    const { effects } = step(state, from(n2, heartbeatResponse(2)));

    assert.deepEqual(
      only(effects, "send_entries").map(({ to, prev }) => ({ to, prev })),
      [{ to: n2, prev: at(2, 1) }],
    );
  });

  // 3.5: "one AppendEntries RPC will be required for each term with conflicting entries, rather
  // than one RPC per entry".
  it("jumps to where the logs may agree", () => {
    const state = probing([1, 1, 1, 3, 3, 3]);

    const { effects } = step(state, from(n2, mismatchedAt(4, 6, at(6, 2))));

    assert.deepEqual(only(effects, "send_entries")[0]?.prev, at(3, 1));
  });

  it("goes no further back than the follower's last entry", () => {
    const state = probing([1, 1, 1, 1, 1]);

    const { effects } = step(state, from(n2, mismatchedAt(2, 5, at(2, 1))));

    assert.deepEqual(only(effects, "send_entries")[0]?.prev, at(2, 1));
  });

  it("needs at most one probe for each term in which the logs differ", () => {
    const logs = [
      { ours: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6], theirs: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3] },
      { ours: [1, 2, 3, 4, 5, 6], theirs: [1, 1, 1, 1, 1, 1, 1, 1] },
      { ours: [1, 1, 1, 1, 1, 1, 1, 7], theirs: [1, 2, 3, 4, 5, 6] },
      { ours: [5, 5, 5, 5], theirs: [] },
      { ours: [2, 2, 2, 6], theirs: [1, 1, 3, 3, 4, 4, 5, 5] },
    ];
    for (const { ours, theirs } of logs) {
      const { probes, agreed } = backtrack(ours, theirs);

      const terms = new Set([...ours, ...theirs]).size;
      assert.ok(probes <= terms + 1, `${String(probes)} probes for ${String(terms)} terms`);
      assert.deepEqual(agreed, [...ours, 9]);
    }
  });

  it("does not jump for an answer to something else than the probe that is out", () => {
    const state = probing([1, 1, 1, 3, 3, 3]);

    const { state: after, effects } = step(state, from(n2, mismatchedAt(4, 4, at(1, 1))));

    assert.equal(progressOf(after, n2).nextIndex, 7);
    assert.deepEqual(only(effects, "send_entries"), []);
  });

  it("does not go back for a late mismatch once it streams", () => {
    const streaming = step(probing([1, 1]), from(n2, matchedAt(2, 3))).state;

    const { state } = step(streaming, from(n2, mismatchedAt(2, 2, at(0, 0))));

    assert.deepEqual(progressOf(state, n2), progressOf(streaming, n2));
  });

  it("looks again from the hint when a streamed append finds a gap", () => {
    const streaming = stepThrough(settledLeader(), propose(), sentTo(n2, settledLeader(), 3));
    const { state, effects } = step(streaming.state, from(n2, mismatchedAt(2, 3, at(2, 2))));

    assert.equal(progressOf(state, n2).mode, "probe");
    assert.deepEqual(progressOf(state, n2).inFlight, []);
    assert.deepEqual(only(effects, "send_entries")[0]?.prev, at(2, 2));
  });

  it("never looks below what is known to match", () => {
    const streaming = stepThrough(settledLeader(), propose(), sentTo(n2, settledLeader(), 3));

    const { state } = step(streaming.state, from(n2, mismatchedAt(2, 3, at(0, 0))));

    assert.equal(progressOf(state, n2).nextIndex, 3);
  });

  it("leaves a follower that denies what it acknowledged to the heartbeat that halts it", () => {
    const settled = settledLeader();
    const reset = stepThrough(settled, { kind: "peer_unreachable", peer: n2 }, propose());
    const probe = withEntriesSent(reset.state);

    const { effects } = step(probe, from(n2, mismatchedAt(2, 2, at(1, 1))));

    assert.deepEqual(effects, []);
  });

  it("does not take a match back for an answer that comes late", () => {
    const { state } = stepThrough(
      probing([1, 1]),
      from(n2, matchedAt(2, 3)),
      from(n2, matchedAt(2, 1)),
    );

    assert.equal(progressOf(state, n2).matchIndex, 3);
    assert.equal(progressOf(state, n2).nextIndex, 4);
  });

  it("takes no answer of an older term, nor from a stranger", () => {
    const state = probing([1, 1]);

    for (const input of [from(n2, matchedAt(1, 2)), from(node().self, matchedAt(2, 3))]) {
      const { state: after, effects } = step(state, input);

      assert.equal(after, state);
      assert.deepEqual(effects, []);
    }
  });

  it("holds a match beyond its own log to be a contradiction", () => {
    const state = probing([1, 1]);

    assert.throws(() => step(state, from(n2, matchedAt(2, 9))), /matches what its leader has/);
  });
});

describe("step: streaming", () => {
  it("sends on without waiting for answers", () => {
    const settled = settledLeader();

    const first = step(settled, propose());
    const second = step(first.state, sentTo(n2, first.state, 3));
    const third = stepThrough(second.state, propose());

    const prevs = [...first.effects, ...second.effects, ...third.effects]
      .filter((effect) => effect.kind === "send_entries")
      .filter(({ to }) => to === n2)
      .map(({ prev }) => prev);
    assert.deepEqual(prevs, [at(2, 2), at(3, 2)]);
  });

  it("has one send at a time carried out for a follower, and goes on where it ended", () => {
    const asked = stepThrough(settledLeader(), propose(5), propose(5));

    const after = step(asked.state, sentTo(n2, asked.state, 5));

    assert.equal(only(asked.effects, "send_entries").filter(({ to }) => to === n2).length, 1);
    const [next] = only(after.effects, "send_entries");
    assert.deepEqual({ prev: next?.prev, upTo: next?.upTo }, { prev: at(5, 2), upTo: 12 });
  });

  it("takes no report of a send in another term, nor of one it did not ask for", () => {
    const asked = step(settledLeader(), propose()).state;
    const strange = [
      { ...sentTo(n2, asked, 3), term: term(1) } as Input,
      sentTo(asked.self, asked, 3),
    ];
    const idle = withEntriesSent(asked);

    for (const input of strange) assert.equal(step(asked, input).state, asked);
    assert.equal(step(idle, sentTo(n2, idle, 3)).state, idle);
  });

  it("waits when as many messages as allowed are unanswered", () => {
    const { maxInFlightMessages } = settings.flow;
    let state = step(settledLeader(), propose(9)).state;
    for (let sent = 1; sent <= maxInFlightMessages; sent += 1) {
      state = step(state, sentTo(n2, state, 2 + sent)).state;
    }

    assert.equal(progressOf(state, n2).inFlight.length, maxInFlightMessages);
    assert.equal(progressOf(state, n2).isSending, false);

    const answered = step(state, from(n2, matchedAt(2, 3)));

    assert.deepEqual(only(answered.effects, "send_entries")[0]?.prev, at(5, 2));
  });

  it("waits when as many bytes as allowed are unanswered", () => {
    const asked = step(settledLeader(), propose(9)).state;
    const { maxInFlightBytes } = settings.flow;

    const full = step(asked, { ...sentTo(n2, asked, 3), sizeBytes: maxInFlightBytes } as never);
    const answered = step(full.state, from(n2, matchedAt(2, 3)));

    assert.deepEqual(full.effects, []);
    assert.deepEqual(only(answered.effects, "send_entries")[0]?.prev, at(3, 2));
  });

  it("frees what an answer covers, and no more", () => {
    const asked = step(settledLeader(), propose(9)).state;
    const sent = stepThrough(asked, sentTo(n2, asked, 3), sentTo(n2, asked, 6)).state;

    const { state } = step(sent, from(n2, matchedAt(2, 5)));

    assert.deepEqual(progressOf(state, n2).inFlight, [{ last: 6, sizeBytes: 10 }]);
  });

  it("says what is committed when there is nothing else to say", () => {
    const proposed = withEntriesSent(step(settledLeader(), propose()).state);
    const landed = step(proposed, { kind: "persisted", sequence: 3 }).state;

    const { state, effects } = step(landed, from(n2, matchedAt(2, 3)));

    assert.equal(state.commitIndex, 3);
    assert.deepEqual(
      only(effects, "send_entries").map(({ to, commitIndex }) => ({ to, commitIndex })),
      [
        { to: n2, commitIndex: 3 },
        { to: n3, commitIndex: 3 },
      ],
    );
  });

  it("does not repeat what is committed", () => {
    const { effects } = stepThrough(
      settledLeader(),
      from(n2, heartbeatResponse(2)),
      from(n2, matchedAt(2, 2)),
    );

    assert.deepEqual(effects, []);
  });

  it("asks at every heartbeat whether what is unanswered has arrived", () => {
    const proposed = withEntriesSent(step(settledLeader(), propose()).state);

    const { effects } = stepThrough(proposed, ...ticks(settings.heartbeatTicks));

    assert.deepEqual(
      said(effects).filter(({ message }) => message.kind === "append_request"),
      [n2, n3].map((to) => ({ to, message: append(2, at(3, 2), [], 2) })),
    );
  });

  it("asks nobody who has answered everything", () => {
    const { effects } = stepThrough(settledLeader(), ...ticks(settings.heartbeatTicks));

    assert.ok(said(effects).every(({ message }) => message.kind === "heartbeat"));
  });

  it("says in a heartbeat what is committed, as far as the follower is known to hold it", () => {
    const proposed = withEntriesSent(step(settledLeader(), propose(3)).state);
    const { state } = stepThrough(
      proposed,
      { kind: "persisted", sequence: 3 },
      from(n3, matchedAt(2, 5)),
    );
    assert.equal(state.commitIndex, 5);

    const { effects } = stepThrough(state, ...ticks(settings.heartbeatTicks));

    const commits = said(effects).flatMap(({ to, message }) =>
      message.kind === "heartbeat" ? [[to, message.commitIndex]] : [],
    );
    assert.deepEqual(commits, [
      [n2, 2],
      [n3, 5],
    ]);
  });

  it("sends a heartbeat every so many ticks", () => {
    const { effects } = stepThrough(settledLeader(), ...ticks(3 * settings.heartbeatTicks));

    assert.equal(said(effects).filter(({ to }) => to === n2).length, 3);
  });
});

describe("step: peer unreachable", () => {
  it("starts over from what is known to match", () => {
    const asked = step(settledLeader(), propose(9)).state;
    const sent = step(asked, sentTo(n2, asked, 5)).state;

    const { state } = step(sent, { kind: "peer_unreachable", peer: n2 });

    const { mode, nextIndex, matchIndex, inFlight, isSending } = progressOf(state, n2);
    assert.deepEqual(
      { mode, nextIndex, matchIndex, inFlight, isSending },
      { mode: "probe", nextIndex: 3, matchIndex: 2, inFlight: [], isSending: false },
    );
  });

  it("means nothing to the report of a send that was under way", () => {
    const asked = step(settledLeader(), propose(9)).state;
    const reset = step(asked, { kind: "peer_unreachable", peer: n2 }).state;

    const { state, effects } = step(reset, sentTo(n2, asked, 5));

    assert.equal(state, reset);
    assert.deepEqual(effects, []);
  });

  it("is for leaders, and about followers", () => {
    for (const state of [node(), settledLeader()]) {
      const { effects } = step(state, { kind: "peer_unreachable", peer: node().self });

      assert.deepEqual(effects, []);
    }
  });

  it("does not make a leader forget that it was heard from", () => {
    const heard = step(settledLeader(), from(n2, heartbeatResponse(2))).state;

    const { state } = step(heard, { kind: "peer_unreachable", peer: n2 });

    assert.equal(leading(state).progress.get(n2)?.isActive, true);
  });
});

/** Lets a leader and a follower with these logs find each other, counting appends. */
function backtrack(
  ours: readonly number[],
  theirs: readonly number[],
): { readonly probes: number; readonly agreed: readonly number[] } {
  let leads = leader({ log: ours, term: 8 });
  let follows = node({ self: n2, log: theirs, term: 8 });
  let probes = 0;
  while (progressOf(leads, n2).matchIndex < leads.log.lastIndex) {
    const { nextIndex } = progressOf(leads, n2);
    const terms = [...ours, 9];
    const prev = at(nextIndex - 1, terms[nextIndex - 2] ?? 0);
    probes += 1;
    assert.ok(probes < 50, "it ends");
    const request = append(9, prev, terms.slice(prev.index));
    const answer = step(follows, from(leads.self, request));
    follows = answer.state;
    const [reply] = said(answer.effects);
    assert.ok(reply !== undefined);
    leads = stepThrough(leads, sentTo(n2, leads), from(n2, reply.message)).state;
  }
  const agreed = follows.log.runs.flatMap((run, which) => {
    const end = follows.log.runs[which + 1]?.firstIndex ?? follows.log.lastIndex + 1;
    return Array.from({ length: end - run.firstIndex }, () => run.term as number);
  });
  return { probes, agreed };
}
