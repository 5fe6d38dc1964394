// What people ask of a region's membership, carried out by its leader: looks first whether the
// region would outlive the change, proposes it, and waits until it is complete.
import { RefusedError, refuseCall } from "../base/errors.ts";
import type { NodeId } from "../base/ids.ts";
import type { CommandOutcome } from "../machine/command.ts";
import type { MemberAddresses } from "../machine/member-record.ts";
import type {
  ChangeMembership,
  CreateJoinToken,
  CreateJoinTokenReply,
} from "../machine/membership.ts";
import type { StateView } from "../machine/state-view.ts";
import { isVoter, members, type Configuration } from "../raft/configuration.ts";
import { isJoint, type MembershipChange } from "../raft/membership-change.ts";
import { quorumSize } from "../raft/quorum.ts";
import { knownLeader, type RaftState } from "../raft/state.ts";
import type { NodeIdentity } from "../storage/recovery.ts";
import { tokenDigest } from "./join-admission.ts";
import type { PeerActivity } from "./peer-activity.ts";
import { hasCaughtUp, lagOf, type PromotionSettings } from "./promotion.ts";
import type { WaitOptions } from "./raft-group.ts";
import type {
  IntendedRole,
  JoinTicket,
  Member,
  MembersView,
  MemberStanding,
  RegionMembership,
} from "./region-membership.ts";

export interface MembershipParts {
  readonly identity: NodeIdentity;
  readonly view: StateView;
  readonly state: () => RaftState;
  readonly isLeading: () => boolean;
  readonly monotonicMs: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** A fresh secret for a ticket. */
  readonly mintToken: () => string;
  readonly activity: PeerActivity;
  readonly electionTimeoutMs: number;
  readonly promotion: PromotionSettings;
  readonly addressesOf: (node: NodeId) => MemberAddresses | undefined;
  readonly readBarrier: (options: WaitOptions) => Promise<unknown>;
  readonly propose: (
    command: CreateJoinToken,
    options: WaitOptions,
  ) => Promise<CommandOutcome<CreateJoinTokenReply>>;
  readonly proposeChange: (
    command: ChangeMembership,
    options: WaitOptions,
  ) => Promise<CommandOutcome>;
  /** Asks the core, once, to hand the lead over. */
  readonly startTransfer: (to: NodeId) => void;
  /** The voter that is best fit to lead next. */
  readonly successor: () => NodeId | undefined;
}

/** Between two looks whether something has come about. */
const lookMs = 5;
/** With fewer voters the loss of one stops the region. */
const votersMin = 3;

export class MembershipChanges implements RegionMembership {
  readonly #parts: MembershipParts;
  #isClosed = false;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  /** Nobody waits any longer. */
  close(): void {
    this.#isClosed = true;
  }

