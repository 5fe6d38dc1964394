import assert from "node:assert/strict";
import { inspect } from "node:util";
import { describe, it } from "mocha";
import { SecretCache } from "../../src/client/secret-cache.ts";
import { failureOf, openCache, refused, settled } from "./scripted-region.ts";

const minuteMs = 60_000;

describe("SecretCache", () => {
  it("asks the region once for a value that is asked for again and again", async () => {
    using bench = openCache();
    const { cache, region, events } = bench;
    region.put("db", "v1");

    for (let count = 0; count < 3; count += 1) {
      assert.equal((await cache.get("db")).secretString, "value of v1");
    }

    assert.deepEqual(region.asked, ["db"]);
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ["read", "hit", "hit"],
    );
  });

  it("asks once for all who ask at the same time, and gives each a copy of its own", async () => {
    using bench = openCache();
    const { cache, region } = bench;
    region.put("db", "v1");
    region.hold();

    const all = Array.from({ length: 50 }, () => cache.get("db"));
    region.release();
    const [first, second] = await Promise.all(all);
    first?.dispose();

    assert.deepEqual(region.asked, ["db"]);
    assert.equal(second?.secretString, "value of v1");
    assert.equal((await cache.get("db")).secretString, "value of v1");
  });

  it("keeps versions and labels of one secret apart", async () => {
    using bench = openCache();
    const { cache, region } = bench;
    region.put("db", "v1");

    await cache.get("db");
    await cache.get("db", { versionId: "v0" });
    await cache.get("db", { versionStage: "AWSPREVIOUS" });
    await cache.get("db", { versionStage: "AWSPREVIOUS" });

    assert.equal(region.asked.length, 3);
  });

  it("gives bytes as bytes", async () => {
    using bench = openCache();
    const { cache, region } = bench;
    const secretBinary = Uint8Array.of(0, 255, 1);
    region.set("db", { arn: "a", name: "db", versionId: "v", secretBinary, versionStages: [] });

    const secret = await cache.get("db");

    assert.deepEqual(secret.secretBinary, Uint8Array.of(0, 255, 1));
    assert.equal(secret.secretString, undefined);
    assert.deepEqual(secretBinary, Uint8Array.of(0, 0, 0), "the answer's own bytes are wiped");
  });

  it("wipes the bytes that it gave when their user is done, and its own copy stays", async () => {
    using bench = openCache();
    const { cache, region } = bench;
    const secretBinary = Uint8Array.of(1, 2, 3);
    region.set("db", { arn: "a", name: "db", versionId: "v", secretBinary, versionStages: [] });
    const secret = await cache.get("db");
    const bytes = secret.secretBinary;

    secret.dispose();

    assert.deepEqual(bytes, Uint8Array.of(0, 0, 0));
    assert.deepEqual((await cache.get("db")).secretBinary, Uint8Array.of(1, 2, 3));
  });

  const lives: [draw: number, lifeMs: number][] = [
    [0, 5 * minuteMs],
    [0.5, 4.75 * minuteMs],
    [0.999, 4.5005 * minuteMs],
  ];
  for (const [draw, lifeMs] of lives) {
    it(`reads a value again after ${lifeMs} ms, by the draw ${draw}`, async () => {
      using bench = openCache({}, draw);
      const { cache, region, clock } = bench;
      region.put("db", "v1");
      await cache.get("db");
      region.put("db", "v2");

      clock.advance(Math.floor(lifeMs) - 1);
      const before = await cache.get("db");
      clock.advance(1);
      const after = await cache.get("db");

      assert.deepEqual([before.versionId, after.versionId], ["v1", "v2"]);
      assert.equal(before.ageMs, Math.floor(lifeMs) - 1);
      assert.equal(after.ageMs, 0);
    });
  }

  it("says how old a value is from when it was asked for, not from when it came", async () => {
    using bench = openCache();
    const { cache, region, clock } = bench;
    region.put("db", "v1");
    region.hold();

    const reading = cache.get("db");
    clock.advance(700);
    region.release();

    assert.equal((await reading).ageMs, 700);
  });

  describe("bounds", () => {
    it("lets go of what was not asked for longest when there are too many", async () => {
      using bench = openCache({ maxEntries: 2 });
      const { cache, region, events } = bench;
      for (const name of ["a", "b", "c"]) region.put(name, "v1");

      for (const name of ["a", "b", "a", "c"]) await cache.get(name);

      assert.equal(cache.size, 2);
      assert.deepEqual(events.at(-1), { kind: "evicted", secretId: "b", why: "entries" });
      await cache.get("a");
      assert.deepEqual(region.asked, ["a", "b", "c"]);
    });

    it("keeps no more bytes than it may", async () => {
      using bench = openCache({ maxBytes: 3 * (512 + 100) });
      const { cache, region } = bench;

      for (const name of ["a", "b", "c", "d", "e"]) {
        region.put(name, "v1", "x".repeat(100));
        await cache.get(name);
      }

      assert.equal(cache.size, 3);
      assert.equal(cache.bytes, 3 * (512 + 100));
    });

    it("counts a value that takes the place of another once", async () => {
      using bench = openCache({ ttlMs: 0 });
      const { cache, region } = bench;
      for (const size of [100, 5, 40]) {
        region.put("a", `v${size}`, "x".repeat(size));
        await cache.get("a");
      }

      assert.equal(cache.bytes, 512 + 40);
      assert.equal(cache.size, 1);
    });

    it("hands out what is larger than all its room, and keeps the others", async () => {
      using bench = openCache({ maxBytes: 2_000 });
      const { cache, region } = bench;
      region.put("small", "v1");
      region.put("large", "v1", "x".repeat(5_000));
      await cache.get("small");

      const large = await cache.get("large");

      assert.equal(large.secretString, "x".repeat(5_000));
      assert.equal(cache.size, 1);
      await cache.get("small");
      assert.deepEqual(region.asked, ["small", "large"]);
    });

    it("does not take a secret that changes for one that is asked for", async () => {
      using bench = openCache({ maxEntries: 2 });
      const { cache, region } = bench;
      for (const name of ["a", "b", "c"]) region.put(name, "v1");
      await cache.get("a");
      region.streams[0]?.write({ heartbeat: { position: "p1" } });
      await settled();
      await cache.get("a");
      await cache.get("b");

      region.streams[0]?.changed("a");
      await settled();
      await cache.get("c");
      await cache.get("b");

      assert.deepEqual(region.asked, ["a", "a", "b", "a", "c"]);
    });

    const wrong: [option: string, given: number][] = [
      ["maxEntries", 0],
      ["maxBytes", -1],
      ["ttlMs", Number.NaN],
      ["maxStaleMs", Infinity],
      ["negativeTtlMs", -1],
      ["authRefreshMs", -1],
    ];
    for (const [option, given] of wrong) {
      it(`refuses ${option} ${given} with a sentence`, () => {
        using bench = openCache();

        assert.throws(
          () => new SecretCache(bench.region, { [option]: given }),
          (error) =>
            error instanceof RangeError &&
            error.message.startsWith(`Cannot make a cache with ${option} ${given}: expected`),
        );
      });
    }
  });

  describe("the end", () => {
    it("wipes what it keeps and refuses whoever asks or waits", async () => {
      using bench = openCache();
      const { cache, region } = bench;
      region.put("db", "v1");
      region.put("slow", "v1");
      const handedOut = await cache.get("db");
      region.hold();
      const waiting = cache.get("slow");

      cache.dispose();
      region.release();

      await assert.rejects(waiting, /The cache was disposed of/);
      await assert.rejects(cache.get("db"), /The cache was disposed of/);
      assert.deepEqual([cache.size, cache.bytes], [0, 0]);
      assert.equal(handedOut.secretString, "value of v1", "a copy is its user's own");
      assert.equal(region.streams[0]?.options.signal?.aborted, true);
      await settled();
      assert.equal(cache.size, 0, "what came late is not kept");
    });

    it("stops to listen, and does not begin again", async () => {
      using bench = openCache();
      await failureOf(bench.cache.get("db"));

      bench.cache.dispose();
      await settled();
      await settled();

      assert.equal(bench.region.streams.length, 1);
    });
  });

  it("shows no value to whoever prints it, what it hands out, its events or its errors", async () => {
    using bench = openCache({ maxStaleMs: 1 });
    const { cache, region, clock, events } = bench;
    region.put("db", "v1", "hunter2");
    const secret = await cache.get("db");
    region.set("db", refused("unreachable"));
    clock.advance(6 * minuteMs);
    const error = await failureOf(cache.get("db"));

    const shown = [cache, secret, events, error].flatMap((thing) => [
      inspect(thing, { depth: Infinity, showHidden: true, getters: true, customInspect: false }),
      inspect(thing, { depth: Infinity, showHidden: true }),
      JSON.stringify(thing),
      thing instanceof Error ? String(thing) : "",
    ]);

    for (const text of shown) {
      // Getters are called by the first of these: the value is what they are for.
      const isGetter = text.includes("[Getter: 'hunter2']");
      assert.ok(isGetter || !text.includes("hunter2"), text);
      assert.ok(!text.includes("104, 117, 110, 116, 101, 114"), text);
    }
    secret.dispose();
    assert.throws(() => secret.secretString, /was wiped/);
    assert.throws(() => secret.secretBinary, /was wiped/);
  });
});
