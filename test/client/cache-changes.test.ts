// What a cache does when it hears that secrets change.
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { arnOf, failureOf, openCache, refused, settled } from "./scripted-region.ts";

const minuteMs = 60_000;

describe("SecretCache, hearing", () => {
  describe("changes", () => {
    it("reads a secret again at once when it changes, by its name or its ARN", async () => {
      using bench = openCache();
      const { cache, region, events } = bench;
      const ids = ["db", arnOf("db"), arnOf("db").slice(0, -7)];
      region.put("db", "v1");
      for (const id of ids) await cache.get(id);
      region.put("db", "v2");

      region.streams[0]?.changed("db");
      await settled();

      assert.deepEqual(region.asked, [...ids, ...ids]);
      for (const id of ids) assert.equal((await cache.get(id)).versionId, "v2");
      assert.equal(region.asked.length, 6);
      assert.ok(events.some((event) => event.kind === "read" && event.cause === "changed"));
    });

    it("leaves other secrets alone", async () => {
      using bench = openCache();
      const { cache, region } = bench;
      region.put("db", "v1");
      await cache.get("db");

      for (const name of ["d", "db2", ""]) region.streams[0]?.changed(name);
      await settled();

      assert.deepEqual(region.asked, ["db"]);
    });

    it("gives nobody who asks after a change the value of before", async () => {
      using bench = openCache();
      const { cache, region } = bench;
      region.put("db", "v1");
      await cache.get("db");
      region.hold();
      region.put("db", "v2");
      region.streams[0]?.changed("db");
      await settled();

      const reading = cache.get("db");
      region.release();

      assert.equal((await reading).versionId, "v2");
      assert.equal(region.asked.length, 2);
    });

    for (const id of ["db", arnOf("db"), arnOf("db").slice(0, -7)]) {
      it(`reads again what changed while it was read as ${id}`, async () => {
        using bench = openCache();
        const { cache, region } = bench;
        region.put("other", "v1");
        await cache.get("other");
        region.streams[0]?.write({ heartbeat: { position: "p1" } });
        await settled();
        region.put("db", "v1");
        region.hold();
        const reading = cache.get(id);
        region.put("db", "v2");

        region.streams[0]?.changed("db");
        await settled();
        region.release();

        assert.equal((await reading).versionId, "v2");
        assert.deepEqual(region.asked, ["other", id, id]);
      });
    }

    it("does not follow for ever a secret that changes whenever it is read", async () => {
      using bench = openCache();
      const { cache, region } = bench;
      await failureOf(cache.get("other"));
      region.put("db", "v1");
      region.hold();
      const reading = cache.get("db");
      const progress = { isRead: false };
      void reading.then(() => {
        progress.isRead = true;
      });

      for (let count = 0; !progress.isRead && count < 20; count += 1) {
        region.streams[0]?.changed("db");
        await settled();
        region.release();
        region.hold();
        await settled();
      }

      assert.equal(progress.isRead, true);
      assert.equal(region.asked.filter((id) => id === "db").length, 3);
      region.release();
      await cache.get("db");
      assert.equal(region.asked.filter((id) => id === "db").length, 4, "it is known to be old");
    });

    it("does not read what nobody has asked for lately", async () => {
      using bench = openCache();
      const { cache, region, clock } = bench;
      region.put("db", "v1");
      await cache.get("db");
      clock.advance(5 * minuteMs);

      region.streams[0]?.changed("db");
      await settled();

      assert.deepEqual(region.asked, ["db"]);
    });

    it("takes every value for old when changes may have gone unheard", async () => {
      using bench = openCache();
      const { cache, region, events } = bench;
      region.put("db", "v1");
      await cache.get("db");
      const [stream] = region.streams;
      stream?.write({ heartbeat: { position: "p1" } });
      await settled();
      await cache.get("db");
      const afterStart = region.asked.length;

      stream?.write(refused("position_too_old"));
      await settled();
      await settled();
      region.streams[1]?.write({ heartbeat: { position: "p9" } });
      await settled();
      await cache.get("db");

      assert.equal(afterStart, 2, "what was read before the stream began may have changed");
      assert.equal(region.streams[1]?.options.position, undefined);
      assert.equal(region.asked.length, 3);
      assert.deepEqual(
        events.flatMap((event) => (event.kind === "watch" ? [event.state] : [])),
        ["live", "lost", "live"],
      );
    });

    it("reads again what is being read when changes may have gone unheard", async () => {
      using bench = openCache();
      const { cache, region } = bench;
      region.put("db", "v1");
      region.hold();
      const reading = cache.get("db");
      region.put("db", "v2");

      region.streams[0]?.write({ heartbeat: { position: "p1" } });
      await settled();
      region.release();

      assert.equal((await reading).versionId, "v2");
    });

    it("goes on where a stream broke off, and keeps what it has", async () => {
      using bench = openCache();
      const { cache, region } = bench;
      region.put("db", "v1");
      await cache.get("db");
      const [stream] = region.streams;
      stream?.write({ heartbeat: { position: "p1" } });
      await settled();
      await cache.get("db");
      stream?.changed("other", "p2");
      await settled();

      stream?.write("end");
      await settled();
      await settled();
      region.streams[1]?.write({ heartbeat: { position: "p3" } });
      await settled();
      await cache.get("db");

      assert.equal(region.streams[1]?.options.position, "p2");
      assert.equal(region.asked.length, 2);
    });

    it("tries to hear of changes less and less often while it cannot", async () => {
      using bench = openCache({}, 0.999);
      const { cache, region, waits } = bench;
      region.put("db", "v1");
      await cache.get("db");

      for (let count = 0; count < 12; count += 1) {
        region.streams.at(-1)?.write(refused("access_denied"));
        await settled();
        await settled();
      }

      const ceilings = [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000];
      assert.deepEqual(
        waits.slice(0, 10),
        ceilings.map((ms) => Math.floor(ms * 0.999)),
      );
    });

    it("watches the names it is told to, and nothing when it is told so", async () => {
      using some = openCache({ watchPrefixes: ["prod/"] });
      using none = openCache({ watch: "off" });
      for (const { cache } of [some, none]) await failureOf(cache.get("db"));

      assert.deepEqual(some.region.streams[0]?.options.namePrefixes, ["prod/"]);
      assert.equal(none.region.streams.length, 0);
    });

    it("reads a secret again the next time when it is told that it changed", async () => {
      using bench = openCache({ watch: "off" });
      const { cache, region } = bench;
      region.put("db", "v1");
      await cache.get("db");
      region.put("db", "v2");

      cache.invalidate("db");

      assert.equal(region.asked.length, 1);
      assert.equal((await cache.get("db")).versionId, "v2");
    });
  });
});
