// When an entry is committed (thesis 3.5, 3.6.2, 10.2.1).
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { step } from "../../src/raft/step.ts";
import {
  append,
  at,
  candidate,
  from,
  kindsOf,
  leader,
  matchedAt,
  n1,
  n2,
  n3,
  n4,
  n5,
  node,
  only,
  outOfPatience,
  propose,
  said,
  settledLeader,
  stepThrough,
  vote,
  withEntriesSent,
  withLanded,
} from "./one-node.ts";

const five = [n1, n2, n3, n4, n5];

describe("step: commit", () => {
  it("is what a quorum holds, the leader among them", () => {
    const proposed = withLanded(withEntriesSent(step(settledLeader(), propose(3)).state));
    assert.equal(proposed.commitIndex, 2);

    const { state, effects } = step(proposed, from(n2, matchedAt(2, 4)));

    assert.equal(state.commitIndex, 4);
    assert.equal(effects[0]?.kind, "commit");
  });

  it("needs three of five", () => {
    const settled = settledLeader({ voters: five });
    const proposed = withLanded(withEntriesSent(step(settled, propose(3)).state));

    const two = step(proposed, from(n2, matchedAt(2, 5)));
    const three = step(two.state, from(n3, matchedAt(2, 4)));

    assert.equal(two.state.commitIndex, 2);
    assert.equal(three.state.commitIndex, 4);
  });

  // Figure 3.7: a leader of term 4 replicates an entry of term 2 to a majority. "To eliminate
  // problems like the one in Figure 3.7, Raft never commits log entries from previous terms by
  // counting replicas."
  it("never comes from counting copies of an older term's entry", () => {
    // S1 of the figure: entries of terms 1 and 2, and it leads again in term 4, where its own first
    // entry is the third.
    const leads = withLanded(leader({ voters: five, log: [1, 2], term: 3 }));
    assert.equal(leads.term, 4);

    const { state, effects } = stepThrough(
      leads,
      from(n2, matchedAt(4, 2)),
      from(n3, matchedAt(4, 2)),
    );

    assert.equal(state.commitIndex, 0);
    assert.deepEqual(only(effects, "commit"), []);
  });

  // 3.6.2: "once an entry from the current term has been committed in this way, then all prior
  // entries are committed indirectly".
  it("of an entry of the leader's own term covers all before it", () => {
    const leads = withLanded(leader({ voters: five, log: [1, 2], term: 3 }));

    const { state } = stepThrough(leads, from(n2, matchedAt(4, 3)), from(n3, matchedAt(4, 3)));

    assert.equal(state.commitIndex, 3);
  });

  // 10.2.1: the leader writes to its disk in parallel with replicating; its own copy counts like
  // any other, when it is durable.
  it("does not count the leader's own copy before it has landed", () => {
    const proposed = withEntriesSent(step(settledLeader(), propose()).state);

    const early = step(proposed, from(n2, matchedAt(2, 3)));
    const landed = withLanded(early.state);

    assert.equal(early.state.commitIndex, 2);
    assert.equal(landed.commitIndex, 3);
  });

  // 10.2.1: "the leader may even commit an entry before it has been written to its own disk, if a
  // majority of followers have written it to their disks; this is still safe".
  it("can do without the leader's own copy", () => {
    const proposed = withEntriesSent(step(settledLeader(), propose()).state);

    const { state } = stepThrough(proposed, from(n2, matchedAt(2, 3)), from(n3, matchedAt(2, 3)));

    assert.equal(state.commitIndex, 3);
    assert.equal(state.durability.index, 2);
  });

  it("of a region of one waits for its disk", () => {
    const alone = outOfPatience(node({ voters: [n1] }));

    const { state, effects } = step(alone, { kind: "persisted", sequence: 1 });

    assert.equal(alone.commitIndex, 0);
    assert.equal(state.commitIndex, 2);
    assert.deepEqual(kindsOf(effects), ["commit"]);
  });

  it("counts no copy of a write that another has replaced since", () => {
    // n1 took entry 2 of term 2 from n2, and its disk has not reported it yet. Then n3 replaces it
    // in term 3, and n1 leads in term 4. The old report says nothing about what is there now.
    const overwritten = stepThrough(
      node({ log: [1] }),
      from(n2, append(2, at(1, 1), [2, 2])),
      from(n3, append(3, at(1, 1), [3])),
    ).state;

    const { state } = step(overwritten, { kind: "persisted", sequence: 1 });
    const both = step(state, { kind: "persisted", sequence: 2 });

    assert.equal(state.durability.index, 1);
    assert.equal(both.state.durability.index, 2);
  });

  it("needs both halves of a joint membership", () => {
    const settled = settledLeader({ voters: five });
    const configuration = {
      voters: new Set([n1, n2, n3]),
      outgoingVoters: new Set([n1, n4, n5]),
      learners: new Set<typeof n1>(),
    };
    const proposed = withEntriesSent(step({ ...settled, configuration }, propose()).state);

    const half = stepThrough(withLanded(proposed), from(n2, matchedAt(2, 3)));
    const both = step(half.state, from(n5, matchedAt(2, 3)));

    assert.equal(half.state.commitIndex, 2);
    assert.equal(both.state.commitIndex, 3);
  });

  it("is not moved by the disk of a node that does not lead", () => {
    const { state, effects } = withFollowersWrite();

    assert.equal(state.commitIndex, 0);
    assert.deepEqual(effects, []);
  });

  it("is told to the followers, in the order: applied here, then sent on", () => {
    const proposed = withLanded(withEntriesSent(step(settledLeader(), propose()).state));

    const { effects } = step(proposed, from(n2, matchedAt(2, 3)));

    assert.deepEqual(kindsOf(effects), ["commit", "send_entries", "send_entries"]);
  });
});

