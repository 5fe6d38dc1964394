// What every operation is told of the call it answers, whichever wire it came by.
import type { Principal } from "../access/principal.ts";
import type { LogIndex } from "../base/ids.ts";

export interface Caller {
  readonly principal: Principal;
  /** A UUID, minted where the request came in; the same on the node it is handed to. */
  readonly requestId: string;
  /** On the node's monotonic clock (`Clock.monotonicMs`): after it nobody waits for the answer. */
  readonly deadlineMs: number;
  /** Aborts when the caller has hung up, or has its answer: who waits on its behalf may stop. */
  readonly signal?: AbortSignal;
  /**
   * Told, before a successful answer, of the log index that it reflects: where a write was applied,
   * or how far the state had come that was read. Not called for an answer that reflects no state.
   */
  readonly onReflected?: (index: LogIndex) => void;
}
