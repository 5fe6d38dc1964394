// What a cache does when the region does not answer, or says no.
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { CallErrorCode } from "../../src/client/call-errors.ts";
import { failureOf, openCache, refused, settled } from "./scripted-region.ts";

const minuteMs = 60_000;

describe("SecretCache, in bad times", () => {
  describe("when no node answers", () => {
    const outages: CallErrorCode[] = ["unreachable", "timed_out", "no_leader", "overloaded"];
    for (const code of outages) {
      it(`hands out the last good value with its age on ${code}`, async () => {
        using bench = openCache();
        const { cache, region, clock, events } = bench;
        region.put("db", "v1");
        await cache.get("db");
        region.set("db", refused(code));
        clock.advance(6 * minuteMs);

        const secret = await cache.get("db");

        assert.equal(secret.secretString, "value of v1");
        assert.deepEqual([secret.isStale, secret.ageMs], [true, 6 * minuteMs]);
        assert.deepEqual(events.slice(-2), [
          { kind: "failed", secretId: "db", code },
          { kind: "stale", secretId: "db", ageMs: 6 * minuteMs },
        ]);
      });
    }

    it("lets nobody wait again, asks again after a pause that grows, and takes the next answer", async () => {
      using bench = openCache({}, 0.999);
      const { cache, region, clock } = bench;
      region.put("db", "v1");
      await cache.get("db");
      region.set("db", refused("unreachable"));
      clock.advance(5 * minuteMs);
      await cache.get("db");
      region.hold();

      const counts: number[] = [];
      for (const ms of [998, 1]) {
        clock.advance(ms);
        assert.equal((await cache.get("db")).isStale, true, "nobody waits for what is held");
        counts.push(region.asked.length);
      }
      region.release();
      await settled();
      for (const ms of [1_997, 1]) {
        clock.advance(ms);
        await cache.get("db");
        await settled();
        counts.push(region.asked.length);
      }
      region.put("db", "v2");
      clock.advance(4_000);
      await cache.get("db");
      await settled();

      assert.deepEqual(counts, [2, 3, 3, 4]);
      const fresh = await cache.get("db");
      assert.deepEqual([fresh.versionId, fresh.isStale], ["v2", false]);
    });

    it("hands out nothing older than it may", async () => {
      using bench = openCache({ maxStaleMs: 10 * minuteMs });
      const { cache, region, clock } = bench;
      region.put("db", "v1");
      await cache.get("db");
      region.set("db", refused("unreachable"));
      clock.advance(10 * minuteMs);
      const last = await cache.get("db");
      clock.advance(1);

      const error = await failureOf(cache.get("db"));

      assert.equal(last.ageMs, 10 * minuteMs);
      assert.equal(error.code, "unreachable");
      assert.equal(cache.size, 0, "it is wiped, too");
    });

    it("fails when there never was a value", async () => {
      using bench = openCache();
      bench.region.set("db", refused("unreachable"));

      assert.equal((await failureOf(bench.cache.get("db"))).code, "unreachable");
      assert.equal((await failureOf(bench.cache.get("db"))).code, "unreachable");
      assert.equal(bench.region.asked.length, 2, "an outage is no answer that could be kept");
    });
  });

  describe("refusals", () => {
    const refusals: CallErrorCode[] = [
      "secret_not_found",
      "secret_deleted",
      "access_denied",
      "unrecognized_client",
      "decryption_failed",
    ];
    for (const code of refusals) {
      it(`ends a value on ${code}, and asks again after a moment`, async () => {
        using bench = openCache();
        const { cache, region, clock, events } = bench;
        region.put("db", "v1");
        await cache.get("db");
        region.set("db", refused(code));
        clock.advance(5 * minuteMs);

        const first = await failureOf(cache.get("db"));
        clock.advance(4_999);
        const second = await failureOf(cache.get("db"));
        const asked = region.asked.length;
        region.put("db", "v2");
        clock.advance(1);
        const back = await cache.get("db");

        assert.deepEqual([first.code, second.code, asked], [code, code, 2]);
        assert.equal(back.versionId, "v2");
        assert.ok(events.some(({ kind }) => kind === "refused"));
      });
    }

    it("hears of a secret that is made a moment after it was not there", async () => {
      using bench = openCache();
      const { cache, region } = bench;
      await failureOf(cache.get("db"));
      region.put("db", "v1");

      region.streams[0]?.changed("db");
      await settled();

      assert.equal((await cache.get("db")).versionId, "v1");
    });
  });
});
