import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { LocalFleet } from "../../cluster/local/local-fleet.ts";
import { TestRegion, until } from "./test-region.ts";
import { differences, WriteLoad, type AcknowledgedVersion } from "./write-load.ts";

/** Besides the nodes, which are all killed in one turn. */
const cycles = ["the nodes", "the nodes and their supervisor", "the nodes"] as const;

describe("a region that loses all power", function () {
  this.timeout(60_000);

  let region: TestRegion;
  const acknowledged: AcknowledgedVersion[] = [];

  before(async () => {
    region = await TestRegion.open();
  });

  after(async () => {
    await region[Symbol.asyncDispose]();
  });

  for (const [index, killed] of cycles.entries()) {
    it(`has everything acknowledged when ${killed} were killed at once, cycle ${index + 1}`, async () => {
      const load = new WriteLoad(region.clients());
      await load.untilMore(60);
      const { supervisorPid } = region.fleet;
      const pids = region.nodes().map(({ pid }) => pid ?? 0);

      if (killed === "the nodes") killAll(pids);
      else {
        assert.ok(supervisorPid !== undefined);
        // First, so that it cannot start a node again between two of the other kills.
        killAll([supervisorPid, ...pids]);
        await until(
          "nobody answers",
          async () => (await LocalFleet.attach(region.home)) === undefined,
        );
        await region.launch();
      }

      // Nobody unlocks anything: the nodes come back and serve.
      await load.untilMore(20);
      await load.stop();
      await until("all run again", () =>
        region.nodes().every(({ pid }, at) => pid !== null && pid !== pids[at]),
      );
      await region.fleet.waitReady();
      acknowledged.push(...load.acknowledged);
      for (const client of region.clients()) {
        assert.deepEqual(await differences(client, load.acknowledged), []);
        assert.deepEqual(await differences(client, load.current(), "current"), []);
      }
    });
  }

  it("still has what was acknowledged in every cycle", async () => {
    for (const client of region.clients()) {
      assert.deepEqual(await differences(client, acknowledged), []);
    }
  });
});

function killAll(pids: readonly number[]): void {
  for (const pid of pids) process.kill(pid, "SIGKILL");
}
