// What the rest of a node sees of consensus: propose, wait until a read is safe, hand a request to
// the leader. Everything ends in success, a definite refusal, or an honest "outcome unknown".
import type { Refusal } from "../base/errors.ts";
import type { LogIndex, NodeId, Term } from "../base/ids.ts";
import type { Command, CommandOutcome, Reply, ReplyTo } from "../machine/command.ts";
import type { QueryView } from "../machine/state-view.ts";

export interface RaftGroup {
  /** The replicated state as this node has applied it. Read it only behind `readBarrier`. */
  readonly view: QueryView;

  leadership(): Leadership;

  /**
   * Proposes a command and waits until it is applied here; only a leader can.
   *
   * The refusal in the outcome is the state machine's. What keeps the command from being applied is
   * thrown as a `RefusedError`: `no_leader` and `overloaded` are definite, nothing was proposed;
   * `outcome_unknown` is not, the command may still be applied.
   */
  propose<C extends Command>(command: C, options: WaitOptions): Promise<AppliedOutcome<ReplyTo<C>>>;

  /**
   * Resolves when `view` holds everything that was acknowledged before the call (thesis 6.4), to
   * the index up to which it is applied: what is read in the same turn is the state at that index.
   * Throws `no_leader` or `timed_out` as a `RefusedError`: a read is always safe to retry.
   */
  readBarrier(options: WaitOptions): Promise<LogIndex>;

  /**
   * Hands a client's request to the leader, which authorizes and plans it anew (never a proposal).
   * Throws `no_leader` if it could not be handed over, `outcome_unknown` if the answer was lost.
   */
  handOver(request: HandedRequest): Promise<HandedAnswer>;

  /**
   * Calls back whenever `view` has moved on: entries were applied, or a snapshot took the place of
   * them. Called often: be quick. Returns how to stop it.
   */
  onApplied(listener: () => void): () => void;
}

/** What a command came to, and the entry of the log that it was. */
export type AppliedOutcome<R = Reply> = CommandOutcome<R> & { readonly index: LogIndex };

export interface WaitOptions {
  /** On the node's monotonic clock (`Clock.monotonicMs`). */
  readonly deadlineMs: number;
}

export type Leadership =
  | { readonly kind: "leader"; readonly term: Term }
  | { readonly kind: "follower"; readonly leader: NodeId | undefined };

/** A client's request on its way from the node it reached to the leader. */
export interface HandedRequest {
  readonly operation: string;
  /** The request as services/ writes it down; opaque here. */
  readonly body: Uint8Array;
  /** The principal that the first node authenticated, as services/ writes it down. */
  readonly principal: Uint8Array;
  readonly requestId: string;
  /** On the sender's monotonic clock. What is left of it travels. */
  readonly deadlineMs: number;
}

export type HandedAnswer =
  | {
      readonly ok: true;
      readonly body: Uint8Array;
      /** The log index that the answer reflects; absent from a leader that does not tell. */
      readonly index?: LogIndex | undefined;
    }
  | { readonly ok: false; readonly refusal: Refusal };
