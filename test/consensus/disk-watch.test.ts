import { strict as assert } from "node:assert";
import { describe, it } from "mocha";
import { DiskWatch } from "../../src/consensus/disk-watch.ts";

/** What each of so many ticks found, so far apart. */
function ticks(watch: DiskWatch, count: number, apartMs: number, fromMs = 0): readonly string[] {
  return Array.from({ length: count }, (_, place) => watch.onTick(fromMs + (place + 1) * apartMs));
}

describe("DiskWatch", () => {
  it("finds nothing while nothing is written", () => {
    const watch = new DiskWatch(3);

    assert.deepEqual(new Set(ticks(watch, 1_000, 100)), new Set(["fine"]));
  });

  it("takes a write that lasts for more than so many ticks for a stall, until it ends", () => {
    const watch = new DiskWatch(3);
    watch.begin(0);

    assert.deepEqual(ticks(watch, 5, 100), ["fine", "fine", "fine", "stalled", "stalled"]);
    watch.end();
    assert.deepEqual(ticks(watch, 2, 100, 500), ["fine", "fine"]);
  });

  it("begins anew with every write", () => {
    const watch = new DiskWatch(3);
    watch.begin(0);
    ticks(watch, 3, 100);
    watch.end();
    watch.begin(300);

    assert.deepEqual(ticks(watch, 4, 100, 300), ["fine", "fine", "fine", "stalled"]);
  });

  it("gives a write up after half a minute", () => {
    const watch = new DiskWatch(3);
    watch.begin(0);

    const found = ticks(watch, 301, 100);

    assert.equal(found.indexOf("hung"), 299);
  });

  it("takes no pause of the process for a hanging disk", () => {
    const watch = new DiskWatch(3);
    watch.begin(0);

    assert.equal(watch.onTick(600_000), "fine");
    assert.equal(watch.onTick(600_100), "fine");
  });
});
