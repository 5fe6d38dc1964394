import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { term } from "../../src/base/ids.ts";
import {
  append,
  at,
  from,
  heartbeat,
  heartbeatResponse,
  n1,
  n5,
  node,
  said,
  stepThrough,
  ticks,
  voteRequest,
} from "./one-node.ts";
import { step } from "../../src/raft/step.ts";
import { nobody } from "../simulation/model-membership.ts";

describe("a newcomer, which knows nobody who votes", () => {
  const newcomer = node({ self: n5, configuration: nobody, log: [], term: 0 });

  for (const [where, prev] of [
    ["the very beginning", at(0, 0)],
    ["somewhere later", at(7, 1)],
  ] as const) {
    it(`takes no entries from ${where}, and says that it agrees on nothing`, () => {
      const { state, effects } = step(newcomer, from(n1, append(1, prev, [1, 1])));

      assert.equal(state.log.lastIndex, 0);
      const answer = { kind: "mismatched", prevIndex: prev.index, hint: at(0, 0) };
      const message = { kind: "append_response", term: 1, readRound: 0, answer };
      assert.deepEqual(said(effects), [{ to: n1, message }]);
    });
  }

  it("answers heartbeats", () => {
    const { effects } = step(newcomer, from(n1, heartbeat(1, 0, 4)));

    assert.deepEqual(said(effects), [{ to: n1, message: heartbeatResponse(1, 4) }]);
  });

  it("votes", () => {
    const { state } = step(newcomer, from(n1, voteRequest(1, at(3, 1))));

    assert.equal(state.votedFor, n1);
  });

  it("never stands", () => {
    const { state } = stepThrough(newcomer, ...ticks(100));
    const told = stepThrough(
      newcomer,
      from(n1, heartbeat(1)),
      from(n1, { kind: "timeout_now", term: term(1) }),
    );

    assert.deepEqual([state.role.kind, told.state.role.kind], ["follower", "follower"]);
  });
});
