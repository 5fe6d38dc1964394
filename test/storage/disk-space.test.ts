import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, it } from "mocha";
import { DiskError } from "../../src/storage/database.ts";
import {
  DiskSpace,
  diskSizeAt,
  spaceAfter,
  spaceLimitsFor,
  usualSpace,
  type DiskSize,
} from "../../src/storage/disk-space.ts";
import { StorageWriteError } from "../../src/storage/node-store.ts";
import { folderInMemory } from "../support/temporary-folder.ts";
import { flush, live, openStore } from "./example-data.ts";

const mebibyte = 1024 * 1024;
const gibibyte = 1024 * mebibyte;

describe("spaceLimitsFor", () => {
  for (const [total, reserveMiB, lowMiB] of [
    [100 * gibibyte, 64, 256],
    [2 * gibibyte, 64, 204.8],
    [gibibyte, 51.2, 102.4],
    [256 * mebibyte, 24, 32],
    [96 * mebibyte, 24, 24],
    [32 * mebibyte, 8, 8],
  ] as const) {
    it(`sets ${reserveMiB} MiB aside on a disk of ${total / mebibyte}, and is low at ${lowMiB}`, () => {
      assert.deepEqual(spaceLimitsFor(total, usualSpace), {
        reserveBytes: Math.floor(reserveMiB * mebibyte),
        lowBytes: Math.floor(lowMiB * mebibyte),
      });
    });
  }

  it("never takes more than it was told to", () => {
    const told = { reserveBytes: 5, lowBytes: 7 };

    assert.deepEqual(spaceLimitsFor(gibibyte, told), told);
  });
});

describe("spaceAfter", () => {
  const limits = { reserveBytes: 10, lowBytes: 100 };
  for (const [before, free, after] of [
    ["enough", 100, "enough"],
    ["enough", 99, "low"],
    ["low", 100, "low"],
    ["low", 124, "low"],
    ["low", 125, "enough"],
    ["enough", 0, "low"],
  ] as const) {
    it(`is ${after} with ${free} free after it was ${before}`, () => {
      assert.equal(spaceAfter(before, free, limits), after);
    });
  }
});

/** A disk of which the test says how full it is. */
class Gauge {
  freeBytes = 10_000_000;
  totalBytes = 20_000_000;
  asked = 0;

  readonly sizeAt = (): Promise<DiskSize> => {
    this.asked += 1;
    return Promise.resolve({ freeBytes: this.freeBytes, totalBytes: this.totalBytes });
  };
}

const small = { reserveBytes: 1_000_000, lowBytes: 2_000_000 };

