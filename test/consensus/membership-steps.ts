// What tests of the membership do with a running region, step by step.
import { strict as assert } from "node:assert";
import { RefusedError } from "../../src/base/errors.ts";
import { nodeId, type NodeId } from "../../src/base/ids.ts";
import type { RaftNode } from "../../src/consensus/raft-node.ts";
import { createNamed, RunningRegion, soon } from "./running-region.ts";

export const [n1, n2, n3, n4] = ["n1", "n2", "n3", "n4"].map(nodeId) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];

export function refusedWith(code: string, fact?: string): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof RefusedError)) throw error;
    assert.equal(error.refusal.code, code);
    if (fact !== undefined) {
      assert.ok(Object.values(error.refusal.facts).some((known) => known === fact));
    }
    return true;
  };
}

/** Founds a region of one and lets two more in, which become voters by themselves. */
export async function regionOfThree(): Promise<RunningRegion> {
  const region = await RunningRegion.found("n1", ["n2", "n3", "n4"]);
  await region.joinNode(n2);
  await region.joinNode(n3);
  await region.untilVoters(["n1", "n2", "n3"]);
  return region;
}

export async function write(region: RunningRegion, name: string): Promise<void> {
  const { node } = await region.leader();
  const outcome = await node.propose(createNamed(name), soon());
  assert.ok(outcome.ok, name);
}

export async function assertEverywhere(
  region: RunningRegion,
  names: readonly string[],
): Promise<void> {
  for (const [id, node] of region.running) {
    await node.readBarrier(soon());
    for (const name of names) assert.ok(node.view.secret(name), `${name} on ${id}`);
  }
}

/** Writes until it is stopped, to whoever leads; gives the names of all that was acknowledged. */
export function keepWriting(region: RunningRegion): () => Promise<readonly string[]> {
  const over = new AbortController();
  const written: string[] = [];
  const writing = (async () => {
    for (let place = 0; !over.signal.aborted; place += 1) {
      const name = `load-${String(place)}`;
      try {
        const { node } = await region.leader();
        const outcome = await node.propose(createNamed(name), soon(2_000));
        if (outcome.ok) written.push(name);
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
      }
    }
  })();
  return async () => {
    over.abort();
    await writing;
    return written;
  };
}

/** Asks the leader, whoever that is by now, as a client does through any node. */
export async function asLeader<Result>(
  region: RunningRegion,
  ask: (membership: RaftNode["membership"]) => Promise<Result>,
): Promise<Result> {
  for (;;) {
    const { node } = await region.leader();
    try {
      return await ask(node.membership);
    } catch (error) {
      const isPassing =
        error instanceof RefusedError &&
        ["no_leader", "membership_changing"].includes(error.refusal.code);
      if (!isPassing) throw error;
    }
  }
}

/** Tries until the learner has caught up. */
export async function promoteOnceThere(
  membership: RaftNode["membership"],
  node: NodeId,
  replacing?: NodeId,
): Promise<void> {
  for (;;) {
    try {
      await membership.promote(node, { ...soon(), replacing });
      return;
    } catch (error) {
      const isBehind = error instanceof RefusedError && error.refusal.code === "learner_behind";
      if (!isBehind) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
