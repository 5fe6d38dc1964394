import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { TokenBuckets } from "../../src/base/token-buckets.ts";

/** How many of `tries` in one moment are let through. */
function letThrough(buckets: TokenBuckets, key: string, nowMs: number, tries = 100): number {
  return Array.from({ length: tries }).filter(() => buckets.take(key, nowMs)).length;
}

describe("TokenBuckets", () => {
  it("lets as many through at once as a full bucket holds", () => {
    const buckets = new TokenBuckets({ capacity: 5, perSecond: 10, keys: 10 });

    assert.equal(letThrough(buckets, "a", 0), 5);
  });

  it("gives back so many a second, and never more than it holds", () => {
    const buckets = new TokenBuckets({ capacity: 5, perSecond: 10, keys: 10 });
    letThrough(buckets, "a", 1_000);

    assert.equal(letThrough(buckets, "a", 1_099.9), 0);
    assert.equal(letThrough(buckets, "a", 1_100), 1);
    assert.equal(letThrough(buckets, "a", 1_400), 3);
    assert.equal(letThrough(buckets, "a", 1_000_000), 5);
  });

  it("lets no more through over a long time than the rate and one bucket, however it is asked", () => {
    const buckets = new TokenBuckets({ capacity: 50, perSecond: 50, keys: 10 });
    let through = 0;
    for (let nowMs = 0; nowMs <= 10_000; nowMs += 7) through += letThrough(buckets, "a", nowMs, 3);

    assert.ok(through <= 50 + 500, String(through));
    assert.ok(through >= 500, String(through));
  });

  it("counts each key by itself", () => {
    const buckets = new TokenBuckets({ capacity: 2, perSecond: 1, keys: 10 });
    letThrough(buckets, "a", 0);

    assert.equal(letThrough(buckets, "b", 0), 2);
    assert.equal(letThrough(buckets, "a", 0), 0);
  });

  it("remembers no bucket that would be full again", () => {
    const buckets = new TokenBuckets({ capacity: 10, perSecond: 10, keys: 1_000 });
    for (let at = 0; at < 500; at += 1) buckets.take(`key ${at}`, at);
    assert.equal(buckets.size, 500);

    buckets.take("one more", 999);
    assert.equal(buckets.size, 501);
    buckets.take("one more", 1_250);

    // Those from 251 on were used less than a second ago.
    assert.equal(buckets.size, 250);
  });

  it("remembers so many keys and no more: the one left alone longest goes", () => {
    const buckets = new TokenBuckets({ capacity: 1, perSecond: 1, keys: 3 });
    for (const key of ["a", "b", "c"]) buckets.take(key, 0);
    buckets.take("a", 1);
    buckets.take("d", 2);

    assert.equal(buckets.size, 3);
    assert.equal(buckets.take("a", 3), false);
    assert.equal(buckets.take("b", 4), true);
  });
});
