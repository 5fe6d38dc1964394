// Commands that decide who is in the region: tickets to join, changes of who counts, and where the
// members are reached. A refused change leaves the configuration as it was; whoever stops being a
// member is burned in the same step.
import { unreachable } from "../base/assert.ts";
import { hasSameBytes } from "../base/bytes.ts";
import type { Refusal } from "../base/errors.ts";
import { epochMs, type EpochMs, type NodeId } from "../base/ids.ts";
import { accept, refuse } from "../base/outcome.ts";
import { members, type Configuration } from "../raft/configuration.ts";
import {
  enterChange,
  isJoint,
  leaveJoint,
  objectionTo,
  type MembershipChange,
} from "../raft/membership-change.ts";
import type { Command, CommandOutcome } from "./command.ts";
import {
  joinTokensMax,
  type IntendedRole,
  type JoinTokenRecord,
  type MemberAddresses,
  type MemberRecord,
} from "./member-record.ts";
import type { RowChange, StateView } from "./state-view.ts";

/** Lets one node join within a time. A second ticket for a node takes the place of the first. */
export interface CreateJoinToken {
  readonly kind: "create_join_token";
  /** SHA-256 of the token. */
  readonly digest: Uint8Array;
  readonly nodeId: NodeId;
  /** From the time at which the command is applied. */
  readonly lifetimeMs: number;
  readonly intendedRole: IntendedRole;
}

export interface CreateJoinTokenReply {
  readonly expiresAt: EpochMs;
}

/** A node on its way in: where it is, and what it was shown in with. */
export interface Newcomer {
  readonly nodeId: NodeId;
  readonly addresses: MemberAddresses;
  readonly tokenDigest: Uint8Array;
}

/** Travels as a `membership` entry, never as a `command`: the core must know of it. */
export interface ChangeMembership {
  readonly kind: "change_membership";
  readonly change: MembershipChange;
  /** One for each of `change.addLearners`, in any order. */
  readonly newcomers: readonly Newcomer[];
}

export interface ChangeMembershipReply {
  readonly configuration: Configuration;
}

/**
 * Says where a member is reached from now on, and what its release knows: neither is a change of
 * the membership.
 */
export interface AnnounceMember {
  readonly kind: "announce_member";
  readonly nodeId: NodeId;
  readonly addresses: MemberAddresses;
  /** Absent: what is known stays. All members must know `announcingFeatureLevel` to be told. */
  readonly featureLevel?: number;
}

export type AnnounceMemberReply = Record<string, never>;

export type MembershipCommand = CreateJoinToken | ChangeMembership | AnnounceMember;

/** What a command came to, without the counters. */
interface MembershipApplied {
  readonly changes: readonly RowChange[];
  readonly outcome: CommandOutcome;
}

export function isOfMembers(command: Command): command is MembershipCommand {
  const { kind } = command;
  return kind === "create_join_token" || kind === "change_membership" || kind === "announce_member";
}

export function applyToMembers(
  view: StateView,
  command: MembershipCommand,
  at: EpochMs,
): MembershipApplied {
  switch (command.kind) {
    case "create_join_token":
      return createJoinToken(view, command, at);
    case "change_membership":
      return changeMembership(view, command, at);
    case "announce_member":
      return announceMember(view, command, at);
    default:
      return unreachable(command, "command kind");
  }
}

/** Refuses `node_id_used`, `too_many_join_tokens`. */
function createJoinToken(
  view: StateView,
  { digest, nodeId, lifetimeMs, intendedRole }: CreateJoinToken,
  at: EpochMs,
): MembershipApplied {
  if (isUsed(view, nodeId)) return refused(refuse("node_id_used", { node: nodeId }).refusal);
  const others = view
    .joinTokens()
    .filter((token) => token.nodeId !== nodeId && token.expiresAt > at);
  if (others.length >= joinTokensMax) {
    return refused(refuse("too_many_join_tokens", { limit: joinTokensMax }).refusal);
  }
  // The last moment there is, rather than one that no number can hold.
  const expiresAt = epochMs(Math.min(at + lifetimeMs, Number.MAX_SAFE_INTEGER));
  const tokens = [...others, { digest, nodeId, expiresAt, intendedRole }];
  return { changes: [{ row: "join_tokens", tokens }], outcome: accept(undefined, { expiresAt }) };
}

/**
 * Refuses `membership_changing`, `membership_change_impossible`, `node_id_used` and
 * `join_token_refused`. A node that asks again with the token that let it in is in: its answer was
 * lost, and the change is not made twice.
 */
function changeMembership(
  view: StateView,
  command: ChangeMembership,
  at: EpochMs,
): MembershipApplied {
  const { change, newcomers } = command;
  const before = view.configuration();
  if (isRepeated(view, command)) {
    return { changes: [], outcome: accept(undefined, { configuration: before }) };
  }
  const refusal = refusalOfChange(view, change) ?? refusalOfNewcomers(view, command, at);
  if (refusal !== undefined) return refused(refusal);

  const after = enterChange(before, change);
  return {
    changes: [
      { row: "configuration", configuration: after },
      ...newcomers.map((newcomer) => memberRow(view, newcomer, at)),
      ...burnTokens(view, newcomers),
      ...partings(before, after, at),
    ],
    outcome: accept(undefined, { configuration: after }),
  };
}

