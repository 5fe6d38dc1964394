import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { epochMs, nodeId } from "../../src/base/ids.ts";
import { applyCommand } from "../../src/machine/apply.ts";
import type { Command } from "../../src/machine/command.ts";
import { MemoryState } from "../../src/machine/memory-state.ts";
import { votersOnly } from "../../src/raft/configuration.ts";
import { carryOut } from "../../src/services/operation-call.ts";
import { target } from "../secrets/example-secret.ts";
import { SetClock } from "../support/set-clock.ts";
import { SoloRaftGroup } from "../support/solo-raft-group.ts";
import { assertRefused, callerOf, serviceNode } from "./service-node.ts";

const [n1, n2] = ["n1", "n2"].map((name) => nodeId(name));
assert.ok(n1 !== undefined && n2 !== undefined);
const addresses = { peer: "here:1", grpc: "here:2", https: "here:3" };
const newKinds: readonly Command[] = [
  { kind: "put_resource_policy", ...target, policy: "{}" },
  { kind: "delete_resource_policy", ...target },
  { kind: "note_accesses", day: 20_000, reads: [] },
  { kind: "purge_secrets", targets: [] },
];

function announce(state: MemoryState, node: typeof n1, featureLevel: number): void {
  assert.ok(node !== undefined);
  const command = { kind: "announce_member", nodeId: node, addresses, featureLevel } as const;
  state.absorb(applyCommand(state, { at: epochMs(1), command }).changes);
}

async function callIn(state: MemoryState) {
  const clock = new SetClock();
  const group = new SoloRaftGroup(clock, state);
  const { parts } = await serviceNode();
  return { group, call: { parts: { ...parts, group }, caller: callerOf(clock) } };
}

describe("carryOut", () => {
  it("refuses what a member of an earlier release would not know, and proposes nothing", async () => {
    const state = new MemoryState(votersOnly([n1, n2]));
    announce(state, n1, 2);
    const { group, call } = await callIn(state);

    for (const command of newKinds) {
      await assertRefused(carryOut(call, command), "upgrade_under_way");
    }

    assert.deepEqual(group.proposed, []);
  });

  it("goes on with what every release knows meanwhile", async () => {
    const { group, call } = await callIn(new MemoryState(votersOnly([n1, n2])));

    await assertRefused(carryOut(call, { kind: "restore_secret", ...target }), "secret_not_found");

    assert.equal(group.proposed.length, 1);
  });

  it("lets everything through once all members know it", async () => {
    const state = new MemoryState(votersOnly([n1, n2]));
    announce(state, n1, 2);
    announce(state, n2, 2);
    const { call } = await callIn(state);

    const { purged } = await carryOut(call, { kind: "purge_secrets", targets: [] });

    assert.equal(purged, 0);
  });
});
