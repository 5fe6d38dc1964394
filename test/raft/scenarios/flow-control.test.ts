// How much a leader has under way to each follower, and what sets it going again (thesis 10.2.1).
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { logIndex } from "../../../src/base/ids.ts";
import { canSend, newProgress, type Progress } from "../../../src/raft/progress.ts";
import type { RaftState } from "../../../src/raft/state.ts";
import { step } from "../../../src/raft/step.ts";
import {
  at,
  from,
  heartbeatResponse,
  leader,
  matchedAt,
  mismatchedAt,
  n1,
  n2,
  n3,
  only,
  progressOf,
  propose,
  sentTo,
  settings,
  settledLeader,
  stepThrough,
  withEntriesSent,
  withLanded,
} from "../one-node.ts";
import { Region } from "./region.ts";

const { maxInFlightMessages, maxInFlightBytes } = settings.flow;

/** n1 leads in term 2 with a log of two, all settled. */
const settled = () => settledLeader({ log: [1], term: 1 });

/** One proposal, sent to n2 in a message of this size if it may be sent at all. */
function oneMore(state: RaftState, sizeBytes = 10) {
  const proposed = step(state, propose());
  const isSent = only(proposed.effects, "send_entries").some(({ to }) => to === n2);
  const last = proposed.state.log.lastIndex;
  const report = { kind: "entries_sent", to: n2, term: state.term, last, sizeBytes } as const;
  const after = isSent ? step(proposed.state, report).state : proposed.state;
  return { state: withLanded(after), isSent };
}

describe("scenario: the window to one follower", () => {
  it("takes as many messages as allowed, and then none, however many are proposed", () => {
    let state = settled();
    const sent: boolean[] = [];
    for (let count = 0; count < maxInFlightMessages + 5; count += 1) {
      const more = oneMore(state);
      state = more.state;
      sent.push(more.isSent);
    }

    assert.equal(sent.filter(Boolean).length, maxInFlightMessages);
    assert.equal(canSend(progressOf(state, n2), settings.flow), false);
  });

  it("moves on by as much as an answer covers, and by nothing for an answer that is old", () => {
    let state = settled();
    for (let count = 0; count < maxInFlightMessages; count += 1) state = oneMore(state).state;

    for (let acknowledged = 3; acknowledged < 12; acknowledged += 1) {
      const freed = withEntriesSent(step(state, from(n2, matchedAt(2, acknowledged))).state);
      const filled = oneMore(freed);
      const stale = stepThrough(
        filled.state,
        ...[2, acknowledged - 1, acknowledged].map((index) => from(n2, matchedAt(2, index))),
      ).state;

      assert.equal(filled.isSent, true);
      assert.equal(progressOf(stale, n2).inFlight.length, maxInFlightMessages);
      assert.equal(canSend(progressOf(stale, n2), settings.flow), false);
      state = filled.state;
    }
  });

  it("closes by bytes before it closes by messages, and opens when some of them have arrived", () => {
    const first = oneMore(settled(), maxInFlightBytes - 1);
    const second = oneMore(first.state, 5 * maxInFlightBytes);
    const third = oneMore(second.state);
    const answered = step(third.state, from(n2, matchedAt(2, 3)));
    const all = step(third.state, from(n2, matchedAt(2, 4)));

    assert.deepEqual(
      [first, second, third].map(({ isSent }) => isSent),
      [true, true, false],
    );
    assert.deepEqual(only(answered.effects, "send_entries"), []);
    assert.equal(only(all.effects, "send_entries").length, 1);
  });

  const states: readonly {
    readonly what: string;
    readonly is: Partial<Progress>;
    readonly may: string;
  }[] = [
    { what: "probes and has nothing out", is: { mode: "probe" }, may: "may be sent to" },
    { what: "probes and has a probe out", is: { mode: "probe", isProbeOut: true }, may: "waits" },
    { what: "streams", is: { mode: "replicate" }, may: "may be sent to" },
    { what: "has a message made for it", is: { mode: "replicate", isSending: true }, may: "waits" },
    { what: "waits for a snapshot", is: { mode: "snapshot" }, may: "waits" },
  ];
  for (const { what, is, may } of states) {
    it(`to a follower that ${what}: it ${may}`, () => {
      const progress = { ...newProgress(logIndex(9)), ...is };

      assert.equal(canSend(progress, settings.flow), may === "may be sent to");
    });
  }
});

