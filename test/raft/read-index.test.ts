// Reads without the log (thesis 6.4), and the ways in which others have got them wrong.
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { logIndex, term, type NodeId } from "../../src/base/ids.ts";
import type { Input, Message } from "../../src/raft/input.ts";
import type { RaftState } from "../../src/raft/state.ts";
import { step } from "../../src/raft/step.ts";
import {
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
  n4,
  n5,
  node,
  only,
  outOfPatience,
  preCandidate,
  propose,
  said,
  settings,
  settledLeader,
  stepThrough,
  ticks,
  withEntriesSent,
  withLanded,
} from "./one-node.ts";

const read = (readId: number): Input => ({ kind: "read", readId });

const request = (sender: NodeId, readId: number, inTerm = 2): Input =>
  from(sender, { kind: "read_index_request", term: term(inTerm), readId });

const answer = (inTerm: number, readId: number, index: number): Message => ({
  kind: "read_index_response",
  term: term(inTerm),
  readId,
  answer: { kind: "at", index: logIndex(index) },
});

const refusal = (inTerm: number, readId: number): Message => ({
  kind: "read_index_response",
  term: term(inTerm),
  readId,
  answer: { kind: "refused" },
});

describe("step: read", () => {
  // 6.4: "the leader needs to make sure it has not been superseded by a newer leader of which it is
  // unaware. It issues a new round of heartbeats and waits for their acknowledgments from a
  // majority of the cluster."
  it("begins a round of heartbeats and waits for a quorum of answers to it", () => {
    const asked = step(settledLeader(), read(1));
    const answered = step(asked.state, from(n2, heartbeatResponse(2, 1)));

    assert.deepEqual(
      said(asked.effects),
      [n2, n3].map((to) => ({ to, message: heartbeat(2, 2, 1) })),
    );
    assert.deepEqual(only(asked.effects, "read_ready"), []);
    assert.deepEqual(answered.effects, [{ kind: "read_ready", readId: 1, index: 2 }]);
    assert.deepEqual(leading(answered.state).reads.proving, []);
  });

  it("needs three of five", () => {
    const asked = step(settledLeader({ voters: [n1, n2, n3, n4, n5] }), read(1)).state;

    const two = step(asked, from(n2, heartbeatResponse(2, 1)));
    const twice = step(two.state, from(n2, heartbeatResponse(2, 1)));
    const three = step(twice.state, from(n5, heartbeatResponse(2, 1)));

    assert.deepEqual([...two.effects, ...twice.effects], []);
    assert.equal(only(three.effects, "read_ready").length, 1);
  });

  it("is proven by the answer to an append of its round as well", () => {
    const asked = step(settledLeader(), read(1)).state;

    const { effects } = step(asked, from(n2, matchedAt(2, 2, 1)));

    assert.deepEqual(effects, [{ kind: "read_ready", readId: 1, index: 2 }]);
  });

  // etcd-io/etcd#20418: a late answer, or a reused id, confirmed a newer read.
  it("is never proven by a late answer to an earlier round", () => {
    const first = step(settledLeader(), read(1)).state;
    const second = step(first, read(2)).state;

    const late = step(second, from(n2, heartbeatResponse(2, 1)));
    const current = step(late.state, from(n3, heartbeatResponse(2, 2)));

    assert.deepEqual(late.effects, [{ kind: "read_ready", readId: 1, index: 2 }]);
    assert.deepEqual(current.effects, [{ kind: "read_ready", readId: 2, index: 2 }]);
  });

  it("keeps what an answer has proven when an earlier one comes late", () => {
    const settled = settledLeader({ voters: [n1, n2, n3, n4, n5] });
    const asked = stepThrough(settled, read(1), read(2)).state;

    const { effects } = stepThrough(
      asked,
      from(n2, heartbeatResponse(2, 2)),
      from(n2, heartbeatResponse(2, 1)),
      from(n2, matchedAt(2, 2, 1)),
      from(n3, heartbeatResponse(2, 2)),
    );

    assert.equal(only(effects, "read_ready").length, 2);
  });

  it("is not proven by answers from before it was asked", () => {
    const heard = stepThrough(settledLeader(), from(n2, heartbeatResponse(2, 0))).state;

    const { state, effects } = stepThrough(heard, read(1), from(n2, heartbeatResponse(2, 0)));

    assert.deepEqual(only(effects, "read_ready"), []);
    assert.equal(leading(state).reads.proving.length, 1);
  });

  it("is not proven by an answer of an older term", () => {
    const asked = step(settledLeader(), read(1)).state;

    const { effects } = step(asked, from(n2, heartbeatResponse(1, 1)));

    assert.deepEqual(effects, []);
  });

  it("is proven by a later round", () => {
    const asked = stepThrough(settledLeader(), read(1), read(2)).state;

    const { effects } = step(asked, from(n3, heartbeatResponse(2, 2)));

    assert.deepEqual(
      only(effects, "read_ready").map(({ readId }) => readId),
      [1, 2],
    );
  });

  // 6.4: "The leader saves its current commit index in a local variable readIndex."
  it("waits for what was committed when it was asked, not for what came later", () => {
    const asked = stepThrough(settledLeader(), read(1), propose()).state;
    const grown = withLanded(withEntriesSent(asked));
    const { state, effects } = step(grown, from(n2, matchedAt(2, 3, 1)));

    assert.equal(state.commitIndex, 3);
    assert.deepEqual(only(effects, "read_ready"), [{ kind: "read_ready", readId: 1, index: 2 }]);
  });

  // 6.4: "If the leader has not yet marked an entry from its current term committed, it waits until
  // it has done so." etcd-io/etcd#7331.
  it("waits until the leader has committed an entry of its own term", () => {
    const fresh = withLanded(withEntriesSent(leader({ commitIndex: 1 })));

    const asked = stepThrough(fresh, read(1), from(n2, heartbeatResponse(2, 0)));
    const committed = step(asked.state, from(n2, matchedAt(2, 2)));
    const proven = step(committed.state, from(n2, heartbeatResponse(2, 1)));

    assert.deepEqual(only(asked.effects, "read_ready"), []);
    assert.deepEqual(only(committed.effects, "read_ready"), []);
    assert.deepEqual(
      said(committed.effects).filter(({ message }) => message.kind === "heartbeat").length,
      2,
      "the round begins with the commit",
    );
    assert.deepEqual(only(proven.effects, "read_ready"), [
      { kind: "read_ready", readId: 1, index: 2 },
    ]);
  });

  it("is answered at once in a region of one, but not before its own term is committed", () => {
    const alone = outOfPatience(node({ voters: [n1] }));

    const early = step(alone, read(1));
    const committed = withLandedEffects(early.state);
    const late = step(committed.state, read(2));

    assert.deepEqual(early.effects, []);
    assert.deepEqual(only(committed.effects, "read_ready"), [
      { kind: "read_ready", readId: 1, index: 2 },
    ]);
    assert.deepEqual(late.effects, [{ kind: "read_ready", readId: 2, index: 2 }]);
  });

  it("fails at once where nobody is known to lead", () => {
    for (const state of [node(), preCandidate(), candidate()]) {
      const { effects } = step(state, read(4));

      assert.deepEqual(effects, [{ kind: "read_failed", readId: 4 }]);
    }
  });
});

