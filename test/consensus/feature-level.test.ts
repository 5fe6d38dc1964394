// A region whose nodes are of two releases, while it is upgraded.
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { nodeId } from "../../src/base/ids.ts";
import { featureLevel } from "../../src/machine/feature-level.ts";
import { createNamed, RunningRegion, soon } from "./running-region.ts";

const n3 = nodeId("n3");

function untilLevel(region: RunningRegion, level: number): Promise<true> {
  return region.until(() => {
    const views = [...region.running.values()].map(({ view }) => view);
    return views.every((view) => featureLevel(view) === level) ? true : undefined;
  });
}

/** Resolves once every member has said where it is. */
function untilAnnounced(region: RunningRegion): Promise<true> {
  return region.until(() => {
    const nodes = [...region.running.keys()];
    const views = [...region.running.values()].map(({ view }) => view);
    const isKnown = views.every((view) => nodes.every((node) => view.member(node) !== undefined));
    return isKnown ? true : undefined;
  });
}

describe("the feature level of a region", () => {
  it("is that of its release once every member has said it", async () => {
    await using region = await RunningRegion.start();

    await untilLevel(region, 2);

    assert.deepEqual(region.fatal, []);
  });

  it("waits for the last member of an earlier release, and tells no level before", async () => {
    await using region = await RunningRegion.start(["n1", "n2", "n3"], undefined, (started) => {
      started.levelOf = (node) => (node === n3 ? 1 : undefined);
    });
    await untilAnnounced(region);
    const { node: leader } = await region.leader();
    for (let place = 0; place < 20; place += 1) {
      await leader.propose(createNamed(`before-${String(place)}`), soon());
    }

    // A row with a level would be another one on the node of the earlier release.
    for (const { view } of region.running.values()) {
      assert.equal(featureLevel(view), 1);
      for (const node of region.running.keys()) {
        assert.equal(view.member(node)?.featureLevel, undefined);
      }
    }

    region.levelOf = () => undefined;
    await region.stopNode(n3);
    await region.startNode(n3);
    await untilLevel(region, 2);
    assert.deepEqual(region.fatal, []);
  });
});