describe("scenario: a follower whose answers are lost", () => {
  /** n3 has received nothing of the last entries, and its window is full. */
  function blocked(): Region {
    const region = new Region([n1, n2, n3]);
    region.elect(n1);
    region.pass(2);
    region.isolate(n3);
    for (let count = 0; count < maxInFlightMessages + 2; count += 1) {
      region.propose(n1);
      region.settle();
    }
    assert.equal(canSend(progressOf(region.state(n1), n3), settings.flow), false);
    return region;
  }

  it("is asked at the next heartbeat, says what it lacks, and catches up in one go", () => {
    const region = blocked();
    region.heal();

    region.tick(n1, settings.heartbeatTicks);
    region.settle();
    region.settle();

    assert.deepEqual(region.terms(n3), region.terms(n1));
    assert.equal(progressOf(region.state(n1), n3).mode, "replicate");
  });

  it("holds up neither the commits nor the stream to the other", () => {
    const region = blocked();

    region.propose(n1);
    region.settle();

    assert.equal(region.state(n1).commitIndex, region.state(n1).log.lastIndex);
    assert.equal(region.state(n2).commitIndex, region.state(n1).commitIndex);
  });

  it("learns what is committed within two heartbeats when only the news of it was lost", () => {
    const region = new Region([n1, n2, n3]);
    region.elect(n1);
    region.pass(2);
    region.lose(({ from: sender, to }) => sender === n3 && to === n1);
    region.propose(n1);
    region.deliver(n3);
    region.lose(({ to }) => to === n3);
    region.settle();
    assert.deepEqual([region.state(n1).commitIndex, region.state(n3).commitIndex], [2, 1]);

    region.heal();
    region.tick(n1, 2 * settings.heartbeatTicks);
    region.settle();

    assert.equal(region.state(n3).commitIndex, 2);
  });

  it("is sent on after its own answer, and not after another's", () => {
    const state = withLanded(withEntriesSent(leader({ log: [1], term: 1 })));

    const one = stepThrough(state, from(n2, matchedAt(2, 2)), propose());
    const both = step(one.state, from(n3, matchedAt(2, 2)));

    assert.ok(only(one.effects, "send_entries").every(({ to }) => to === n2));
    const [sent] = only(both.effects, "send_entries");
    assert.deepEqual([sent?.to, sent?.prev, sent?.upTo], [n3, at(2, 2), 3]);
  });

  it("goes back to its match when it says that what is streaming does not fit", () => {
    const state = withEntriesSent(step(settled(), propose(2)).state);

    const { state: after } = step(state, from(n2, mismatchedAt(2, 4, at(2, 2))));

    assert.deepEqual(
      [
        progressOf(after, n2).mode,
        progressOf(after, n2).matchIndex,
        progressOf(after, n2).nextIndex,
      ],
      ["probe", 2, 3],
    );
  });
});

describe("scenario: a way that broke to a follower that has everything", () => {
  it("costs nothing: the next entry goes out at once, and the answer to it streams again", () => {
    const state = step(settled(), { kind: "peer_unreachable", peer: n2 }).state;

    const heard = step(state, from(n2, heartbeatResponse(2)));
    const proposed = step(heard.state, propose());
    const sent = step(proposed.state, sentTo(n2, proposed.state)).state;
    const answered = step(sent, from(n2, matchedAt(2, 3))).state;

    assert.equal(progressOf(state, n2).mode, "probe");
    assert.ok(only(proposed.effects, "send_entries").some(({ to }) => to === n2));
    assert.equal(progressOf(answered, n2).mode, "replicate");
  });

  it("does not keep it from what is committed: the heartbeat says so", () => {
    const region = new Region([n1, n2, n3]);
    region.elect(n1);
    region.pass(2);
    region.propose(n1);
    region.deliver(n2);
    region.deliver(n3);
    region.lose(({ message }) => message.kind === "append_request");
    region.settle();
    region.give(n1, { kind: "peer_unreachable", peer: n2 });
    assert.deepEqual([region.state(n1).commitIndex, region.state(n2).commitIndex], [2, 1]);

    region.tick(n1, settings.heartbeatTicks);
    region.settle();

    assert.equal(region.state(n2).commitIndex, 2);
  });
});
