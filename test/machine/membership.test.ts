import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { utf8 } from "../../src/base/bytes.ts";
import { epochMs, nodeId, type NodeId } from "../../src/base/ids.ts";
import { applyCommand } from "../../src/machine/apply.ts";
import type { Command, CommandOutcome, Envelope } from "../../src/machine/command.ts";
import { joinTokensMax } from "../../src/machine/member-record.ts";
import { leaveJointChanges } from "../../src/machine/membership.ts";
import { MemoryState, type StateContents } from "../../src/machine/memory-state.ts";
import { members, votersOnly, type Configuration } from "../../src/raft/configuration.ts";
import { anyMembershipEnvelope } from "./arbitrary-envelope.ts";

const noon = epochMs(1_000_000);
const hourMs = 3_600_000;
const [n1, n2, n3, n4, n5] = ["n1", "n2", "n3", "n4", "n5"].map(nodeId) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];
const here = { peer: "here:1", grpc: "here:2", https: "here:3" };
const there = { ...here, peer: "there:1" };

function apply(state: MemoryState, command: Command, at = noon): CommandOutcome {
  const { changes, outcome } = applyCommand(state, { at, command });
  state.absorb(changes);
  return outcome;
}

function ticketFor(node: NodeId, token = `token of ${node}`, lifetimeMs = hourMs): Command {
  const digest = utf8(token);
  return {
    kind: "create_join_token",
    digest,
    nodeId: node,
    lifetimeMs,
    intendedRole: "voter",
  };
}

function join(node: NodeId, token = `token of ${node}`): Command {
  return {
    kind: "change_membership",
    change: { addLearners: [node], promote: [], remove: [] },
    newcomers: [{ nodeId: node, addresses: here, tokenDigest: utf8(token) }],
  };
}

function change(parts: {
  readonly add?: readonly NodeId[];
  readonly promote?: readonly NodeId[];
  readonly remove?: readonly NodeId[];
}): Command {
  const { add = [], promote = [], remove = [] } = parts;
  return {
    kind: "change_membership",
    change: { addLearners: add, promote, remove },
    newcomers: [],
  };
}

/** Three founders, and n4 as a learner that was let in. */
function regionWithLearner(): MemoryState {
  const state = new MemoryState(votersOnly([n1, n2, n3]));
  assert.ok(apply(state, ticketFor(n4)).ok);
  assert.ok(apply(state, join(n4)).ok);
  return state;
}

function leave(state: MemoryState): void {
  state.absorb(leaveJointChanges(state));
}

function named({ voters, outgoingVoters, learners }: Configuration) {
  return { voters: [...voters], outgoing: [...outgoingVoters], learners: [...learners] };
}

