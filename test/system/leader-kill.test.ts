import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { regionName, TestRegion, until, untilCaughtUp } from "./test-region.ts";
import { differences, WriteLoad } from "./write-load.ts";

const rounds = 20;
/** What is promised: writes go on this long after the leader's process was killed, at most. */
const longestGapMs = 3_000;

describe("a region whose leader is killed again and again", function () {
  this.timeout(60_000);

  let region: TestRegion;
  let load: WriteLoad;
  const gaps: number[] = [];
  /** How many of the acknowledged versions were looked for on every node. */
  let checked = 0;

  before(async () => {
    region = await TestRegion.open();
    load = new WriteLoad(region.clients());
    await load.untilMore(50);
  });

  after(async () => {
    await load.stop().finally(() => region[Symbol.asyncDispose]());
  });

  for (let round = 1; round <= rounds; round += 1) {
    it(`loses nothing and writes on within 3 s, round ${round}`, async () => {
      const leader = await region.fleet.waitLeader(regionName);
      const { pid } = region.node(leader.id);
      assert.ok(pid !== null);
      await load.untilMore(20);

      const killedAt = performance.now();
      process.kill(pid, "SIGKILL");
      await load.untilMore(20);

      await until(`${leader.id} runs again`, () => (region.node(leader.id).pid ?? pid) !== pid);
      await untilCaughtUp(region, leader.id);
      const gap = load.longestGapSince(killedAt);
      gaps.push(gap);
      assert.ok(gap <= longestGapMs, `no write was acknowledged for ${Math.round(gap)} ms`);
      const versions = load.acknowledged.slice(checked);
      checked += versions.length;
      for (const client of region.clients()) {
        assert.deepEqual(await differences(client, versions), []);
      }
    });
  }

  it("has every acknowledged version at the end", async () => {
    await load.stop();

    assert.equal(gaps.length, rounds);
    console.log(`      ${describeGaps(gaps)}; ${load.acknowledged.length} versions acknowledged`);
    assert.ok(load.retries > 0, "the kills were felt");
    for (const [at, client] of region.clients().entries()) {
      // Each was seen on every node after its round. Now all are seen again, on one of them.
      const share = load.acknowledged.filter((_version, index) => index % 3 === at);
      assert.deepEqual(await differences(client, share), []);
      assert.deepEqual(await differences(client, load.acknowledged.slice(checked)), []);
      assert.deepEqual(await differences(client, load.current(), "current"), []);
    }
  });
});

function describeGaps(gaps: readonly number[]): string {
  const sorted = gaps.map(Math.round).sort((one, other) => one - other);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return (
    `longest gap between acknowledgements after a kill, ms: least ${at(0)}, median ${at(0.5)}, ` +
    `p90 ${at(0.9)}, most ${at(1)} (${sorted.join(" ")})`
  );
}
