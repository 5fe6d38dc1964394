// Chance that repeats itself: the same seed draws the same bytes, numbers and UUIDs.
import { createHash } from "node:crypto";
import type { Entropy } from "../../src/base/entropy.ts";

/** Draws SHA-256 of the seed and a counter. For tests and fixtures; anybody can predict it. */
export function numberedEntropy(seed: string): Entropy {
  let block = 0;
  const bytes = (count: number): Uint8Array => {
    const drawn = new Uint8Array(count);
    for (let at = 0; at < count; at += 32) {
      const digest = createHash("sha256")
        .update(`${seed}/${String(block)}`)
        .digest();
      drawn.set(digest.subarray(0, Math.min(32, count - at)), at);
      block += 1;
    }
    return drawn;
  };
  return {
    bytes,
    below: (limit) => Buffer.from(bytes(6)).readUIntBE(0, 6) % limit,
    uuid: () => {
      const digits = Buffer.from(bytes(16)).toString("hex");
      return digits.replace(
        /^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/,
        (_, ...parts: string[]) =>
          `${parts[0] ?? ""}-${parts[1] ?? ""}-4${parts[2] ?? ""}-a${parts[3] ?? ""}-${parts[4] ?? ""}`,
      );
    },
  };
}
