// A value that the target does not accept is read again: once, and not too often.
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { openCache, refused, settled, type CacheBench } from "./scripted-region.ts";

describe("SecretCache", () => {
  describe("withFreshOnAuthFailure", () => {
    const wrongPassword = new Error("password authentication failed");
    const isAuthFailure = (error: unknown): boolean => error === wrongPassword;

    /** A target that takes one password, and notes which it was shown. */
    function target(accepted: string) {
      const shown: string[] = [];
      const use = ({ secretString }: { readonly secretString: string | undefined }): string => {
        shown.push(secretString ?? "");
        if (secretString !== accepted) throw wrongPassword;
        return "let in";
      };
      return { shown, use };
    }

    async function openStale(bench: CacheBench): Promise<void> {
      bench.region.put("db", "v1");
      await bench.cache.get("db");
      bench.region.put("db", "v2");
    }

    it("uses the value that is there when it is accepted", async () => {
      using bench = openCache();
      await openStale(bench);
      const { shown, use } = target("value of v1");

      assert.equal(await bench.cache.withFreshOnAuthFailure("db", use, isAuthFailure), "let in");
      assert.deepEqual(shown, ["value of v1"]);
      assert.deepEqual(bench.region.asked, ["db"]);
    });

    it("reads again once and uses the new value when the old one is not accepted", async () => {
      using bench = openCache();
      await openStale(bench);
      const { shown, use } = target("value of v2");

      assert.equal(await bench.cache.withFreshOnAuthFailure("db", use, isAuthFailure), "let in");
      assert.deepEqual(shown, ["value of v1", "value of v2"]);
      assert.ok(
        bench.events.some((event) => event.kind === "read" && event.cause === "auth_failure"),
      );
    });

    it("reads once for all who are refused together, and lets all of them in", async () => {
      using bench = openCache();
      await openStale(bench);
      const { use } = target("value of v2");

      const results = await Promise.all(
        Array.from({ length: 40 }, () =>
          bench.cache.withFreshOnAuthFailure("db", use, isAuthFailure),
        ),
      );

      assert.deepEqual(new Set(results), new Set(["let in"]));
      assert.deepEqual(bench.region.asked, ["db", "db"]);
    });

    it("lets in who was refused after another had the new value read, without reading again", async () => {
      using bench = openCache();
      await openStale(bench);
      const { use } = target("value of v2");
      let refuse: () => void = () => undefined;
      const slow = bench.cache.withFreshOnAuthFailure(
        "db",
        async (secret) => {
          const { secretString } = secret;
          if (secretString !== "value of v2") {
            await new Promise<void>((resolve) => {
              refuse = resolve;
            });
          }
          return use({ secretString });
        },
        isAuthFailure,
      );
      await settled();
      await bench.cache.withFreshOnAuthFailure("db", use, isAuthFailure);

      refuse();

      assert.equal(await slow, "let in");
      assert.deepEqual(bench.region.asked, ["db", "db"]);
    });

    it("does not try the same version twice: targets count failures", async () => {
      using bench = openCache();
      bench.region.put("db", "v1");
      const { shown, use } = target("another");

      await assert.rejects(
        bench.cache.withFreshOnAuthFailure("db", use, isAuthFailure),
        wrongPassword,
      );
      assert.deepEqual(shown, ["value of v1"]);
      assert.deepEqual(bench.region.asked, ["db", "db"]);
    });

    it("does not hammer the region with a password that is simply wrong", async () => {
      using bench = openCache();
      bench.region.put("db", "v1");
      bench.region.put("other", "v1");
      const { use } = target("another");
      const fail = async (name: string, times: number): Promise<void> => {
        for (let count = 0; count < times; count += 1) {
          await assert.rejects(
            bench.cache.withFreshOnAuthFailure(name, use, isAuthFailure),
            wrongPassword,
          );
        }
      };

      await fail("db", 100);
      const after100 = bench.region.asked.length;
      bench.clock.advance(4_999);
      await fail("db", 100);
      const before5s = bench.region.asked.length;
      await fail("other", 1);
      bench.clock.advance(1);
      await fail("db", 100);

      assert.deepEqual([after100, before5s], [2, 2]);
      assert.deepEqual(bench.region.asked.slice(2), ["other", "other", "db"]);
    });

    it("throws other failures on as they are", async () => {
      using bench = openCache();
      bench.region.put("db", "v1");
      const broken = new Error("connection reset");

      await assert.rejects(
        bench.cache.withFreshOnAuthFailure("db", () => Promise.reject(broken), isAuthFailure),
        broken,
      );
      assert.deepEqual(bench.region.asked, ["db"]);
    });

    it("tells what the target said when the region cannot be asked", async () => {
      using bench = openCache();
      await openStale(bench);
      bench.region.set("db", refused("unreachable"));
      const { use, shown } = target("value of v2");

      await assert.rejects(
        bench.cache.withFreshOnAuthFailure("db", use, isAuthFailure),
        wrongPassword,
      );
      assert.deepEqual(shown, ["value of v1"]);
    });

    it("wipes the value when its user is done", async () => {
      using bench = openCache();
      bench.region.put("db", "v1");

      const secret = await bench.cache.withFreshOnAuthFailure("db", (one) => one, isAuthFailure);

      assert.throws(() => secret.secretString, /The value of db was wiped/);
    });
  });
});
