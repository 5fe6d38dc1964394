// What the rest of a node sees of its region's membership: who is in it, and how that is changed.
// `RaftNode.membership` is one. One change at a time; whatever alters who counts goes through a
// joint configuration (thesis 4.3).
import type { ClusterId, EpochMs, LogIndex, NodeId } from "../base/ids.ts";
import type { IntendedRole, MemberAddresses } from "../machine/member-record.ts";
import type { WaitOptions } from "./raft-group.ts";

export type { IntendedRole, MemberAddresses };

/**
 * `joining` and `leaving`: a voter of only the new or only the old half while a change is under
 * way. A learner receives the log and never counts.
 */
export type MemberStanding = "voter" | "joining" | "leaving" | "learner";

export interface Member {
  readonly nodeId: NodeId;
  readonly standing: MemberStanding;
  /** Absent for a founder that has not announced itself yet. */
  readonly addresses: MemberAddresses | undefined;
  /** Only the leader knows how far the others are; itself it knows always. */
  readonly progress:
    | { readonly matchIndex: LogIndex; readonly isActive: boolean; readonly mode: string }
    | undefined;
}

export interface MembersView {
  readonly clusterId: ClusterId;
  readonly leader: NodeId | undefined;
  readonly lastIndex: LogIndex;
  readonly isChanging: boolean;
  readonly members: readonly Member[];
}

/** Shown once, to the one who asked for it; the state keeps its digest. */
export interface JoinTicket {
  readonly token: string;
  readonly expiresAt: EpochMs;
}

/**
 * Every method but `members` needs the leader and throws `no_leader` elsewhere, so that a caller
 * hands the request over. Refusals are thrown as `RefusedError`; `outcome_unknown` is possible
 * wherever something is proposed.
 */
export interface RegionMembership {
  /** As this node knows it. */
  members(): MembersView;

  /**
   * A ticket for one node that is not in the region yet and never was. Single use.
   * Refuses `node_id_used` for an id that is, or once was, a member's, and `too_many_join_tokens`.
   * `becomes`: a learner stays one until it is promoted; a voter, unless told otherwise, by itself
   * once it has caught up.
   */
  invite(
    node: NodeId,
    options: WaitOptions & {
      readonly lifetimeMs: number;
      readonly becomes?: IntendedRole | undefined;
    },
  ): Promise<JoinTicket>;

  /**
   * Makes a learner that has caught up a voter; with `replacing`, in one joint step with the
   * removal of another. Resolves when the change has been left again. Refuses `not_a_learner`,
   * `learner_behind`, `membership_changing`, `quorum_at_risk`.
   */
  promote(
    node: NodeId,
    options: WaitOptions & { readonly replacing: NodeId | undefined },
  ): Promise<void>;

  /**
   * Removes a member; its id is burned. The leader hands the lead over before it removes itself.
   * Refuses `unknown_node`, `membership_changing`, `quorum_at_risk`: always if the voters that are
   * left and answer would be no quorum, since the change itself could never be complete then; and
   * unless forced, if fewer than three voters would be left.
   */
  remove(
    node: NodeId,
    options: WaitOptions & { readonly safety: "kept" | "forced" },
  ): Promise<void>;

  /** Hands the lead to a voter. Refuses `unknown_node`, `not_a_voter`, `transfer_failed`. */
  transfer(node: NodeId, options: WaitOptions): Promise<void>;
}
