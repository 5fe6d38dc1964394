import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { knownLeader, type RaftState } from "../../src/raft/state.ts";
import { step } from "../../src/raft/step.ts";
import {
  candidate,
  follower,
  from,
  heartbeat,
  n2,
  n3,
  node,
  only,
  preCandidate,
  preVoteRequest,
  at,
  said,
  settledLeader,
  settings,
  stepThrough,
  ticks,
} from "./one-node.ts";

const stalled = { kind: "disk_stalled" } as const;
const stalledTick = [stalled, ...ticks(1)];

function afterStall(state: RaftState, length: number): ReturnType<typeof stepThrough> {
  return stepThrough(state, ...Array.from({ length }, () => stalledTick).flat());
}

describe("a disk that takes no writes", () => {
  it("makes a leader step down, silently, and fail its reads", () => {
    const asked = step(settledLeader(), { kind: "read", readId: 3 }).state;

    const { state, effects } = afterStall(asked, 100);

    assert.equal(state.role.kind, "follower");
    assert.equal(state.term, asked.term);
    assert.deepEqual(said(effects), []);
    assert.deepEqual(only(effects, "read_failed"), [{ kind: "read_failed", readId: 3 }]);
  });

  for (const [who, state] of [
    ["a follower", node()],
    ["one that asks around", preCandidate()],
    ["one that stands", candidate()],
  ] as const) {
    it(`keeps ${who} from standing for as long as it lasts`, () => {
      const after = afterStall(state, 100);

      assert.equal(after.state.role.kind, "follower");
      assert.deepEqual(said(after.effects), []);
    });
  }

  it("lets a follower stand no sooner than an election timeout after it", () => {
    const after = afterStall(node(), 100).state;

    const soon = stepThrough(after, ...ticks(settings.electionTicks - 2)).state;
    const later = stepThrough(after, ...ticks(2 * settings.electionTicks)).state;

    assert.equal(soon.role.kind, "follower");
    assert.equal(later.role.kind, "pre_candidate");
  });

  it("does not make a follower forget its leader, nor claim to hear it when it does not", () => {
    const alive = stepThrough(follower(n2), stalled, from(n2, heartbeat(1)), ...ticks(1)).state;
    const silent = afterStall(follower(n2), settings.electionTicks).state;
    const asked = from(n3, preVoteRequest(2, at(9, 1)));
    const votes = (state: RaftState): readonly unknown[] =>
      said(step(state, asked).effects).map(({ message }) => "vote" in message && message.vote);

    assert.equal(knownLeader(alive), n2);
    assert.deepEqual(votes(alive), ["refused"]);
    assert.deepEqual(votes(silent), ["granted"]);
  });
});
