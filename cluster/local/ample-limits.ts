// Limits for nodes that are asked more than AWS would allow: for tests and measurements of anything
// else than the limits themselves.
import { mkdirSync, writeFileSync } from "node:fs";
import type { ConfigurationFile } from "../../src/server/config.ts";
import { defaultRequestRates } from "../../src/services/rate-limits.ts";
import { placesOf } from "./places.ts";

const most = 1_000_000;

export const ampleLimits: NonNullable<ConfigurationFile["limits"]> = {
  requestsPerSecond: Object.fromEntries(
    Object.keys(defaultRequestRates).map((group) => [group, most]),
  ),
  failedSignIns: { perMinute: most },
};

/** For the nodes of a fleet that is yet to be founded in this home. */
export function giveAmpleLimits(home: string): void {
  mkdirSync(home, { recursive: true });
  writeFileSync(placesOf(home).nodeLimits, JSON.stringify(ampleLimits));
}