describe("the commands on a region's members", () => {
  it("let a node in with its ticket, once, and know it by its row", () => {
    const state = regionWithLearner();

    assert.deepEqual(named(state.configuration()), {
      voters: [n1, n2, n3],
      outgoing: [],
      learners: [n4],
    });
    assert.deepEqual(state.member(n4), {
      nodeId: n4,
      addresses: here,
      joinedAt: noon,
      intendedRole: "voter",
      joinedWith: utf8("token of n4"),
    });
    assert.deepEqual(state.joinTokens(), []);
  });

  it("count a ticket's life from the time at which it is applied", () => {
    const state = new MemoryState(votersOnly([n1]));
    assert.ok(apply(state, ticketFor(n2), epochMs(5_000)).ok);

    const outcome = apply(state, ticketFor(n3, "late", 100), epochMs(1_000));

    assert.deepEqual(outcome.ok && outcome.reply, { expiresAt: 5_100 });
  });

  const refusals: Readonly<
    Record<
      string,
      { readonly before?: readonly Command[]; readonly command: Command; readonly refused: unknown }
    >
  > = {
    "a ticket for a member": {
      command: ticketFor(n1),
      refused: { code: "node_id_used", facts: { node: n1 } },
    },
    "a ticket for a learner": {
      command: ticketFor(n4),
      refused: { code: "node_id_used", facts: { node: n4 } },
    },
    "a ticket for a node that was removed": {
      before: [change({ remove: [n4] })],
      command: ticketFor(n4),
      refused: { code: "node_id_used", facts: { node: n4 } },
    },
    "a node without a ticket": {
      command: join(n5),
      refused: { code: "join_token_refused", facts: { reason: "unknown" } },
    },
    "a ticket that was used": {
      command: join(n5, "token of n4"),
      refused: { code: "join_token_refused", facts: { reason: "unknown" } },
    },
    "a ticket that was replaced by another": {
      before: [ticketFor(n5, "first"), ticketFor(n5, "second")],
      command: join(n5, "first"),
      refused: { code: "join_token_refused", facts: { reason: "unknown" } },
    },
    "another's ticket": {
      before: [ticketFor(n5)],
      command: join(nodeId("n6"), "token of n5"),
      refused: { code: "join_token_refused", facts: { reason: "of_another_node" } },
    },
    "a ticket that has expired": {
      before: [ticketFor(n5, "short", 0)],
      command: join(n5, "short"),
      refused: { code: "join_token_refused", facts: { reason: "expired" } },
    },
    "a member that joins with another ticket": {
      command: join(n4, "another"),
      refused: { code: "node_id_used", facts: { node: n4 } },
    },
    "a voter that asks again with the ticket that let it in": {
      before: [change({ promote: [n4] })],
      command: join(n4),
      refused: { code: "membership_changing", facts: {} },
    },
    "a removed node that joins again": {
      before: [change({ remove: [n4] })],
      command: join(n4),
      refused: { code: "node_id_used", facts: { node: n4 } },
    },
    "a newcomer that nobody lets in": {
      before: [ticketFor(n5)],
      command: {
        ...join(n5),
        ...change({ promote: [n4] }),
        newcomers: newcomersOf(join(n5)),
      } as Command,
      refused: {
        code: "membership_change_impossible",
        facts: { reason: "those who join are not those who were let in" },
      },
    },
    "a learner that comes without its record": {
      before: [ticketFor(n5)],
      command: change({ add: [n5] }),
      refused: {
        code: "membership_change_impossible",
        facts: { reason: "those who join are not those who were let in" },
      },
    },
    "a second change before the first is complete": {
      before: [change({ promote: [n4] })],
      command: change({ remove: [n1] }),
      refused: { code: "membership_changing", facts: {} },
    },
    "the promotion of a voter": {
      command: change({ promote: [n1] }),
      refused: {
        code: "membership_change_impossible",
        facts: { reason: 'node "n1" is not a learner' },
      },
    },
    "the removal of everybody": {
      command: change({ remove: [n1, n2, n3] }),
      refused: {
        code: "membership_change_impossible",
        facts: { reason: "no voter would be left" },
      },
    },
    "an address of a node that is no member": {
      command: { kind: "announce_member", nodeId: n5, addresses: here },
      refused: { code: "unknown_node", facts: { node: n5 } },
    },
    "an address of a node that was removed": {
      before: [change({ remove: [n4] })],
      command: { kind: "announce_member", nodeId: n4, addresses: here },
      refused: { code: "node_removed", facts: { node: n4 } },
    },
  };
  for (const [what, { before = [], command, refused }] of Object.entries(refusals)) {
    it(`refuse ${what}, and change nothing`, () => {
      const state = regionWithLearner();
      for (const earlier of before) assert.ok(apply(state, earlier).ok);
      const kept = { ...copyOf(state.contents()), counters: undefined };

      const outcome = apply(state, command);

      assert.deepEqual(outcome, { ok: false, refusal: refused });
      assert.deepEqual({ ...copyOf(state.contents()), counters: undefined }, kept);
    });
  }

  it("refuse the vote of a lost disk: a voter does not come in again, complete or not", () => {
    const state = regionWithLearner();
    assert.ok(apply(state, change({ promote: [n4] })).ok);
    leave(state);

    const outcome = apply(state, join(n4));

    assert.deepEqual(outcome, {
      ok: false,
      refusal: { code: "node_id_used", facts: { node: n4 } },
    });
  });

  it("let a learner in a second time with its own ticket, and change nothing by it", () => {
    const state = regionWithLearner();
    const before = copyOf(state.contents());

    const outcome = apply(state, join(n4));

    assert.ok(outcome.ok);
    assert.deepEqual(copyOf(state.contents()), before);
  });

  it("burn whoever leaves when it leaves, and not while its vote still counts", () => {
    const state = regionWithLearner();
    assert.ok(apply(state, { kind: "announce_member", nodeId: n3, addresses: there }).ok);

    assert.ok(apply(state, change({ promote: [n4], remove: [n3] })).ok);
    assert.deepEqual(named(state.configuration()), {
      voters: [n1, n2, n4],
      outgoing: [n1, n2, n3],
      learners: [],
    });
    assert.equal(state.removedNode(n3), undefined);
    assert.ok(state.member(n3));
    leave(state);

    assert.deepEqual(named(state.configuration()), {
      voters: [n1, n2, n4],
      outgoing: [],
      learners: [],
    });
    assert.deepEqual(state.removedNode(n3), { nodeId: n3, removedAt: noon });
    assert.equal(state.member(n3), undefined);
    assert.equal(state.removedNode(n4), undefined);
  });

  it("burn a learner at once: it never counted", () => {
    const state = regionWithLearner();

    assert.ok(apply(state, change({ remove: [n4] })).ok);

    assert.ok(state.removedNode(n4));
    assert.equal(state.configuration().learners.size, 0);
  });

  it("write an address once, and a new one over it", () => {
    const state = regionWithLearner();
    const announce = { kind: "announce_member", nodeId: n1, addresses: here } as const;

    const first = applyCommand(state, { at: noon, command: announce });
    state.absorb(first.changes);
    const again = applyCommand(state, { at: noon, command: announce });
    apply(state, { kind: "announce_member", nodeId: n4, addresses: there });

    assert.deepEqual(first.changes, [
      {
        row: "member",
        nodeId: n1,
        record: {
          nodeId: n1,
          addresses: here,
          joinedAt: noon,
          intendedRole: "voter",
          joinedWith: undefined,
        },
      },
    ]);
    assert.deepEqual(again.changes, []);
    assert.deepEqual(state.member(n4)?.addresses, there);
    assert.deepEqual(state.member(n4)?.joinedWith, utf8("token of n4"));
  });

  it("keep so many tickets and no more, but for those that have expired", () => {
    const state = new MemoryState(votersOnly([n1]));
    for (let place = 0; place < joinTokensMax; place += 1) {
      assert.ok(apply(state, ticketFor(nodeId(`m${place}`))).ok);
    }

    const refused = apply(state, ticketFor(n5));
    const replaced = apply(state, ticketFor(nodeId("m7"), "again"));
    const later = apply(state, ticketFor(n5), epochMs(noon + 2 * hourMs));

    assert.deepEqual(refused, {
      ok: false,
      refusal: { code: "too_many_join_tokens", facts: { limit: joinTokensMax } },
    });
    assert.ok(replaced.ok);
    assert.ok(later.ok);
    assert.equal(state.joinTokens().length, 1);
  });

  it("note what a member announces that it knows, and keep it when only its address is told", () => {
    const state = new MemoryState(votersOnly([n1, n2]));
    const announce = { kind: "announce_member", nodeId: n1, addresses: here } as const;

    apply(state, announce);
    assert.equal(state.member(n1)?.featureLevel, undefined);
    apply(state, { ...announce, featureLevel: 2 });
    assert.equal(state.member(n1)?.featureLevel, 2);
    apply(state, { ...announce, addresses: there });
    assert.deepEqual([state.member(n1)?.featureLevel, state.member(n1)?.addresses], [2, there]);
  });

  it("write nothing when a member announces what is known", () => {
    const state = new MemoryState(votersOnly([n1, n2]));
    const announce = {
      kind: "announce_member",
      nodeId: n1,
      addresses: here,
      featureLevel: 2,
    } as const;
    apply(state, announce);

    const { changes } = applyCommand(state, { at: noon, command: announce });

    assert.deepEqual(changes, []);
  });

  it("leave a configuration alone that is not joint", () => {
    const state = regionWithLearner();

    assert.deepEqual(leaveJointChanges(state), []);
  });

  it("keep every rule over any history of commands and ends of changes", () => {
    const step = fc.oneof(
      { arbitrary: anyMembershipEnvelope, weight: 5 },
      { arbitrary: fc.constant("leave" as const), weight: 1 },
    );
    const met = new Map<string, number>();

    fc.assert(
      fc.property(fc.array(step, { maxLength: 50, size: "max" }), (history) => {
        const state = new MemoryState(votersOnly([n1]));
        for (const taken of history) {
          const before = copyOf(state.contents());
          const outcome = takeStep(state, taken);
          const after = state.contents();
          checkMembers(before, after);
          if (taken === "leave" || outcome === undefined) continue;
          const what = outcome.ok ? `${taken.command.kind} accepted` : outcome.refusal.code;
          met.set(what, (met.get(what) ?? 0) + 1);
          if (!outcome.ok) {
            assert.deepEqual({ ...after, counters: undefined }, { ...before, counters: undefined });
          }
        }
      }),
      { seed: 4_3, numRuns: 300 },
    );

    // A history that never got anywhere would show nothing.
    for (const what of [
      "change_membership accepted",
      "announce_member accepted",
      "node_id_used",
      "join_token_refused",
      "membership_changing",
    ]) {
      assert.ok((met.get(what) ?? 0) > 40, `${what}: ${String(met.get(what))}`);
    }
  });
});

