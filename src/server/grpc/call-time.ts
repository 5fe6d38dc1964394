// How long a caller waits: until its deadline, on the clock that deadlines are kept by, or until it
// hangs up.
import type { Deadline } from "@grpc/grpc-js";
import type { Clock } from "../../base/clock.ts";
import { refuseCall } from "../../base/errors.ts";
import type { Caller } from "../../services/caller.ts";

// Every wait has an end: a caller who names none gets the first, and nobody more than the second.
const unnamedMs = 10_000;
const mostMs = 30_000;

/** What both kinds of calls have of grpc-js. */
export interface TimedCall {
  readonly cancelled: boolean;
  getDeadline(): Deadline;
  /** Also when the deadline has passed, and when the call is over. */
  once(event: "cancelled", listener: () => void): unknown;
}

/** Refuses `timed_out` when the caller waits no more: its request may have come late. */
export function callTime(
  call: TimedCall,
  clock: Clock,
): Required<Pick<Caller, "deadlineMs" | "signal">> {
  const deadlineMs = monotonicDeadline(call.getDeadline(), clock);
  if (call.cancelled || deadlineMs <= clock.monotonicMs()) throw refuseCall("timed_out", {});
  const over = new AbortController();
  call.once("cancelled", () => {
    over.abort();
  });
  return { deadlineMs, signal: over.signal };
}

/** The deadline of a call, which gRPC keeps by the wall clock, on `Clock.monotonicMs`. */
function monotonicDeadline(deadline: Deadline, clock: Clock): number {
  const end = typeof deadline === "number" ? deadline : deadline.getTime();
  const leftMs = Number.isFinite(end) ? end - clock.now() : unnamedMs;
  return clock.monotonicMs() + Math.min(leftMs, mostMs);
}
