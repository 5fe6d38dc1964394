import { strict as assert } from "node:assert";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { FloorFile } from "../../src/storage/floor-file.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("FloorFile", () => {
  it("is nothing where there is none", async () => {
    await using folder = await temporaryFolder();

    assert.equal(FloorFile.read(join(folder.path, "floor")), undefined);
  });

  it("vouches for nothing when it is made, and leaves nothing unfinished behind", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "floor");

    FloorFile.create(path);

    assert.equal(FloorFile.read(path), 0);
    assert.ok(!existsSync(`${path}.new`));
  });

  it("says the last count that was written, at once", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "floor");
    FloorFile.create(path);
    using file = FloorFile.open(path, 3);

    file.write(2 ** 40);

    assert.equal(FloorFile.read(path), 2 ** 40);
  });

  it("is refused when it was changed, cut or grown", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "floor");
    FloorFile.create(path);
    FloorFile.open(path, 300)[Symbol.dispose]();
    const whole = readFileSync(path);

    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const flipped = Uint8Array.from(whole);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(path, flipped);
      assert.throws(() => FloorFile.read(path), CorruptionError);
    }
    for (const other of [whole.subarray(0, 12), new Uint8Array(), Buffer.concat([whole, whole])]) {
      writeFileSync(path, other);
      assert.throws(() => FloorFile.read(path), CorruptionError);
    }
  });
});
