import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { epochMs, nodeId, type NodeId } from "../../src/base/ids.ts";
import { applyCommand } from "../../src/machine/apply.ts";
import type { CommandKind } from "../../src/machine/command.ts";
import { featureLevel, isKnownToAll, ownFeatureLevel } from "../../src/machine/feature-level.ts";
import { MemoryState } from "../../src/machine/memory-state.ts";
import { votersOnly } from "../../src/raft/configuration.ts";

const [n1, n2] = ["n1", "n2"].map(nodeId) as [NodeId, NodeId];
const addresses = { peer: "here:1", grpc: "here:2", https: "here:3" };

/** A region whose members have announced these levels; `undefined`: an address and no level. */
function regionOf(levels: readonly (readonly [NodeId, number | undefined])[]): MemoryState {
  const state = new MemoryState(votersOnly([n1, n2]));
  for (const [node, level] of levels) {
    const announced = level === undefined ? {} : { featureLevel: level };
    const command = { kind: "announce_member", nodeId: node, addresses, ...announced } as const;
    state.absorb(applyCommand(state, { at: epochMs(1), command }).changes);
  }
  return state;
}

describe("featureLevel", () => {
  for (const [what, levels, expected] of [
    ["nobody has announced anything", [], 1],
    ["one of them has announced nothing", [[n1, 2]], 1],
    [
      "one of them has announced an address only",
      [
        [n1, 2],
        [n2, undefined],
      ],
      1,
    ],
    [
      "all have announced it",
      [
        [n1, 2],
        [n2, 2],
      ],
      2,
    ],
    [
      "all know more than this release",
      [
        [n1, 9],
        [n2, 9],
      ],
      ownFeatureLevel,
    ],
  ] as const) {
    it(`is ${expected} when ${what}`, () => {
      assert.equal(featureLevel(regionOf(levels)), expected);
    });
  }
});

describe("isKnownToAll", () => {
  const newKinds: readonly CommandKind[] = [
    "put_resource_policy",
    "delete_resource_policy",
    "note_accesses",
    "purge_secrets",
  ];

  it("keeps back what a member may not know, and nothing else", () => {
    const mixed = regionOf([[n1, 2]]);

    assert.deepEqual(
      newKinds.map((kind) => isKnownToAll(kind, mixed)),
      newKinds.map(() => false),
    );
    assert.ok(isKnownToAll("create_secret", mixed));
    assert.ok(isKnownToAll("announce_member", mixed));
  });

  it("lets everything through once all members know it", () => {
    const state = regionOf([
      [n1, 2],
      [n2, 2],
    ]);

    assert.ok(newKinds.every((kind) => isKnownToAll(kind, state)));
  });
});
