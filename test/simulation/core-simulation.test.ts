// Many seeds a run. A failure names its seed; `SEED=10 npm test` plays that one alone.
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { CoreSimulation } from "./core-simulation.ts";

const only = process.env["SEED"];
const seeds =
  only === undefined ? Array.from({ length: 150 }, (_, at) => at + 1) : [Number.parseInt(only, 10)];
const events = 4000;

describe("a group of cores", () => {
  for (const nodes of [3, 5]) {
    it(`of ${String(nodes)} stays right through every fault, and recovers when they end`, () => {
      let committed = 0;
      let reads = 0;
      let snapshots = 0;
      let transfers = 0;
      for (const seed of seeds) {
        const outcome = new CoreSimulation({ seed, nodes, events }).run();
        committed += outcome.committed;
        reads += outcome.reads;
        snapshots += outcome.snapshots;
        transfers += outcome.transfers;
      }
      if (only !== undefined) return;
      // A simulation in which nothing gets through proves nothing.
      assert.ok(committed > 10 * seeds.length, `${String(committed)} entries committed`);
      assert.ok(reads > 3 * seeds.length, `${String(reads)} reads answered`);
      assert.ok(snapshots > seeds.length / 2, `${String(snapshots)} snapshots installed`);
      assert.ok(transfers > seeds.length / 2, `${String(transfers)} transfers begun`);
    });
  }

  for (const nodes of [1, 3]) {
    it(`of ${String(nodes)} stays right while its members change, and recovers`, () => {
      let changes = 0;
      let snapshots = 0;
      for (const seed of seeds) {
        const outcome = new CoreSimulation({ seed, nodes, events, membership: "busy" }).run();
        changes += outcome.changes;
        snapshots += outcome.snapshots;
      }
      if (only !== undefined) return;
      assert.ok(changes > seeds.length, `${String(changes)} changes of the membership proposed`);
      assert.ok(snapshots > seeds.length / 2, `${String(snapshots)} snapshots installed`);
    });
  }

  it("repeats itself from its seed", () => {
    const once = new CoreSimulation({ seed: 7, nodes: 3, events }).run();
    const again = new CoreSimulation({ seed: 7, nodes: 3, events }).run();

    assert.deepEqual(again, once);
  });

  it("does something else from another seed", () => {
    const one = new CoreSimulation({ seed: 7, nodes: 3, events }).run();
    const other = new CoreSimulation({ seed: 8, nodes: 3, events }).run();

    assert.notEqual(other.hash, one.hash);
  });
});
