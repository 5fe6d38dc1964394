import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { fuzzedFleet } from "./fuzzed-fleet.ts";
import { fuzzWires } from "./wire-fuzz.ts";

/** `npm run fuzz -- --target wire` sends more. */
const inputs = 600;

describe("bytes that nobody should send, over the wires of a node", () => {
  it("are answered or hung up on, and the node lives on", async () => {
    await using fleet = await fuzzedFleet();
    const before = await fleet.pid();

    const { answers, seconds } = await fuzzWires(fleet.node, { seed: 20_261_122, inputs });

    const shown = [...answers].map(([kind, count]) => `${kind} ${count}`).join(", ");
    console.log(`      ${inputs} connections in ${seconds.toFixed(1)} s: ${shown}`);
    assert.equal(await fleet.pid(), before);
    assert.deepEqual(fleet.troubles(), []);
    assert.ok((answers.get("http/1.1 200") ?? 0) > 0, "some of them are as they should be");
    assert.ok((answers.get("http/1.1 400") ?? 0) > 0);
    assert.ok((answers.get("h2 frames") ?? 0) > 0);
  }).timeout(300_000);
});
