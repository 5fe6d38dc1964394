import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { callerNetwork } from "../../src/server/caller-network.ts";

const rows: readonly (readonly [address: string | undefined, network: string])[] = [
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::FFFF:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:DB8:1:2::1", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["2001:db8::3:4:5:6:7", "2001:db8:0:3::/64"],
  ["2001:db8:1::2:3:4", "2001:db8:1:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  [undefined, ""],
];

describe("callerNetwork", () => {
  for (const [address, network] of rows) {
    it(`of ${String(address)} is ${network}`, () => {
      assert.equal(callerNetwork(address), network);
    });
  }
});
