// What every role becomes of every input. No row may be missing: a new role or a new input does
// not compile until somebody has said what happens.
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { votersOnly } from "../../src/raft/configuration.ts";
import { logIndex, term } from "../../src/base/ids.ts";
import type { Input, Message } from "../../src/raft/input.ts";
import type { RaftState, Role } from "../../src/raft/state.ts";
import { step } from "../../src/raft/step.ts";
import {
  append,
  at,
  candidate,
  follower,
  from,
  heartbeat,
  heartbeatResponse,
  matchedAt,
  n2,
  node,
  preCandidate,
  preVote,
  preVoteRequest,
  propose,
  settledLeader,
  vote,
  voteRequest,
} from "./one-node.ts";

type Age = "an older" | "this" | "a newer";
type Told = `${Message["kind"]} of ${Age} term` | Exclude<Input["kind"], "message">;
type Becomes = Role["kind"] | "contradiction";

/** Each is in term 2, with the log [1, 2] or, for the leader, with an entry more. */
const roles: Record<Role["kind"], RaftState> = {
  follower: node({ log: [1], term: 2 }),
  pre_candidate: preCandidate({ log: [1], term: 2 }),
  candidate: candidate({ log: [1], term: 1 }),
  leader: settledLeader({ log: [1], term: 1 }),
};

const messages: Record<Message["kind"], (inTerm: number) => Message> = {
  pre_vote_request: (inTerm) => preVoteRequest(inTerm + 1, at(9, inTerm)),
  pre_vote_response: (inTerm) => preVote(inTerm + 1, "granted"),
  vote_request: (inTerm) => voteRequest(inTerm, at(9, inTerm)),
  vote_response: (inTerm) => vote(inTerm, "granted"),
  append_request: (inTerm) => append(inTerm, at(1, 1), []),
  append_response: (inTerm) => matchedAt(inTerm, 1),
  heartbeat: (inTerm) => heartbeat(inTerm),
  heartbeat_response: (inTerm) => heartbeatResponse(inTerm),
  timeout_now: (inTerm) => ({ kind: "timeout_now", term: term(inTerm) }),
  read_index_request: (inTerm) => ({ kind: "read_index_request", term: term(inTerm), readId: 1 }),
  read_index_response: (inTerm) => ({
    kind: "read_index_response",
    term: term(inTerm),
    readId: 1,
    answer: { kind: "at", index: logIndex(1) },
  }),
};

const others: Record<Exclude<Input["kind"], "message">, Input> = {
  tick: { kind: "tick", elapsedTicks: 1 },
  propose: propose(),
  propose_membership: { kind: "propose_membership", payload: new Uint8Array() },
  membership_applied: {
    kind: "membership_applied",
    index: logIndex(1),
    configuration: votersOnly([n2]),
  },
  persisted: { kind: "persisted", sequence: 1 },
  entries_sent: { kind: "entries_sent", to: n2, term: term(2), last: logIndex(1), sizeBytes: 1 },
  compacted: { kind: "compacted", upTo: logIndex(0) },
  snapshot_ended: { kind: "snapshot_ended", to: n2, term: term(2), outcome: { kind: "failed" } },
  snapshot_installed: {
    kind: "snapshot_installed",
    position: at(9, 1),
    configuration: votersOnly([n2]),
  },
  peer_unreachable: { kind: "peer_unreachable", peer: n2 },
  peer_gone: { kind: "peer_gone", peer: n2 },
  disk_stalled: { kind: "disk_stalled" },
  read: { kind: "read", readId: 1 },
  transfer: { kind: "transfer", to: n2 },
};

const terms: Record<Age, number> = { "an older": 1, this: 2, "a newer": 3 };

