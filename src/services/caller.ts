// What every operation is told of the call it answers, whichever wire it came by.
import type { Principal } from "../access/principal.ts";

export interface Caller {
  readonly principal: Principal;
  /** A UUID, minted where the request came in; the same on the node it is handed to. */
  readonly requestId: string;
  /** On the node's monotonic clock (`Clock.monotonicMs`): after it nobody waits for the answer. */
  readonly deadlineMs: number;
}
