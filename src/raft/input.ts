// What the core is told. All of it is plain values; none of it is read from a clock, a disk or a
// socket by the core itself.
import type { LogIndex, NodeId, Term } from "../base/ids.ts";
import type { Configuration } from "./configuration.ts";
import type { LogPosition } from "./log-terms.ts";

export type Input =
  /**
   * Time has passed. The driver decides how long a tick is. `elapsedTicks` is what truly passed: a
   * leader that was paused must find out at once that it has lost its quorum, while a follower
   * counts one, or every paused node would stand for election when it wakes.
   */
  | { readonly kind: "tick"; readonly elapsedTicks: number }
  | { readonly kind: "message"; readonly from: NodeId; readonly message: Message }
  /** New entries from this node's clients. Only ever given to a leader. */
  | { readonly kind: "propose"; readonly payloads: readonly Uint8Array[] }
  /**
   * A change of the membership, for the state machine to decide on at apply. Only ever given when
   * `mayChangeMembership` (membership.ts) says so.
   */
  | { readonly kind: "propose_membership"; readonly payload: Uint8Array }
  /**
   * The `membership` or `leave_joint` entry at `index` is applied, and `configuration` is what came
   * of it: the same as before if the state machine refused the change. Given for each such entry,
   * in order, also to a node that does not lead.
   */
  | {
      readonly kind: "membership_applied";
      readonly index: LogIndex;
      readonly configuration: Configuration;
    }
  /** Everything up to this `persist` effect is durable. */
  | { readonly kind: "persisted"; readonly sequence: number }
  /** A `send_entries` effect was carried out as far as `last`; there may be more to send. */
  | {
      readonly kind: "entries_sent";
      readonly to: NodeId;
      readonly term: Term;
      readonly last: LogIndex;
      readonly sizeBytes: number;
    }
  /** Everything up to `upTo` is applied, durably, and need not be kept for anybody. */
  | { readonly kind: "compacted"; readonly upTo: LogIndex }
  /** A `send_snapshot` has come to its end, one way or the other. */
  | {
      readonly kind: "snapshot_ended";
      readonly to: NodeId;
      readonly term: Term;
      readonly outcome:
        /** The follower durably holds everything up to here. */
        { readonly kind: "installed"; readonly index: LogIndex } | { readonly kind: "failed" };
    }
  /**
   * This node's state and log have been replaced by a leader's snapshot, durably. Given only while
   * no write is under way.
   */
  | {
      readonly kind: "snapshot_installed";
      readonly position: LogPosition;
      readonly configuration: Configuration;
    }
  /** The way to a peer broke: what was on it may be lost. */
  | { readonly kind: "peer_unreachable"; readonly peer: NodeId }
  /**
   * Nobody listens where this peer is reached: its process has ended. Given again for as long as
   * connections are refused.
   */
  | { readonly kind: "peer_gone"; readonly peer: NodeId }
  /**
   * A write has been under way for longer than two election timeouts. Given ahead of each tick for
   * as long as that lasts: a node that cannot write neither leads nor stands.
   */
  | { readonly kind: "disk_stalled" }
  /** Hand the lead to another voter, once it has everything. Only ever given to a leader. */
  | { readonly kind: "transfer"; readonly to: NodeId }
  /**
   * One round of reads wants to know how far it must wait. `readId` is the driver's, and no node
   * uses one twice, not even after a restart: a leader may still owe an answer to the life before,
   * and that answer would release the newer read too early (etcd-io/etcd#20418).
   */
  | { readonly kind: "read"; readonly readId: number };

/** One entry of the log. The core passes entries on and keeps none of them. */
export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  /**
   * `empty`: the first entry of a leader, which carries nothing (thesis 6.4). `membership`: a
   * change of who counts, which takes effect when it is applied. `leave_joint`: the end of such a
   * change, appended by the leader itself, which carries nothing either.
   */
  readonly kind: "empty" | "command" | "membership" | "leave_joint";
  readonly payload: Uint8Array;
}

export type Message =
  | PreVoteRequest
  | PreVoteResponse
  | VoteRequest
  | VoteResponse
  | AppendRequest
  | AppendResponse
  | Heartbeat
  | HeartbeatResponse
  | ReadIndexRequest
  | ReadIndexResponse
  | TimeoutNow;

/** Asks whether an election could be won; changes nothing in anybody (thesis 9.6). */
export interface PreVoteRequest {
  readonly kind: "pre_vote_request";
  /** The term that the candidate would stand in: one above its own. */
  readonly term: Term;
  readonly lastLog: LogPosition;
}

export interface PreVoteResponse {
  readonly kind: "pre_vote_response";
  /** Granted: the term asked about. Refused: the term of whoever refuses. */
  readonly term: Term;
  readonly vote: "granted" | "refused";
  /** How far whoever answers knows the log to be committed. */
  readonly committed: LogPosition;
}

export interface VoteRequest {
  readonly kind: "vote_request";
  readonly term: Term;
  readonly lastLog: LogPosition;
  /** `transfer`: the leader itself asked for this election, so hearing it is no objection. */
  readonly reason: "timeout" | "transfer";
}

export interface VoteResponse {
  readonly kind: "vote_response";
  readonly term: Term;
  readonly vote: "granted" | "refused";
}

export interface AppendRequest {
  readonly kind: "append_request";
  readonly term: Term;
  /** The entry just before the first of `entries`. */
  readonly prev: LogPosition;
  readonly entries: readonly Entry[];
  readonly commitIndex: LogIndex;
  readonly readRound: number;
}

export interface AppendResponse {
  readonly kind: "append_response";
  readonly term: Term;
  readonly readRound: number;
  readonly answer:
    /** The follower's log equals the leader's up to here, durably. */
    | { readonly kind: "matched"; readonly index: LogIndex }
    /** The follower has another entry at `prevIndex`, or none; the logs may agree at `hint`. */
    | { readonly kind: "mismatched"; readonly prevIndex: LogIndex; readonly hint: LogPosition };
}

export interface Heartbeat {
  readonly kind: "heartbeat";
  readonly term: Term;
  /** Never above what the follower is known to hold. */
  readonly commitIndex: LogIndex;
  readonly readRound: number;
}

export interface HeartbeatResponse {
  readonly kind: "heartbeat_response";
  readonly term: Term;
  readonly readRound: number;
}

/** A follower asks how far a read must wait (thesis 6.4). */
export interface ReadIndexRequest {
  readonly kind: "read_index_request";
  readonly term: Term;
  readonly readId: number;
}

export interface ReadIndexResponse {
  readonly kind: "read_index_response";
  readonly term: Term;
  readonly readId: number;
  readonly answer: { readonly kind: "at"; readonly index: LogIndex } | { readonly kind: "refused" };
}

/** The leader hands over: stand for election at once (thesis 3.10). */
export interface TimeoutNow {
  readonly kind: "timeout_now";
  readonly term: Term;
}