function stays<Kind extends Role["kind"]>(
  kind: Kind,
): Record<Told, Kind | "follower" | "contradiction"> {
  const stay = { older: kind, same: kind };
  return {
    "pre_vote_request of an older term": stay.older,
    "pre_vote_request of this term": stay.same,
    "pre_vote_request of a newer term": kind,
    "pre_vote_response of an older term": stay.older,
    "pre_vote_response of this term": stay.same,
    "pre_vote_response of a newer term": kind,
    "vote_request of an older term": stay.older,
    "vote_request of this term": stay.same,
    "vote_request of a newer term": "follower",
    "vote_response of an older term": stay.older,
    "vote_response of this term": stay.same,
    "vote_response of a newer term": "follower",
    "append_request of an older term": stay.older,
    "append_request of this term": "follower",
    "append_request of a newer term": "follower",
    "append_response of an older term": stay.older,
    "append_response of this term": stay.same,
    "append_response of a newer term": "follower",
    "heartbeat of an older term": stay.older,
    "heartbeat of this term": "follower",
    "heartbeat of a newer term": "follower",
    "heartbeat_response of an older term": stay.older,
    "heartbeat_response of this term": stay.same,
    "heartbeat_response of a newer term": "follower",
    "read_index_request of an older term": stay.older,
    "read_index_request of this term": stay.same,
    "read_index_request of a newer term": "follower",
    "read_index_response of an older term": stay.older,
    "read_index_response of this term": stay.same,
    "read_index_response of a newer term": "follower",
    tick: kind,
    propose: kind,
    propose_membership: kind,
    // Nobody here has a change to apply.
    membership_applied: "contradiction",
    persisted: kind,
    entries_sent: kind,
    compacted: kind,
    snapshot_ended: kind,
    snapshot_installed: kind,
    peer_unreachable: kind,
    peer_gone: kind,
    disk_stalled: "follower",
    read: kind,
    transfer: kind,
    "timeout_now of an older term": stay.older,
    "timeout_now of this term": stay.same,
    "timeout_now of a newer term": "follower",
  };
}

const onlyForLeaders = {
  propose: "contradiction",
  propose_membership: "contradiction",
  transfer: "contradiction",
} as const;

/** Where a role does something else than stay, or than follow a newer term. */
const becomes: Record<Role["kind"], Record<Told, Becomes>> = {
  follower: { ...stays("follower"), ...onlyForLeaders },
  pre_candidate: {
    ...stays("pre_candidate"),
    "pre_vote_response of this term": "candidate",
    "vote_request of this term": "follower",
    snapshot_installed: "follower",
    ...onlyForLeaders,
  },
  candidate: {
    ...stays("candidate"),
    "vote_response of this term": "leader",
    snapshot_installed: "follower",
    ...onlyForLeaders,
  },
  leader: {
    ...stays("leader"),
    // It hears a live leader: itself.
    "vote_request of a newer term": "leader",
    snapshot_installed: "contradiction",
    "append_request of this term": "contradiction",
    "heartbeat of this term": "contradiction",
  },
};

function inputOf(told: Told): Input {
  const [kind, age] = told.split(" of ") as [Message["kind"], string | undefined];
  if (age === undefined) return others[told as Exclude<Input["kind"], "message">];
  return from(n2, messages[kind](terms[age.replace(" term", "") as Age]));
}

function outcomeOf(state: RaftState, input: Input): Becomes {
  try {
    return step(state, input).state.role.kind;
  } catch {
    return "contradiction";
  }
}

describe("step: every role and every input", () => {
  for (const [kind, state] of Object.entries(roles)) {
    for (const [told, expected] of Object.entries(becomes[kind as Role["kind"]])) {
      it(`${kind}, ${told}: ${expected}`, () => {
        assert.equal(state.role.kind, kind);
        assert.equal(state.term, 2);

        assert.equal(outcomeOf(state, inputOf(told as Told)), expected);
      });
    }
  }

  it("changes nothing in the state it is given", () => {
    for (const state of [...Object.values(roles), follower(n2)]) {
      const before = structuredClone(state);
      for (const told of Object.keys(stays("follower"))) outcomeOf(state, inputOf(told as Told));

      assert.deepEqual(structuredClone(state), before);
    }
  });
});
