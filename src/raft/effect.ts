// What the core asks for. The order of the list, and the difference between `send` and
// `acknowledge`, are the whole of the durability contract:
//
//   persist      everything in it becomes durable, in the order of the sequence
//   send         leaves at once, but never before a hard state that was listed ahead of it, in this
//                step or an earlier one, is durable; so does what `send_entries` becomes
//   acknowledge  leaves when everything listed ahead of it is durable: it says "I have"
import type { LogIndex, NodeId, Term } from "../base/ids.ts";
import type { Entry, Message } from "./input.ts";
import type { LogPosition } from "./log-terms.ts";
import type { RaftState } from "./state.ts";

export type Effect =
  | Persist
  | { readonly kind: "send"; readonly to: NodeId; readonly message: Message }
  | { readonly kind: "acknowledge"; readonly to: NodeId; readonly message: Message }
  | SendEntries
  /** The follower needs what the log no longer holds: answered with `snapshot_ended`. */
  | { readonly kind: "send_snapshot"; readonly to: NodeId; readonly term: Term }
  /** Entries up to here may be applied, as far as they are durable here. */
  | { readonly kind: "commit"; readonly index: LogIndex }
  /** The read may be answered once everything up to `index` is applied. */
  | { readonly kind: "read_ready"; readonly readId: number; readonly index: LogIndex }
  /** The read must be asked again: leadership is not what it was. */
  | { readonly kind: "read_failed"; readonly readId: number }
  /** This node has lost what it once acknowledged. It must stop, and never vote again. */
  | { readonly kind: "halt"; readonly lastIndex: LogIndex; readonly expectedIndex: LogIndex };

export interface Persist {
  readonly kind: "persist";
  /** Counts up by one; the driver answers with `persisted`. */
  readonly sequence: number;
  readonly hardState: HardState | undefined;
  /** They replace everything in the log from the first of them on. Empty: the log stays. */
  readonly entries: readonly Entry[];
}

/**
 * Entries from the leader's log to one follower; the driver finds them and bounds the message.
 *
 * It is void once the node leads no longer in `term`: by then the log may hold another leader's
 * entries, and they must not travel under this leader's name. The entries of the same step are
 * listed after it, in a `persist`, and it may carry them.
 */
export interface SendEntries {
  readonly kind: "send_entries";
  readonly to: NodeId;
  readonly term: Term;
  readonly prev: LogPosition;
  /** The last entry there is to send. Equal to `prev.index`: the message carries none. */
  readonly upTo: LogIndex;
  readonly commitIndex: LogIndex;
  readonly readRound: number;
}

/** What a node must remember across a crash, besides its log (thesis 3.8). */
export interface HardState {
  readonly term: Term;
  readonly votedFor: NodeId | undefined;
}

/** A new state, and what must be done about it. */
export interface StepResult {
  readonly state: RaftState;
  readonly effects: readonly Effect[];
}
