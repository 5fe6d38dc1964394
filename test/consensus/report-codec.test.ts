import { strict as assert } from "node:assert";
import { describe, it } from "mocha";
import { logIndex } from "../../src/base/ids.ts";
import { decodeReport, encodeReport, type PeerReport } from "../../src/consensus/report-codec.ts";
import { internal, MalformedBytesError } from "../../src/storage/internal-codec.ts";

function sent(report: PeerReport): PeerReport {
  const bytes = internal.PeerFrame.encode(encodeReport(report)).finish();
  return decodeReport(internal.PeerFrame.decode(bytes).report ?? {});
}

describe("encodeReport", () => {
  for (const report of [
    { space: "enough", checkpoints: [] },
    { space: "low", checkpoints: [{ index: logIndex(1_000), digest: 0n }] },
    {
      space: "enough",
      checkpoints: [
        { index: logIndex(7_000), digest: 1n },
        { index: logIndex(8_000), digest: 2n ** 256n - 1n },
      ],
    },
  ] satisfies PeerReport[]) {
    it(`comes back from decodeReport as it was: ${report.checkpoints.length}, ${report.space}`, () => {
      assert.deepEqual(sent(report), report);
    });
  }
});

describe("decodeReport", () => {
  for (const [what, fields] of [
    ["a digest that is too short", { checkpoints: [{ index: 1_000, digest: new Uint8Array(31) }] }],
    ["a digest that is missing", { checkpoints: [{ index: 1_000 }] }],
    [
      "an index that is no safe integer",
      { checkpoints: [{ index: 2 ** 60, digest: new Uint8Array(32) }] },
    ],
    [
      "more checkpoints than anybody tells",
      { checkpoints: Array.from({ length: 17 }, () => ({ index: 1, digest: new Uint8Array(32) })) },
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => decodeReport({ ...fields, checkpoints: [...fields.checkpoints] }), {
        name: MalformedBytesError.name,
      });
    });
  }
});
