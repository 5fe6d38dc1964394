// The one source of randomness. Everything else is given an `Entropy`, so that a simulation can
// repeat every draw from its seed.
import { randomBytes, randomInt, randomUUID } from "node:crypto";

export interface Entropy {
  /** Fresh, unpooled bytes that the caller owns and may wipe. */
  bytes(count: number): Uint8Array;

  /** A whole number in `[0, below)`, without bias. */
  below(below: number): number;

  /** A version 4 UUID. */
  uuid(): string;
}

export const systemEntropy: Entropy = {
  bytes: (count) => new Uint8Array(randomBytes(count)),
  below: (below) => randomInt(below),
  uuid: () => randomUUID(),
};
