// How long a caller waits, on the clock that deadlines are kept by.
import type { Deadline } from "@grpc/grpc-js";
import type { Clock } from "../../base/clock.ts";

// Every wait has an end: a caller who names none gets the first, and nobody more than the second.
const unnamedMs = 10_000;
const mostMs = 30_000;

/** The deadline of a call, which gRPC keeps by the wall clock, on `Clock.monotonicMs`. */
export function monotonicDeadline(deadline: Deadline, clock: Clock): number {
  const end = typeof deadline === "number" ? deadline : deadline.getTime();
  const leftMs = Number.isFinite(end) ? end - clock.now() : unnamedMs;
  return clock.monotonicMs() + Math.min(leftMs, mostMs);
}
