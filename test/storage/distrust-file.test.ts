import { strict as assert } from "node:assert";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { distrust } from "../../src/storage/distrust-file.ts";
import { folderInMemory } from "../support/temporary-folder.ts";
import { live, openStore } from "./example-data.ts";

describe("distrust", () => {
  it("keeps whole data from being opened again, and says what was found first", async () => {
    await using folder = await folderInMemory();
    {
      await using store = await openStore(folder.path);
      await live(store, { first: 1, last: 5 });
    }

    distrust(folder.path, "after entry 1000 this node's state differs");
    distrust(folder.path, "after entry 2000 this node's state differs");

    for (let attempt = 0; attempt < 2; attempt += 1) {
      await assert.rejects(openStore(folder.path), (error) => {
        assert.ok(error instanceof CorruptionError, String(error));
        assert.match(
          error.message,
          /: after entry 1000 this node's state differs \(.*distrusted\)/,
        );
        return true;
      });
    }
  });

  it("holds when a crash has left nothing of its sentence, and until somebody removes it", async () => {
    await using folder = await folderInMemory();
    await (await openStore(folder.path))[Symbol.asyncDispose]();
    writeFileSync(join(folder.path, "distrusted"), "");

    await assert.rejects(openStore(folder.path), /its state differs from that of others/);

    rmSync(join(folder.path, "distrusted"));
    await (await openStore(folder.path))[Symbol.asyncDispose]();
  });
});
