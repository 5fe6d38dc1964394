// How logs that differ become one: what a follower takes, where it says the logs may agree, and in
// how few steps a leader finds that place (thesis 3.5).
import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { logIndex } from "../../../src/base/ids.ts";
import { lastPosition, positionAt, type LogPosition } from "../../../src/raft/log-terms.ts";
import type { RaftState } from "../../../src/raft/state.ts";
import { step } from "../../../src/raft/step.ts";
import {
  append,
  at,
  from,
  leader,
  logOf,
  n1,
  n2,
  n3,
  n4,
  n5,
  node,
  only,
  progressOf,
  said,
  withEntriesSent,
} from "../one-node.ts";
import { Region } from "./region.ts";

describe("scenario: an append at a follower", () => {
  // It holds [1, 2], and the first of them is committed. Told: `prev`, the terms of what follows,
  // and the leader's commit index.
  const rows = [
    { prev: at(2, 3), terms: [], commit: 3, log: [1, 2], commits: 1, answer: at(2, 2) },
    { prev: at(3, 3), terms: [], commit: 3, log: [1, 2], commits: 1, answer: at(2, 2) },
    { prev: at(2, 1), terms: [], commit: 3, log: [1, 2], commits: 1, answer: at(1, 1) },
    { prev: at(1, 1), terms: [], commit: 1, log: [1, 2], commits: 1, answer: 1 },
    { prev: at(1, 1), terms: [], commit: 3, log: [1, 2], commits: 1, answer: 1 },
    { prev: at(2, 2), terms: [], commit: 3, log: [1, 2], commits: 2, answer: 2 },
    { prev: at(2, 2), terms: [3, 3], commit: 3, log: [1, 2, 3, 3], commits: 3, answer: 4 },
    { prev: at(2, 2), terms: [3], commit: 4, log: [1, 2, 3], commits: 3, answer: 3 },
    { prev: at(1, 1), terms: [3], commit: 4, log: [1, 3], commits: 2, answer: 2 },
    { prev: at(1, 1), terms: [2], commit: 0, log: [1, 2], commits: 1, answer: 2 },
    { prev: at(1, 1), terms: [3, 3], commit: 1, log: [1, 3, 3], commits: 1, answer: 3 },
    { prev: at(0, 0), terms: [1], commit: 0, log: [1, 2], commits: 1, answer: 1 },
    { prev: at(0, 0), terms: [1, 3], commit: 2, log: [1, 2], commits: 1, answer: 1 },
  ] as const;
  for (const { prev, terms, commit, log, commits, answer } of rows) {
    const what = `${terms.join(" ") || "nothing"} after ${String(prev.index)} of term ${String(prev.term)}`;
    it(`of ${what}, committed to ${String(commit)}, leaves the log ${log.join(" ")}`, () => {
      const holding = node({ log: [1, 2], term: 3, commitIndex: 1 });

      const { state, effects } = step(holding, from(n2, append(3, prev, terms, commit)));

      assert.deepEqual(state.log, logOf(...log));
      assert.equal(state.commitIndex, commits);
      const [reply] = said(effects);
      assert.ok(reply?.message.kind === "append_response");
      const expected =
        typeof answer === "number"
          ? { kind: "matched", index: answer }
          : { kind: "mismatched", prevIndex: prev.index, hint: answer };
      assert.deepEqual(reply.message.answer, expected);
    });
  }

  it("that is late and shorter than what came after it takes nothing back, and writes nothing", () => {
    const holding = node({ log: [1, 2, 2, 2], term: 3, commitIndex: 1 });

    const { state, effects } = step(holding, from(n2, append(3, at(1, 1), [2, 2])));

    assert.deepEqual(state.log, holding.log);
    assert.deepEqual(only(effects, "persist"), []);
  });

  it("writes only what the log does not have", () => {
    const holding = node({ log: [1, 2, 2], term: 3, commitIndex: 1 });

    const { effects } = step(holding, from(n2, append(3, at(1, 1), [2, 2, 3])));

    const written = only(effects, "persist").flatMap(({ entries }) => entries);
    assert.deepEqual(
      written.map(({ index }) => index),
      [4],
    );
  });

  it("of a former leader changes nothing, and is answered with the newer term", () => {
    const region = new Region([n1, n2, n3]);
    for (const name of [n1, n2, n1]) region.elect(name);
    region.pass(2);

    region.give(n1, from(n2, append(2, at(2, 2), [2])));
    region.propose(n1);
    region.settle();

    for (const name of [n1, n2, n3]) assert.deepEqual(region.terms(name), [1, 2, 3, 3]);
    const answer = region.delivered.filter(({ to, message }) => to === n2 && message.term === 3);
    assert.ok(answer.some(({ message }) => message.kind === "heartbeat_response"));
  });
});

