import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { CacheShelf, type Entry } from "../../src/client/cache-shelf.ts";
import { KeptValue } from "../../src/client/cached-secret.ts";

function entryOf(secretId: string, size = 10): Entry & { readonly value: KeptValue } {
  const answer = {
    name: secretId,
    arn: `arn:${secretId}`,
    versionId: "v1",
    secretBinary: new Uint8Array(size).fill(7),
    versionStages: [],
  };
  const value = new KeptValue(answer, 0);
  return { asked: { secretId }, value, expiresAt: 0, failures: 0, retryAt: 0, askedAt: 0 };
}

/** What anybody would get who were handed the value now. */
function bytesOf(value: KeptValue): readonly number[] {
  const secret = value.handOut({ ageMs: 0, isStale: false });
  return [...new Set(secret.secretBinary)];
}

function shelfOf(maxEntries: number): CacheShelf {
  return new CacheShelf({ maxEntries, maxBytes: 100_000, onEvicted: () => undefined });
}

describe("CacheShelf", () => {
  const ends: [what: string, end: (shelf: CacheShelf, entry: Entry) => void][] = [
    [
      "is dropped",
      (shelf) => {
        shelf.drop("a");
      },
    ],
    [
      "is evicted",
      (shelf) => {
        shelf.keep("b", entryOf("b"));
      },
    ],
    [
      "is replaced",
      (shelf) => {
        shelf.keep("a", entryOf("a"));
      },
    ],
    [
      "is forgotten",
      (shelf, { asked }) => {
        shelf.keep("a", { asked, expiresAt: 0, failures: 0, retryAt: 0, askedAt: 0 });
      },
    ],
    [
      "is there when the shelf ends",
      (shelf) => {
        shelf[Symbol.dispose]();
      },
    ],
  ];
  for (const [what, end] of ends) {
    it(`wipes a value that ${what}`, () => {
      const shelf = shelfOf(1);
      const entry = entryOf("a");
      shelf.keep("a", entry);
      assert.deepEqual(bytesOf(entry.value), [7]);

      end(shelf, entry);

      assert.deepEqual(bytesOf(entry.value), [0]);
    });
  }

  it("does not wipe a value of which it learns something new", () => {
    const shelf = shelfOf(1);
    const entry = entryOf("a");
    shelf.keep("a", entry);

    shelf.keep("a", { ...entry, failures: 1 });

    assert.deepEqual(bytesOf(entry.value), [7]);
    assert.equal(shelf.find("a")?.failures, 1);
  });

  it("finds nothing under the name that a secret had before", () => {
    const shelf = shelfOf(2);
    shelf.keep("key", entryOf("before"));

    shelf.keep("key", entryOf("after"));

    assert.deepEqual([shelf.under("before").length, shelf.under("after").length], [0, 1]);
  });

  it("finds nothing any more under the names of what is gone", () => {
    const shelf = shelfOf(2);
    shelf.keep("a", entryOf("a"));
    shelf.keep("b", entryOf("b"));

    shelf.drop("a");

    assert.deepEqual([shelf.under("a"), shelf.under("arn:a")], [[], []]);
    assert.equal(shelf.under("arn:b").length, 1);
  });
});
