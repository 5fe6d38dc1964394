// Data whose every row is well made, and which is not what was written all the same.
import { strict as assert } from "node:assert";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { hex } from "../../src/base/bytes.ts";
import { logIndex, term } from "../../src/base/ids.ts";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { DiskError, openDatabase, type Change, type Database } from "../../src/storage/database.ts";
import { rootChain, storeEntry } from "../../src/storage/entry-codec.ts";
import { FloorFile } from "../../src/storage/floor-file.ts";
import { frame, unframe } from "../../src/storage/frame.ts";
import { decodeHead, encodeHead } from "../../src/storage/head-row.ts";
import {
  appliedKey,
  entryKey,
  firstGeneration,
  headKey,
  identityKey,
  secretRowKey,
  stateKey,
} from "../../src/storage/keys.ts";
import { NodeStore } from "../../src/storage/node-store.ts";
import { Pace } from "../../src/storage/pace.ts";
import { folderInMemory } from "../support/temporary-folder.ts";
import { flush, live, nameOf, openStore, optionsFor } from "./example-data.ts";

function secretKey(place: number): Uint8Array {
  return stateKey(firstGeneration, secretRowKey(nameOf(place)));
}

function rowAt(database: Database, key: Uint8Array): Uint8Array {
  const row = database.get(key);
  assert.ok(row !== undefined, `there is a row ${hex(key)}`);
  return row;
}

function put(key: Uint8Array, value: Uint8Array): Change {
  return { type: "put", key, value };
}

/** A row with the checksum that its new place asks for. */
function moved(database: Database, from: Uint8Array, to: Uint8Array): Change {
  return put(to, frame(to, unframe(from, rowAt(database, from), "a row")));
}

const tampering: Readonly<
  Record<
    string,
    { readonly changes: (database: Database) => readonly Change[]; readonly says: RegExp }
  >