describe("step: read, when leadership is lost", () => {
  // etcd-io/etcd#9566, #11483: reads silently dropped on leader change. They must fail, so that the
  // caller asks again.
  const losses: readonly { readonly how: string; readonly inputs: readonly Input[] }[] = [
    { how: "to a newer term", inputs: [from(n2, heartbeat(5))] },
    { how: "for want of a quorum", inputs: ticks(2 * settings.electionTicks) },
  ];
  for (const { how, inputs } of losses) {
    it(`fails ${how}, whether its round has begun or not`, () => {
      for (const state of [leader(), settledLeader()]) {
        const asked = stepThrough(state, read(1), read(2)).state;

        const { effects } = stepThrough(asked, ...inputs);

        assert.deepEqual(only(effects, "read_failed"), [
          { kind: "read_failed", readId: 1 },
          { kind: "read_failed", readId: 2 },
        ]);
      }
    });

    it(`is refused ${how} to the follower that asked for it`, () => {
      const asked = step(settledLeader(), request(n3, 8)).state;

      const { state, effects } = stepThrough(asked, ...inputs);

      const told = said(effects).filter(({ message }) => message.kind === "read_index_response");
      assert.deepEqual(told, [{ to: n3, message: refusal(state.term, 8) }]);
    });
  }

  it("does not fail what was answered before", () => {
    const done = stepThrough(settledLeader(), read(1), from(n2, heartbeatResponse(2, 1))).state;

    const { effects } = step(done, from(n2, heartbeat(5)));

    assert.deepEqual(only(effects, "read_failed"), []);
  });

  it("does not live on in the next term of the same leader", () => {
    const deposed = step(step(settledLeader(), read(1)).state, from(n2, heartbeat(5))).state;
    assert.equal(deposed.role.kind, "follower");

    const { effects } = step(deposed, from(n2, heartbeatResponse(5, 9)));

    assert.deepEqual(effects, []);
  });
});

describe("step: read through the leader", () => {
  it("is asked of the leader that a follower knows", () => {
    const { effects } = step(follower(n2), read(3));

    assert.deepEqual(said(effects), [
      { to: n2, message: { kind: "read_index_request", term: 1, readId: 3 } },
    ]);
  });

  it("takes the same proof as the leader's own", () => {
    const asked = step(settledLeader(), request(n3, 8));
    const proven = step(asked.state, from(n2, heartbeatResponse(2, 1)));

    assert.deepEqual(
      said(asked.effects).map(({ message }) => message.kind),
      ["heartbeat", "heartbeat"],
    );
    assert.deepEqual(said(proven.effects), [{ to: n3, message: answer(2, 8, 2) }]);
    assert.deepEqual(only(proven.effects, "read_ready"), []);
  });

  it("is refused by a node that does not lead", () => {
    const { effects } = step(follower(n2), request(n3, 8, 1));

    assert.deepEqual(said(effects), [{ to: n3, message: refusal(1, 8) }]);
  });

  it("comes back as an index to wait for, or as a failure", () => {
    const asking = follower(n2, { log: [2] });

    const ready = step(asking, from(n2, answer(2, 3, 7)));
    const failed = step(asking, from(n2, refusal(2, 3)));

    assert.deepEqual(ready.effects, [{ kind: "read_ready", readId: 3, index: 7 }]);
    assert.deepEqual(failed.effects, [{ kind: "read_failed", readId: 3 }]);
  });

  it("is not answered by a leader of an older term", () => {
    const { effects } = step(follower(n2, { log: [4] }), from(n3, answer(3, 3, 7)));

    assert.deepEqual(effects, []);
  });
});

function withLandedEffects(state: RaftState): ReturnType<typeof step> {
  return step(state, { kind: "persisted", sequence: state.durability.nextSequence - 1 });
}