describe("step: order of effects", () => {
  // The leader's entry may travel before its own copy is durable; its term may not.
  it("has a hard state ahead of everything that rests on it", () => {
    const steps = [
      step(node({ voters: [n1], log: [1] }), { kind: "tick", elapsedTicks: 1 }),
      step(node(), from(n2, append(5, at(1, 1), [5]))),
      step(node(), from(n2, append(5, at(7, 5), [5]))),
      step(leader(), from(n2, append(5, at(1, 1), [5]))),
      step(candidate(), from(n2, vote(7, "refused"))),
    ];
    for (const { effects } of steps) {
      const firstWrite = effects.findIndex((effect) => effect.kind === "persist");
      assert.ok(firstWrite <= 0, kindsOf(effects).join(" "));
    }
  });

  it("numbers its writes without a gap, with entries and without", () => {
    const { effects } = stepThrough(
      node(),
      from(n2, append(1, at(1, 1), [1])),
      from(n3, append(2, at(9, 2), [2])),
      from(n3, append(2, at(2, 1), [2])),
      from(n2, append(4, at(3, 2), [4])),
    );

    assert.deepEqual(
      only(effects, "persist").map(({ sequence }) => sequence),
      [1, 2, 3, 4],
    );
  });

  it("says nothing of its own log but by acknowledgement", () => {
    const answers = [
      step(node(), from(n2, append(1, at(1, 1), [1]))),
      step(node(), from(n2, append(1, at(9, 1), [1]))),
      step(node({ commitIndex: 1 }), from(n2, append(1, at(0, 0), [1]))),
    ];
    for (const { effects } of answers) {
      assert.equal(said(effects).length, 1);
      assert.equal(only(effects, "acknowledge").length, 1);
    }
  });
});

function withFollowersWrite(): ReturnType<typeof step> {
  const written = step(node(), from(n2, append(1, at(1, 1), [1]))).state;
  return step(written, { kind: "persisted", sequence: 1 });
}