describe("scenario: a leader finds where the logs agree", () => {
  // The leader's log ends with its own first entry, after `ours`.
  const rows = [
    { ours: [1, 2, 2, 4, 4, 4], theirs: [1, 2, 2, 3, 3, 3, 3, 3, 3], next: at(3, 2) },
    { ours: [1, 2, 2, 3, 4, 4, 4], theirs: [1, 2, 2, 3, 3, 3, 3, 3, 3], next: at(4, 3) },
    { ours: [1, 1, 1], theirs: [1, 2, 2, 4], next: at(1, 1) },
    { ours: [1, 1, 1, 1, 1], theirs: [1, 2, 2, 4], next: at(1, 1) },
    { ours: [1, 1, 1], theirs: [1, 2, 2, 4, 4, 4], next: at(1, 1) },
    { ours: [1, 1, 1, 4], theirs: [1, 1, 1], next: at(3, 1) },
    { ours: [2, 5, 5, 5, 5, 5, 5], theirs: [2, 4, 4, 4, 4, 4], next: at(1, 2) },
    { ours: [2, 2, 2, 2], theirs: [2, 4, 4, 4, 4, 4, 4], next: at(1, 2) },
    { ours: [3, 3], theirs: [1, 1], next: at(0, 0) },
  ] as const;
  for (const { ours, theirs, next } of rows) {
    it(`of ${theirs.join(" ")} in ${ours.join(" ")} with its second probe`, () => {
      const state = leader({ log: ours, term: 6 });
      const { probes } = probesUntilMatched(state, theirs);

      assert.deepEqual(probes.slice(0, 2), [lastPosition(logOf(...ours)), next]);
    });
  }

  it("exactly, with at most two probes more than either has terms since they parted", () => {
    const ascending = fc
      .array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 12 })
      .map((terms) => terms.sort((one, other) => one - other));
    // Where logs have parted, no term is in both: a term has one leader.
    const check = (shared: number[], odd: number[], even: number[]): void => {
      const floor = 2 * (shared.at(-1) ?? 0);
      const before = shared.map((each) => 2 * each);
      const ours = odd.map((each) => floor + 2 * each - 1);
      const theirs = even.map((each) => floor + 2 * each);

      const state = leader({ log: [...before, ...ours], term: 50 });
      const { probes, agreed } = probesUntilMatched(state, [...before, ...theirs]);

      assert.equal(agreed, shared.length);
      assert.ok(probes.length <= 2 + Math.min(new Set(ours).size, new Set(theirs).size));
    };

    fc.assert(fc.property(ascending, ascending, ascending, check), { seed: 7, numRuns: 400 });
  });

  // The Raft paper's figure 7, with the leader of term 8.
  const figure7 = {
    "lacks the last entry": [1, 1, 1, 4, 4, 5, 5, 6, 6],
    "lacks most": [1, 1, 1, 4],
    "has an entry more of the last term": [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    "has entries of a later term": [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    "has a later term where we have more": [1, 1, 1, 4, 4, 5, 5, 6, 7, 7, 7, 7],
    "went another way in term 4": [1, 1, 1, 4, 4, 4, 4],
    "went another way in terms 2 and 3": [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  };
  for (const [what, theirs] of Object.entries(figure7)) {
    it(`and makes the same of a follower that ${what}`, () => {
      const ours = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
      const region = new Region([n1, n2, n3], {
        logs: { n1: ours, n2: theirs, n3: ours },
        terms: { n1: 7, n2: 7, n3: 7 },
      });

      region.timeOut(n1);
      region.settle();

      assert.equal(region.view(n1), "leads in 8");
      assert.deepEqual(region.terms(n2), [...ours, 8]);
      assert.equal(region.state(n2).commitIndex, 11);
    });
  }
});

describe("scenario: a leader without the newest entries", () => {
  it("learns of the newer term, wins in the next, and its older entry is what remains", () => {
    const region = new Region([n1, n2, n3, n4, n5], {
      logs: { n1: [1], n2: [1], n3: [2] },
      terms: { n4: 2, n5: 2 },
      votes: { n3: n3, n4: n3, n5: n3 },
    });

    region.timeOut(n1);
    region.settle();
    const first = region.view(n1);
    region.timeOut(n1);
    region.settle();
    region.pass(2);

    assert.equal(first, "follows nobody in 2");
    assert.equal(region.view(n1), "leads in 3");
    for (const name of [n1, n2, n3, n4, n5]) assert.deepEqual(region.terms(name), [1, 3]);
  });

  it("brings back a node that had asked in vain while it was away", () => {
    const region = new Region([n1, n2, n3]);
    region.isolate(n1);
    region.timeOut(n1);
    region.elect(n3);
    region.propose(n3);
    region.settle();

    region.heal();
    region.pass(3);

    assert.equal(region.view(n1), "follows n3 in 1");
    assert.deepEqual(region.terms(n1), [1, 1]);
    assert.equal(region.state(n1).commitIndex, 2);
  });
});

/** Plays a follower that holds `theirs`, honestly, until the leader's probe matches. */
function probesUntilMatched(start: RaftState, theirs: readonly number[]) {
  const probes: LogPosition[] = [];
  const other = node({ self: n2, log: theirs, term: start.term });
  let state = withEntriesSent(start);
  let prev = positionAt(state.log, logIndex(progressOf(state, n2).nextIndex - 1));
  for (;;) {
    probes.push(prev);
    const asked = step(other, from(n1, append(state.term, prev, [])));
    const [answer] = said(asked.effects);
    assert.ok(answer?.message.kind === "append_response");
    if (answer.message.answer.kind === "matched") return { probes, agreed: prev.index };
    const next = step(state, from(n2, answer.message));
    const [sent] = only(next.effects, "send_entries").filter(({ to }) => to === n2);
    assert.ok(sent !== undefined, "a mismatch is answered with a probe");
    ({ prev } = sent);
    state = withEntriesSent(next.state);
  }
}
