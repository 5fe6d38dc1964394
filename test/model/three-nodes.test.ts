import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { compare } from "./compare.ts";
import { threeNodes } from "./three-nodes.ts";

describe("three nodes whose leader is killed on the way, and the model", function () {
  this.timeout(180_000);

  it("answer 600 random calls alike", async () => {
    const { answered, refused } = await compare(101, {
      open: threeNodes,
      choices: { time: "real", kills: true },
      calls: 600,
      again: (seed) => `npm run test:model -- --nodes 3 --calls 600 --sequences 1 --seed ${seed}`,
      shrinks: false,
    });

    assert.ok(refused > 100 && answered - refused > 100, `${refused} of ${answered} were refused`);
  });
});
