import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { epochMs } from "../../../src/base/ids.ts";
import {
  formatSignedTime,
  parseSignedTime,
  skewReason,
} from "../../../src/server/http/signed-time.ts";

const noon = Date.UTC(2026, 10, 22, 12, 0, 0);
const minute = 60_000;

describe("parseSignedTime", () => {
  it("reads the basic format of ISO 8601", () => {
    assert.equal(parseSignedTime("20261122T120000Z"), noon);
    assert.equal(formatSignedTime(noon + 999), "20261122T120000Z");
  });

  const refused = [
    "",
    "20261122T120000",
    "20261122T120000z",
    "20261122t120000Z",
    "20261122 120000Z",
    "2026-11-22T12:00:00Z",
    "20261122T120000.000Z",
    "20261322T120000Z",
    "20260230T120000Z",
    "20261122T240000Z",
    "20261122T126000Z",
    "20261122T120060Z",
    "19691122T120000Z",
    "20261122T120000Z ",
    "020261122T120000Z",
    "Sun, 22 Nov 2026 12:00:00 GMT",
    "1795348800",
  ];
  for (const text of refused) {
    it(`reads no time in "${text}"`, () => {
      assert.equal(parseSignedTime(text), undefined);
    });
  }
});

describe("skewReason", () => {
  const now = epochMs(noon);

  it("allows five minutes either way", () => {
    for (const offset of [0, -5 * minute, 5 * minute]) {
      assert.equal(skewReason(epochMs(noon + offset), now), undefined);
      assert.equal(skewReason(epochMs(noon + offset), epochMs(noon + 999)), undefined);
    }
  });

  it("says in the words of AWS what is too old", () => {
    assert.equal(
      skewReason(epochMs(noon - 5 * minute - 1000), now),
      "Signature expired: 20261122T115459Z is now earlier than 20261122T115500Z " +
        "(20261122T120000Z - 5 min.)",
    );
  });

  it("says in the words of AWS what is too early", () => {
    assert.equal(
      skewReason(epochMs(noon + 5 * minute + 1000), now),
      "Signature not yet current: 20261122T120501Z is still later than 20261122T120500Z " +
        "(20261122T120000Z + 5 min.)",
    );
  });
});