> = {
  "an entry is missing": {
    changes: () => [{ type: "del", key: entryKey(logIndex(9)) }],
    says: /the log has a gap \(log entry 9\)/,
  },
  "the first entry is missing": {
    changes: () => [{ type: "del", key: entryKey(logIndex(1)) }],
    says: /the log has a gap \(log entry 1\)/,
  },
  "the last entry is missing": {
    changes: () => [{ type: "del", key: entryKey(logIndex(20)) }],
    says: /the log ends at entry 19, and it was written up to 20/,
  },
  "there is an entry too many": {
    changes: (database) => {
      const { lastChain } = decodeHead(unframe(headKey, rowAt(database, headKey), "the head"));
      const entry = { index: logIndex(21), term: term(1), kind: "empty" as const };
      const { bytes } = storeEntry(lastChain, { ...entry, payload: new Uint8Array() });
      return [put(entryKey(entry.index), frame(entryKey(entry.index), bytes))];
    },
    says: /the log ends at entry 21, and it was written up to 20/,
  },
  "an entry far beyond the end is left over": {
    changes: (database) => [moved(database, entryKey(logIndex(3)), entryKey(logIndex(500)))],
    says: /the log has a gap/,
  },
  "two entries are swapped": {
    changes: (database) => [
      moved(database, entryKey(logIndex(4)), entryKey(logIndex(5))),
      moved(database, entryKey(logIndex(5)), entryKey(logIndex(4))),
    ],
    says: /an entry does not follow on the one before \(log entry 4\)/,
  },
  "an entry is another, well chained": {
    changes: () => {
      const key = entryKey(logIndex(1));
      const entry = { index: logIndex(1), term: term(1), kind: "empty" as const };
      const { bytes } = storeEntry(rootChain, { ...entry, payload: new Uint8Array() });
      return [put(key, frame(key, bytes))];
    },
    says: /an entry does not follow on the one before \(log entry 2\)/,
  },
  "a row stands under another key": {
    changes: (database) => [put(secretKey(3), rowAt(database, secretKey(4)))],
    says: /a row does not match its checksum \(a state row, key 20/,
  },
  "two rows are swapped": {
    changes: (database) => [
      moved(database, secretKey(3), secretKey(4)),
      moved(database, secretKey(4), secretKey(3)),
    ],
    says: /the state rows do not add up/,
  },
  "a row is missing": {
    changes: () => [{ type: "del", key: secretKey(3) }],
    says: /the state rows do not add up/,
  },
  "a row is there twice, under a name that nobody gave": {
    changes: (database) => [moved(database, secretKey(3), secretKey(999))],
    says: /the state rows do not add up/,
  },
  "a row is an older one": {
    changes: (database) => [moved(database, secretKey(3), secretKey(4))],
    says: /the state rows do not add up/,
  },
  "the head is missing": {
    changes: () => [{ type: "del", key: headKey }],
    says: /a row that is always there is missing \(the head\)/,
  },
  "the applied row is missing": {
    changes: () => [{ type: "del", key: appliedKey(firstGeneration) }],
    says: /a row that is always there is missing \(the applied index\)/,
  },
  "the identity is missing": {
    changes: () => [{ type: "del", key: identityKey }],
    says: /the node's identity is missing/,
  },
  "the head is an older one": {
    changes: (database) => {
      const head = decodeHead(unframe(headKey, rowAt(database, headKey), "the head"));
      return [put(headKey, frame(headKey, encodeHead({ ...head, batch: head.batch - 2 })))];
    },
    says: /the last 2 of \d+ batches that were written are gone/,
  },
  "the log ends before the state": {
    changes: (database) => {
      const head = decodeHead(unframe(headKey, rowAt(database, headKey), "the head"));
      const shorter = { ...head, lastIndex: logIndex(0), lastChain: rootChain };
      const entries = Array.from({ length: 20 }, (_, place): Change => {
        return { type: "del", key: entryKey(logIndex(place + 1)) };
      });
      return [...entries, put(headKey, frame(headKey, encodeHead(shorter)))];
    },
    says: /the state is not within the log/,
  },
  "a row is of a format that is not known": {
    changes: (database) => {
      const row = Uint8Array.from(rowAt(database, secretKey(3)));
      row[0] = 9;
      return [put(secretKey(3), row)];
    },
    says: /a row has the unknown format 9/,
  },
  "the head makes no sense": {
    changes: () => [put(headKey, frame(headKey, Uint8Array.of(0x12, 0xff)))],
    says: /Cannot read the head row: the bytes are malformed/,
  },
};

/** What only the sum of all rows tells: they themselves, and the files, are well made. */
const seenByTheWalk = new Set([
  "a row stands under another key",
  "two rows are swapped",
  "a row is missing",
  "a row is there twice, under a name that nobody gave",
  "a row is an older one",
  "a row is of a format that is not known",
]);

async function tampered(changes: (database: Database) => readonly Change[]) {
  const folder = await folderInMemory();
  {
    await using store = await openStore(folder.path);
    await live(store, { first: 1, last: 20 });
  }
  const database = await openDatabase(join(folder.path, "db"));
  await database.write(changes(database));
  await database.close();
  return folder;
}

function unhurried(): Pace {
  return new Pace({ bytesPerSecond: 1e12, monotonicMs: () => 0, pause: () => Promise.resolve() });
}

/** As a node whose store is too large to be walked before it serves. */
function openUnwalked(directory: string): Promise<NodeStore> {
  return NodeStore.open({ ...optionsFor(directory), walkedAtStart: 0 }, () => undefined);
}

describe("opening a node's data", () => {
  for (const [what, { changes, says }] of Object.entries(tampering)) {
    it(`is refused when ${what}`, async () => {
      await using folder = await tampered(changes);

      await assert.rejects(openStore(folder.path), (error) => {
        assert.ok(error instanceof CorruptionError, String(error));
        assert.match(error.message, says);
        return true;
      });
      // The data is closed again, and no opening repairs it.
      await assert.rejects(openStore(folder.path), CorruptionError);
    });
  }

  it("reads the state rows first, if there are no more of them than it is told", async () => {
    await using folder = await tampered(() => []);
    const open = async (walkedAtStart: number) => {
      const options = { ...optionsFor(folder.path), walkedAtStart };
      await using store = await NodeStore.open(options, () => undefined);
      return { isWalked: store.isWalked, rowCount: store.state.applied.rowCount };
    };
    const { rowCount } = await open(Infinity);

    assert.equal((await open(rowCount)).isWalked, true);
    assert.equal((await open(rowCount - 1)).isWalked, false);
  });

  it("is refused, now and later, when the floor file is gone", async () => {
    await using folder = await folderInMemory();
    await (await openStore(folder.path))[Symbol.asyncDispose]();
    rmSync(join(folder.path, "floor"));

    await assert.rejects(openStore(folder.path), /the floor file is missing/);
    await assert.rejects(openStore(folder.path), /the floor file is missing/);
  });

  it("is refused, now and later, when the database is gone", async () => {
    await using folder = await folderInMemory();
    await (await openStore(folder.path))[Symbol.asyncDispose]();
    rmSync(join(folder.path, "db"), { recursive: true });

    await assert.rejects(openStore(folder.path), /the database is missing/);
    await assert.rejects(openStore(folder.path), /the database is missing/);
  });

  it("is refused when the database is an older copy", async () => {
    await using folder = await folderInMemory();
    const older = join(folder.path, "older");
    const node = join(folder.path, "node");
    {
      await using store = await openStore(node);
      await live(store, { first: 1, last: 5 });
    }
    cpSync(join(node, "db"), older, { recursive: true });
    {
      await using store = await openStore(node);
      await flush(store);
    }
    rmSync(join(node, "db"), { recursive: true });
    cpSync(older, join(node, "db"), { recursive: true });

    await assert.rejects(openStore(node), /the last 1 of \d+ batches that were written are gone/);
  });

  it("begins anew when its very first start did not get as far as a batch", async () => {
    await using folder = await folderInMemory();
    await (await openStore(folder.path))[Symbol.asyncDispose]();
    const begun = join(folder.path, "begun");
    mkdirSync(begun);
    FloorFile.create(join(begun, "floor"));
    writeFileSync(join(begun, "floor.new"), "half");
    mkdirSync(join(begun, "db"));

    await using store = await openStore(begun);

    assert.equal(store.log.lastIndex, 0);
  });

  it("is no word on the data when the disk refuses", async () => {
    await using folder = await folderInMemory();
    await (await openStore(folder.path))[Symbol.asyncDispose]();
    rmSync(join(folder.path, "db", "LOCK"));
    mkdirSync(join(folder.path, "db", "LOCK"));

    await assert.rejects(openStore(folder.path), DiskError);
  });
});

describe("opening a large node's data, whose state rows are read afterwards", () => {
  for (const [what, { changes, says }] of Object.entries(tampering)) {
    const isLater = seenByTheWalk.has(what);
    it(`is ${isLater ? "found out by the walk" : "refused at once"} when ${what}`, async () => {
      await using folder = await tampered(changes);
      const isCorrupt = (error: unknown): boolean => {
        assert.ok(error instanceof CorruptionError, String(error));
        assert.match(error.message, says);
        return true;
      };

      if (!isLater) {
        await assert.rejects(openUnwalked(folder.path), isCorrupt);
        return;
      }
      await using store = await openUnwalked(folder.path);

      await assert.rejects(store.scrub(unhurried()), isCorrupt);
    });
  }

  it("finds nothing in whole data, and goes on as if it had been read at once", async () => {
    await using folder = await tampered(() => []);
    await using store = await openUnwalked(folder.path);

    const { rows } = await store.scrub(unhurried());
    await live(store, { first: 21, last: 30 });

    assert.ok(rows > 0);
    await store.scrub(unhurried());
  });
});
