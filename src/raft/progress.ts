// What a leader knows of one follower: how far its log is known to match, and what is on its way.
import { logIndex, type LogIndex } from "../base/ids.ts";
import { nextProgress } from "./successor.ts";

export interface Progress {
  /** Invariant: the follower durably holds everything up to here. `matchIndex < nextIndex`. */
  readonly matchIndex: LogIndex;
  readonly nextIndex: LogIndex;

  /**
   * Looking for where the logs agree, one message at a time; streaming ahead of the answers; or
   * waiting for a snapshot to arrive, because the log no longer reaches back to what it lacks.
   */
  readonly mode: "probe" | "replicate" | "snapshot";

  /** A probe is out: nothing more until it is answered, or a heartbeat is. */
  readonly isProbeOut: boolean;

  /** The driver is carrying out a `send_entries` to this follower. */
  readonly isSending: boolean;

  /** What was sent and not yet answered, oldest first. */
  readonly inFlight: readonly { readonly last: LogIndex; readonly sizeBytes: number }[];

  /** The commit index the follower was last told. */
  readonly sentCommit: LogIndex;

  /** Heard from since the last quorum check. */
  readonly isActive: boolean;

  /** The newest read round it has answered. */
  readonly ackedRound: number;
}

/** How much may be on its way to one follower before the leader waits for an answer. */
export interface FlowLimits {
  readonly maxInFlightMessages: number;
  readonly maxInFlightBytes: number;
}

export function newProgress(lastIndex: LogIndex): Progress {
  return {
    matchIndex: logIndex(0),
    nextIndex: logIndex(lastIndex + 1),
    mode: "probe",
    isProbeOut: false,
    isSending: false,
    inFlight: [],
    sentCommit: logIndex(0),
    isActive: false,
    ackedRound: 0,
  };
}

export function canSend(progress: Progress, limits: FlowLimits): boolean {
  if (progress.isSending || progress.mode === "snapshot") return false;
  if (progress.mode === "probe") return !progress.isProbeOut;
  const inFlightBytes = progress.inFlight.reduce((sum, sent) => sum + sent.sizeBytes, 0);
  return (
    progress.inFlight.length < limits.maxInFlightMessages && inFlightBytes < limits.maxInFlightBytes
  );
}

/** Notes what left: in `replicate` the next message follows it, in `probe` nothing does. */
export function sent(progress: Progress, last: LogIndex, sizeBytes: number): Progress {
  if (progress.mode === "probe") {
    return nextProgress(progress, { isSending: false, isProbeOut: true });
  }
  const carriesEntries = last >= progress.nextIndex;
  return nextProgress(progress, {
    isSending: false,
    nextIndex: logIndex(Math.max(progress.nextIndex, last + 1)),
    inFlight: carriesEntries ? [...progress.inFlight, { last, sizeBytes }] : progress.inFlight,
  });
}

export function matched(progress: Progress, index: LogIndex): Progress {
  return nextProgress(progress, {
    mode: "replicate",
    isProbeOut: false,
    matchIndex: logIndex(Math.max(progress.matchIndex, index)),
    nextIndex: logIndex(Math.max(progress.nextIndex, index + 1)),
    inFlight: progress.inFlight.filter((message) => message.last > index),
  });
}

/** Back to looking for where the logs agree, from `nextIndex` on. */
export function probeFrom(progress: Progress, nextIndex: LogIndex): Progress {
  return nextProgress(progress, {
    mode: "probe",
    isProbeOut: false,
    nextIndex: logIndex(Math.max(progress.matchIndex + 1, nextIndex)),
    inFlight: [],
  });
}
