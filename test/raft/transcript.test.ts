// The transcripts are the documentation of how nodes talk. `REWRITE=1 npm test` writes them anew:
// commit the difference only if you understand every line of it.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { packageFolder } from "../../src/base/package-folder.ts";
import { playTranscript } from "./transcript-player.ts";

const folder = join(packageFolder(), "test", "raft", "transcripts");

describe("transcript", () => {
  for (const name of readdirSync(folder).sort()) {
    it(`${name} is what the core does`, () => {
      const path = join(folder, name);
      const text = readFileSync(path, "utf8");

      const played = playTranscript(text);

      if (process.env["REWRITE"] === "1") writeFileSync(path, played);
      else assert.equal(played, text);
    });
  }

  it("does not pass when the core does something else", () => {
    const text = "cluster n1\n----\nn1 leader t9 log empty commit 0\n";

    assert.notEqual(playTranscript(text), text);
  });
});
