import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { term } from "../../src/base/ids.ts";
import { step } from "../../src/raft/step.ts";
import { at, matchedAt, n2, n3, node, settledLeader, voteRequest } from "./one-node.ts";

describe("step: leadership transfer", () => {
  // 3.10: "The prior leader sends a TimeoutNow request to the target server."
  it("tells a successor that has everything to stand at once", () => {
    const { effects } = step(settledLeader({ log: [1], term: 1 }), { kind: "transfer", to: n2 });

    assert.deepEqual(effects, [
      { kind: "send", to: n2, message: { kind: "timeout_now", term: 2 } },
    ]);
  });

  // 3.10: "The prior leader fully updates the target server's log to match its own log".
  it("waits until the successor holds the last entry", () => {
    const leader = settledLeader({ log: [1], term: 1 });
    const proposed = step(leader, { kind: "propose", payloads: [new Uint8Array(1)] }).state;
    const begun = step(proposed, { kind: "transfer", to: n2 });
    const last = begun.state.log.lastIndex;
    const kinds = begun.effects.map((effect) => effect.kind);

    const { effects } = step(begun.state, {
      kind: "message",
      from: n2,
      message: matchedAt(2, last),
    });

    assert.ok(!kinds.includes("send"));
    assert.deepEqual(effects.at(-1), {
      kind: "send",
      to: n2,
      message: { kind: "timeout_now", term: 2 },
    });
  });

  // 3.10: "If leadership transfer does not complete after about an election timeout, the prior
  // leader aborts the transfer and resumes accepting client requests."
  it("is given up after an election timeout", () => {
    const leader = settledLeader({ log: [1], term: 1 });
    const begun = step(leader, { kind: "transfer", to: n2 }).state;
    const { electionTicks } = begun.settings;

    const early = step(begun, { kind: "tick", elapsedTicks: electionTicks - 1 }).state;
    const heard = step(early, { kind: "message", from: n2, message: matchedAt(2, 1) }).state;
    const late = step(heard, { kind: "tick", elapsedTicks: 1 }).state;

    assert.equal(early.role.kind === "leader" && early.role.transfer?.to, n2);
    assert.equal(late.role.kind === "leader" && late.role.transfer, undefined);
  });

  it("makes a follower stand without asking first, when its leader says so", () => {
    const follower = step(node({ log: [1], term: 1 }), {
      kind: "message",
      from: n2,
      message: { kind: "heartbeat", term: term(1), commitIndex: at(0, 0).index, readRound: 0 },
    }).state;

    const { state, effects } = step(follower, {
      kind: "message",
      from: n2,
      message: { kind: "timeout_now", term: term(1) },
    });

    assert.equal(state.role.kind, "candidate");
    assert.equal(state.term, 2);
    assert.ok(
      effects.some(
        (effect) =>
          effect.kind === "send" &&
          effect.message.kind === "vote_request" &&
          effect.message.reason === "transfer",
      ),
    );
  });

  it("does not make a follower stand when another node says so", () => {
    const follower = step(node({ log: [1], term: 1 }), {
      kind: "message",
      from: n2,
      message: { kind: "heartbeat", term: term(1), commitIndex: at(0, 0).index, readRound: 0 },
    }).state;

    const { state } = step(follower, {
      kind: "message",
      from: n3,
      message: { kind: "timeout_now", term: term(1) },
    });

    assert.equal(state.role.kind, "follower");
  });

  // 4.2.3 has voters ignore a candidate while they hear a leader; a transfer is the exception.
  it("lets a voter that hears the leader vote for its successor, and for nobody else", () => {
    const follower = step(node({ log: [1], term: 1 }), {
      kind: "message",
      from: n2,
      message: { kind: "heartbeat", term: term(1), commitIndex: at(0, 0).index, readRound: 0 },
    }).state;
    const asked = (reason: "timeout" | "transfer") =>
      step(follower, { kind: "message", from: n3, message: voteRequest(2, at(1, 1), reason) });

    assert.equal(asked("transfer").state.votedFor, n3);
    assert.equal(asked("timeout").state, follower);
  });
});