/** The end of a joint configuration: whoever is in the new half only as a memory is burned. */
export function leaveJointChanges(view: StateView): readonly RowChange[] {
  const before = view.configuration();
  // A leader appends it only once the joint configuration is applied; alone it changes nothing.
  if (!isJoint(before)) return [];
  const after = leaveJoint(before);
  return [
    { row: "configuration", configuration: after },
    ...partings(before, after, view.counters().lastAt),
  ];
}

/** Refuses `node_removed`, `unknown_node`. */
function announceMember(
  view: StateView,
  { nodeId, addresses, featureLevel }: AnnounceMember,
  at: EpochMs,
): MembershipApplied {
  if (view.removedNode(nodeId) !== undefined) {
    return refused(refuse("node_removed", { node: nodeId }).refusal);
  }
  if (!members(view.configuration()).has(nodeId)) {
    return refused(refuse("unknown_node", { node: nodeId }).refusal);
  }
  const before = view.member(nodeId);
  const outcome = accept(undefined, {});
  const isKnownLevel = featureLevel === undefined || featureLevel === before?.featureLevel;
  if (before !== undefined && isKnownLevel && hasSameAddresses(before.addresses, addresses)) {
    return { changes: [], outcome };
  }
  const founder = { nodeId, joinedAt: at, intendedRole: "voter", joinedWith: undefined } as const;
  const record: MemberRecord = {
    ...(before ?? founder),
    addresses,
    ...(featureLevel !== undefined && { featureLevel }),
  };
  return { changes: [{ row: "member", nodeId, record }], outcome };
}

export function hasSameAddresses(one: MemberAddresses, other: MemberAddresses): boolean {
  return one.peer === other.peer && one.grpc === other.grpc && one.https === other.https;
}

/** Whether an id is, or once was, a member's. */
function isUsed(view: StateView, node: NodeId): boolean {
  return members(view.configuration()).has(node) || view.removedNode(node) !== undefined;
}

function refusalOfChange(view: StateView, change: MembershipChange): Refusal | undefined {
  const configuration = view.configuration();
  if (isJoint(configuration)) return refuse("membership_changing", {}).refusal;
  const used = change.addLearners.find((node) => isUsed(view, node));
  if (used !== undefined) return refuse("node_id_used", { node: used }).refusal;
  const reason = objectionTo(configuration, change);
  return reason === undefined
    ? undefined
    : refuse("membership_change_impossible", { reason }).refusal;
}

function refusalOfNewcomers(
  view: StateView,
  { change, newcomers }: ChangeMembership,
  at: EpochMs,
): Refusal | undefined {
  const named = new Set(newcomers.map(({ nodeId }) => nodeId));
  const isComplete =
    named.size === newcomers.length &&
    named.size === change.addLearners.length &&
    change.addLearners.every((node) => named.has(node));
  if (!isComplete) {
    const reason = "those who join are not those who were let in";
    return refuse("membership_change_impossible", { reason }).refusal;
  }
  for (const { nodeId, tokenDigest } of newcomers) {
    const reason = faultOf(tokenWith(view, tokenDigest), nodeId, at);
    if (reason !== undefined) return refuse("join_token_refused", { reason }).refusal;
  }
  return undefined;
}

function faultOf(
  token: JoinTokenRecord | undefined,
  node: NodeId,
  at: EpochMs,
): "unknown" | "expired" | "of_another_node" | undefined {
  if (token === undefined) return "unknown";
  if (token.nodeId !== node) return "of_another_node";
  return token.expiresAt <= at ? "expired" : undefined;
}

function tokenWith(view: StateView, digest: Uint8Array): JoinTokenRecord | undefined {
  return view.joinTokens().find((token) => hasSameBytes(token.digest, digest));
}

/** Only while the node is a learner: one that counted and has lost its data must not come back. */
function isRepeated(view: StateView, { change, newcomers }: ChangeMembership): boolean {
  if (change.promote.length > 0 || change.remove.length > 0 || newcomers.length === 0) return false;
  const { learners } = view.configuration();
  return newcomers.every(({ nodeId, tokenDigest }) => {
    const joinedWith = view.member(nodeId)?.joinedWith;
    return (
      joinedWith !== undefined && hasSameBytes(joinedWith, tokenDigest) && learners.has(nodeId)
    );
  });
}

function memberRow(view: StateView, newcomer: Newcomer, at: EpochMs): RowChange {
  const { nodeId, addresses, tokenDigest } = newcomer;
  const intendedRole = tokenWith(view, tokenDigest)?.intendedRole ?? "learner";
  return {
    row: "member",
    nodeId,
    record: { nodeId, addresses, joinedAt: at, intendedRole, joinedWith: tokenDigest },
  };
}

function burnTokens(view: StateView, newcomers: readonly Newcomer[]): readonly RowChange[] {
  if (newcomers.length === 0) return [];
  const arrived = new Set(newcomers.map(({ nodeId }) => nodeId));
  const tokens = view.joinTokens().filter(({ nodeId }) => !arrived.has(nodeId));
  return [{ row: "join_tokens", tokens }];
}

/** Whoever was a member and is none any more: no address, and never again under this id. */
function partings(before: Configuration, after: Configuration, at: EpochMs): readonly RowChange[] {
  const staying = members(after);
  return [...members(before)]
    .filter((node) => !staying.has(node))
    .flatMap((node): readonly RowChange[] => [
      { row: "member", nodeId: node, record: undefined },
      { row: "removed_node", record: { nodeId: node, removedAt: at } },
    ]);
}

function refused(refusal: Refusal): MembershipApplied {
  return { changes: [], outcome: { ok: false, refusal } };
}
