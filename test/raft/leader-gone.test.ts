import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { knownLeader, type RaftState } from "../../src/raft/state.ts";
import { step } from "../../src/raft/step.ts";
import {
  at,
  candidate,
  follower,
  from,
  heartbeat,
  n2,
  n3,
  only,
  preCandidate,
  preVoteRequest,
  settings,
  settledLeader,
  stepThrough,
  ticks,
} from "./one-node.ts";

const gone = { kind: "peer_gone", peer: n2 } as const;
const silence = 2 * settings.heartbeatTicks + 1;

function ticksUntilItAsks(state: RaftState): number {
  let waiting = state;
  for (let count = 1; count <= 2 * settings.electionTicks; count += 1) {
    const stepped = stepThrough(waiting, ...ticks(1));
    if (stepped.state.role.kind === "pre_candidate") return count;
    waiting = stepped.state;
  }
  throw new Error("it never asks");
}

describe("a leader that is gone", () => {
  it("is given up by a silent follower well before an election timeout", () => {
    const waits = Array.from({ length: 100 }, (_, seed) => {
      const silent = stepThrough(follower(n2, { seed }), ...ticks(silence)).state;
      return ticksUntilItAsks(step(silent, gone).state);
    });

    assert.ok(waits.every((wait) => wait >= 1 && wait <= Math.ceil(settings.electionTicks / 2)));
    assert.ok(new Set(waits).size > 1, "followers rarely stand at the same moment");
  });

  it("is not followed any more: another may have the pre-vote", () => {
    const silent = stepThrough(follower(n2), ...ticks(silence)).state;

    const after = step(silent, gone).state;
    const asked = step(after, from(n3, preVoteRequest(after.term + 1, at(9, 9))));

    assert.equal(knownLeader(after), undefined);
    const [answer] = only(asked.effects, "acknowledge");
    assert.equal(answer?.message.kind === "pre_vote_response" && answer.message.vote, "granted");
  });

  it("is believed in for as long as it is heard, whatever its address does", () => {
    const heard = stepThrough(follower(n2), ...ticks(silence - 1)).state;

    assert.equal(step(heard, gone).state, heard);
  });

  it("comes back when it is heard again", () => {
    const silent = stepThrough(follower(n2), ...ticks(silence)).state;
    const given = step(silent, gone).state;

    const { state } = step(given, from(n2, heartbeat(given.term)));

    assert.equal(knownLeader(state), n2);
    assert.equal(state.role.kind === "follower" && state.role.quietTicks, 0);
  });

  it("is given up once: being told again draws no other wait", () => {
    const silent = stepThrough(follower(n2), ...ticks(silence)).state;
    const given = step(silent, gone).state;

    assert.equal(step(given, gone).state, given);
  });

  for (const [who, state] of [
    ["a leader", settledLeader()],
    ["one that asks around", preCandidate()],
    ["one that stands", candidate()],
    ["the follower of another", stepThrough(follower(n3), ...ticks(silence)).state],
  ] as const) {
    it(`is nothing to ${who}`, () => {
      assert.equal(step(state, gone).state, state);
    });
  }
});