  members(): MembersView {
    const { identity, view } = this.#parts;
    const state = this.#parts.state();
    const configuration = view.configuration();
    return {
      clusterId: identity.clusterId,
      leader: knownLeader(state),
      lastIndex: state.log.lastIndex,
      isChanging: isJoint(configuration) || state.unappliedMemberships.length > 0,
      members: [...members(configuration)].sort().map((node) => this.#member(state, node)),
    };
  }

  async invite(
    node: NodeId,
    options: WaitOptions & {
      readonly lifetimeMs: number;
      readonly becomes?: IntendedRole | undefined;
    },
  ): Promise<JoinTicket> {
    const token = this.#parts.mintToken();
    const command: CreateJoinToken = {
      kind: "create_join_token",
      digest: tokenDigest(token),
      nodeId: node,
      lifetimeMs: options.lifetimeMs,
      intendedRole: options.becomes ?? "voter",
    };
    const outcome = await this.#parts.propose(command, options);
    if (!outcome.ok) throw new RefusedError(outcome.refusal);
    return { token, expiresAt: outcome.reply.expiresAt };
  }

  async promote(
    node: NodeId,
    options: WaitOptions & { readonly replacing: NodeId | undefined },
  ): Promise<void> {
    const configuration = await this.#settled(options);
    const { replacing } = options;
    if (!members(configuration).has(node)) throw refuseCall("unknown_node", { node });
    if (!configuration.learners.has(node)) throw refuseCall("not_a_learner", { node });
    if (replacing !== undefined && !members(configuration).has(replacing)) {
      throw refuseCall("unknown_node", { node: replacing });
    }
    await this.#needCaughtUp(node, options);
    const voters = new Set([...configuration.voters, node]);
    if (replacing !== undefined) voters.delete(replacing);
    await this.#needQuorum(voters, options);
    if (replacing === this.#parts.identity.nodeId) await this.#leaveLead(options);
    const remove = replacing === undefined ? [] : [replacing];
    await this.#change({ addLearners: [], promote: [node], remove }, options);
  }

  async remove(
    node: NodeId,
    options: WaitOptions & { readonly safety: "kept" | "forced" },
  ): Promise<void> {
    const configuration = await this.#settled(options);
    if (!members(configuration).has(node)) throw refuseCall("unknown_node", { node });
    if (configuration.voters.has(node)) {
      const voters = new Set(configuration.voters);
      voters.delete(node);
      await this.#needQuorum(voters, options);
      if (options.safety === "kept" && voters.size < votersMin) {
        throw refuseCall("quorum_at_risk", this.#countsOf(voters));
      }
    }
    const isLast = configuration.voters.size === 1;
    if (node === this.#parts.identity.nodeId && !isLast) await this.#leaveLead(options);
    await this.#change({ addLearners: [], promote: [], remove: [node] }, options);
  }

  async transfer(node: NodeId, options: WaitOptions): Promise<void> {
    const configuration = await this.#settled(options);
    if (!members(configuration).has(node)) throw refuseCall("unknown_node", { node });
    if (!isVoter(configuration, node)) throw refuseCall("not_a_voter", { node });
    if (node !== this.#parts.identity.nodeId) await this.#handLeadTo(node, options);
  }

  #member(state: RaftState, node: NodeId): Member {
    const { view, addressesOf, identity } = this.#parts;
    return {
      nodeId: node,
      standing: standingOf(view.configuration(), node),
      addresses: addressesOf(node),
      progress: node === identity.nodeId ? ownProgress(state) : this.#progressOf(state, node),
    };
  }

  #progressOf({ role }: RaftState, node: NodeId): Member["progress"] {
    const known = role.kind === "leader" ? role.progress.get(node) : undefined;
    if (known === undefined) return undefined;
    const isActive = this.#parts.activity.isActive(node, this.#parts.monotonicMs());
    return { matchIndex: known.matchIndex, mode: known.mode, isActive };
  }

  /** The configuration as it is now, for certain, while no change is under way. */
  async #settled(options: WaitOptions): Promise<Configuration> {
    if (!this.#parts.isLeading()) throw refuseCall("no_leader", {});
    await this.#parts.readBarrier(options);
    if (!this.#parts.isLeading()) throw refuseCall("no_leader", {});
    const configuration = this.#parts.view.configuration();
    if (isJoint(configuration)) throw refuseCall("membership_changing", {});
    return configuration;
  }

  /** One that came in only now has caught up before a tick has seen it answer. */
  async #needCaughtUp(node: NodeId, { deadlineMs }: WaitOptions): Promise<void> {
    const { state, activity, monotonicMs, promotion, electionTimeoutMs } = this.#parts;
    const isFit = (): boolean =>
      hasCaughtUp(state(), node, promotion) && activity.isActive(node, monotonicMs());
    const untilMs = Math.min(deadlineMs, monotonicMs() + electionTimeoutMs);
    if (await this.#comesAbout(isFit, { deadlineMs: untilMs })) return;
    throw refuseCall("learner_behind", { node, behind: lagOf(state(), node) ?? 0 });
  }

  /** Without a quorum that answers, not even the change itself would ever be complete. */
  async #needQuorum(voters: ReadonlySet<NodeId>, { deadlineMs }: WaitOptions): Promise<void> {
    // Nobody would be left: that refusal is the state machine's, with its own sentence.
    if (voters.size === 0) return;
    const isAnswered = (): boolean => this.#countsOf(voters).active >= quorumSize(voters);
    // Who has come to lead only now has not heard from everybody yet.
    const { monotonicMs, electionTimeoutMs } = this.#parts;
    const untilMs = Math.min(deadlineMs, monotonicMs() + electionTimeoutMs);
    if (await this.#comesAbout(isAnswered, { deadlineMs: untilMs })) return;
    throw refuseCall("quorum_at_risk", this.#countsOf(voters));
  }

  #countsOf(voters: ReadonlySet<NodeId>): { readonly voters: number; readonly active: number } {
    const { identity, activity, monotonicMs } = this.#parts;
    const nowMs = monotonicMs();
    const active = [...voters].filter(
      (node) => node === identity.nodeId || activity.isActive(node, nowMs),
    );
    return { voters: voters.size, active: active.length };
  }

  /** Proposes the change; resolves once the joint configuration it may lead to is left again. */
  async #change(change: MembershipChange, options: WaitOptions): Promise<void> {
    const command = { kind: "change_membership", change, newcomers: [] } as const;
    const outcome = await this.#parts.proposeChange(command, options);
    if (!outcome.ok) throw new RefusedError(outcome.refusal);
    const isLeft = (): boolean => !isJoint(this.#parts.view.configuration());
    if (await this.#comesAbout(isLeft, options)) return;
    throw refuseCall("outcome_unknown", { reason: "timed_out" });
  }

  /** A leader that is to go lets another lead, which then does what was asked of this one. */
  async #leaveLead(options: WaitOptions): Promise<never> {
    const successor = this.#parts.successor();
    const { nodeId } = this.#parts.identity;
    if (successor === undefined) throw refuseCall("transfer_failed", { node: nodeId });
    await this.#handLeadTo(successor, options);
    throw refuseCall("no_leader", {});
  }

  async #handLeadTo(node: NodeId, options: WaitOptions): Promise<void> {
    const { term } = this.#parts.state();
    this.#parts.startTransfer(node);
    const isDecided = (): boolean => {
      const { role, term: current } = this.#parts.state();
      return role.kind !== "leader" || role.transfer === undefined || current !== term;
    };
    await this.#comesAbout(isDecided, options);
    const hasLed = (): boolean => knownLeader(this.#parts.state()) === node;
    const hasStayed = (): boolean => this.#parts.isLeading();
    await this.#comesAbout(() => hasLed() || hasStayed(), options);
    if (!hasLed()) throw refuseCall("transfer_failed", { node });
  }

  /** Whether it does before the deadline. */
  async #comesAbout(check: () => boolean, { deadlineMs }: WaitOptions): Promise<boolean> {
    while (!check()) {
      if (this.#isClosed || this.#parts.monotonicMs() >= deadlineMs) return false;
      await this.#parts.pause(lookMs);
    }
    return true;
  }
}

function standingOf(configuration: Configuration, node: NodeId): MemberStanding {
  const { voters, outgoingVoters, learners } = configuration;
  if (learners.has(node)) return "learner";
  if (outgoingVoters.size === 0) return "voter";
  if (!outgoingVoters.has(node)) return "joining";
  return voters.has(node) ? "voter" : "leaving";
}

function ownProgress({ durability }: RaftState): Member["progress"] {
  return { matchIndex: durability.index, isActive: true, mode: "replicate" };
}
