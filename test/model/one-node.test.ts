import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { compare } from "./compare.ts";
import { nodeInProcess } from "./node-in-process.ts";

const comparison = {
  open: nodeInProcess,
  choices: { time: "set", kills: false },
  calls: 1_000,
  again: (seed: number) => `npm run test:model -- --sequences 1 --seed ${seed}`,
} as const;

describe("one node and a simple model of the semantics", function () {
  this.timeout(120_000);

  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    it(`answer 1,000 random calls alike, from seed ${seed}`, async () => {
      const { answered, refused } = await compare(seed, comparison);

      // Neither all right nor all wrong: both kinds were met.
      assert.ok(refused > 200, `${refused} of ${answered} were refused`);
      assert.ok(answered - refused > 200, `${refused} of ${answered} were refused`);
    });
  }
});
