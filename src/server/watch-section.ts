// The `watch` section of a node's configuration: how many may watch it, and how.
import { z } from "zod";
import { usualWatchLimits, type WatchLimits } from "../services/watch-secrets.ts";
import { wholeNumber } from "./limits-section.ts";

const { streams, streamsPerPrincipal, queueBytes, heartbeatMs } = usualWatchLimits;

export const watchSection = z.strictObject({
  streams: wholeNumber({ from: 0, to: 100_000 }).default(streams),
  streamsPerPrincipal: wholeNumber({ from: 0, to: 100_000 }).default(streamsPerPrincipal),
  /** What may wait for a watcher that takes it slowly. */
  queueKiB: wholeNumber({ from: 16, to: 65_536 }).default(queueBytes / 1024),
  heartbeatMs: wholeNumber({ from: 100, to: 60_000 }).default(heartbeatMs),
});

export function watchLimits({ queueKiB, ...same }: z.infer<typeof watchSection>): WatchLimits {
  return { ...same, queueBytes: queueKiB * 1024 };
}