function newcomersOf(command: Command) {
  assert.ok(command.kind === "change_membership");
  return command.newcomers;
}

function takeStep(state: MemoryState, taken: Envelope | "leave"): CommandOutcome | undefined {
  if (taken === "leave") {
    leave(state);
    return undefined;
  }
  const { changes, outcome } = applyCommand(state, taken);
  state.absorb(changes);
  return outcome;
}

function copyOf(contents: StateContents): StateContents {
  return {
    ...contents,
    members: new Map(contents.members),
    removedNodes: new Map(contents.removedNodes),
  };
}

function checkMembers(before: StateContents, after: StateContents): void {
  const { configuration, removedNodes } = after;
  const present = members(configuration);
  assert.ok(configuration.voters.size > 0, "somebody counts");
  for (const node of configuration.learners) {
    assert.ok(!configuration.voters.has(node), "a learner does not count");
    assert.ok(after.members.has(node), "whoever was let in has a row");
  }
  for (const node of after.members.keys()) assert.ok(present.has(node), "only members have rows");
  for (const node of removedNodes.keys()) assert.ok(!present.has(node), "a burned id never counts");
  for (const node of before.removedNodes.keys()) {
    assert.ok(removedNodes.has(node), "burned for ever");
  }
  for (const node of members(before.configuration)) {
    assert.ok(present.has(node) || removedNodes.has(node), "whoever leaves is burned");
  }
  const holders = after.joinTokens.map(({ nodeId: node }) => node);
  assert.equal(new Set(holders).size, holders.length, "one ticket a node");
  for (const node of holders) assert.ok(!removedNodes.has(node) && !present.has(node));
}