describe("DiskSpace", () => {
  it("sets its reserve aside, written from end to end, when there is room", async () => {
    await using folder = await folderInMemory();
    const gauge = new Gauge();
    const space = await DiskSpace.prepare({
      directory: folder.path,
      settings: small,
      sizeAt: gauge.sizeAt,
    });

    assert.equal(await space.look(), "enough");

    const { size, blocks } = statSync(join(folder.path, "reserve"));
    assert.equal(size, 1_000_000);
    assert.ok(blocks * 512 >= size, "it has no holes");
    assert.ok(!existsSync(join(folder.path, "reserve.new")));
  });

  it("makes no reserve that would leave too little room besides", async () => {
    await using folder = await folderInMemory();
    const gauge = new Gauge();
    gauge.freeBytes = 3_400_000;
    const parts = { directory: folder.path, settings: small, sizeAt: gauge.sizeAt };
    const space = await DiskSpace.prepare(parts);

    assert.equal(await space.look(), "enough");

    assert.ok(!existsSync(join(folder.path, "reserve")));
  });

  it("keeps the reserve while it runs, however little is left, and gives it up at a start", async () => {
    await using folder = await folderInMemory();
    const reserve = join(folder.path, "reserve");
    const gauge = new Gauge();
    const parts = { directory: folder.path, settings: small, sizeAt: gauge.sizeAt };
    const space = await DiskSpace.prepare(parts);
    await space.look();

    gauge.freeBytes = 0;
    assert.equal(await space.look(), "low");
    assert.ok(existsSync(reserve));

    // With room enough to open, a start keeps it too.
    gauge.freeBytes = small.reserveBytes;
    await DiskSpace.prepare(parts);
    assert.ok(existsSync(reserve));

    gauge.freeBytes = small.reserveBytes - 1;
    await DiskSpace.prepare(parts);
    assert.ok(!existsSync(reserve));
  });

  it("makes the reserve again when there is room again", async () => {
    await using folder = await folderInMemory();
    const gauge = new Gauge();
    gauge.freeBytes = 0;
    const parts = { directory: folder.path, settings: small, sizeAt: gauge.sizeAt };
    const space = await DiskSpace.prepare(parts);
    assert.equal(await space.look(), "low");

    gauge.freeBytes = 10_000_000;
    assert.equal(await space.look(), "enough");

    assert.ok(existsSync(join(folder.path, "reserve")));
  });

  it("asks a disk that hangs once, and not again while it does", async () => {
    await using folder = await folderInMemory();
    let answer: (size: DiskSize) => void = () => undefined;
    let asked = 0;
    const sizeAt = (): Promise<DiskSize> => {
      asked += 1;
      if (asked === 1) return Promise.resolve({ freeBytes: 1e9, totalBytes: 1e10 });
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    const space = await DiskSpace.prepare({ directory: folder.path, settings: small, sizeAt });

    const first = space.look();
    assert.equal(await space.look(), "enough");
    answer({ freeBytes: 0, totalBytes: 1e10 });

    assert.equal(await first, "low");
    assert.equal(asked, 2);
  });

  it("is a failing disk's error when the disk cannot be asked", async () => {
    const sizeAt = (): Promise<DiskSize> =>
      Promise.reject(Object.assign(new Error("i/o error"), { code: "EIO" }));
    await using folder = await folderInMemory();

    await assert.rejects(
      DiskSpace.prepare({ directory: folder.path, settings: small, sizeAt }),
      (error) => error instanceof DiskError && error.message.includes("EIO"),
    );
  });

  it("measures a real disk", async () => {
    await using folder = await folderInMemory();

    const { freeBytes, totalBytes } = await diskSizeAt(folder.path);

    assert.ok(freeBytes > 0 && freeBytes <= totalBytes, `${freeBytes} of ${totalBytes}`);
  });
});

const isRoot = process.geteuid?.() === 0;

describe("a disk that fills up", function () {
  this.timeout(60_000);

  before(function () {
    if (isRoot) return;
    assert.ok(process.env["CI"] === undefined, "a small disk is mounted as root: CI must be root");
    console.log("      skipped: only root can mount a small disk");
    this.skip();
  });

  it("ends in an error of storage, and opens again when the reserve is given up", async () => {
    using disk = smallDisk(96);
    const directory = join(disk.path, "node");
    const parts = { directory, settings: usualSpace, sizeAt: diskSizeAt };
    const space = await DiskSpace.prepare(parts);
    let last = 0;
    {
      await using store = await openStore(directory);
      await space.look();
      assert.equal(statSync(join(directory, "reserve")).size, 24 * mebibyte);
      await live(store, { first: 1, last: 100 });
      // Somebody else fills the disk.
      assert.equal(await space.look(), "enough");
      fill(join(disk.path, "other"));
      assert.equal(await space.look(), "low");

      const filling = async (): Promise<void> => {
        for (;;) {
          await live(store, { first: store.log.lastIndex + 1, last: store.log.lastIndex + 100 });
          last = store.log.lastIndex;
        }
      };
      await assert.rejects(filling(), StorageWriteError);
      // There is no second try on the same database.
      await assert.rejects(flush(store), StorageWriteError);
    }
    // With the reserve in place it cannot even be opened: LevelDB begins a new log.
    await assert.rejects(openStore(directory), DiskError);

    const again = await DiskSpace.prepare(parts);

    assert.ok(!existsSync(join(directory, "reserve")));
    {
      await using store = await openStore(directory);
      assert.ok(store.log.lastIndex >= last, "nothing acknowledged is lost");
      assert.equal(await again.look(), "low");
      await flush(store);
      rmSync(join(disk.path, "other"));
      assert.equal(await again.look(), "enough");
      assert.equal(statSync(join(directory, "reserve")).size, 24 * mebibyte);
    }
  });

  it("ends in an error of storage when it can only be read any more", async () => {
    using disk = smallDisk(64);
    const directory = join(disk.path, "node");
    const store = await openStore(directory);
    await live(store, { first: 1, last: 20 });
    await store[Symbol.asyncDispose]();
    execFileSync("mount", ["-o", "remount,ro", disk.path]);

    await assert.rejects(openStore(directory), DiskError);

    execFileSync("mount", ["-o", "remount,rw", disk.path]);
    await using again = await openStore(directory);
    assert.equal(again.log.lastIndex, 20);
  });
});

interface SmallDisk extends Disposable {
  readonly path: string;
}

function smallDisk(sizeMiB: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), "holdfast-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${String(sizeMiB)}m`, "tmpfs", path]);
  return {
    path,
    [Symbol.dispose]: () => {
      execFileSync("umount", ["-l", path]);
      rmSync(path, { recursive: true });
    },
  };
}

/** Until nothing more goes in. */
function fill(path: string): void {
  try {
    for (let at = 0; ; at += 1) writeFileSync(path, new Uint8Array(mebibyte / 4), { flag: "a" });
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
  }
}
