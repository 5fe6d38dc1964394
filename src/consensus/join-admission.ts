// A newcomer's request at a member: the leader lets it in as a learner, anybody else hands it on to
// the leader. The token is checked and burned where every node does the same: when it is applied.
import { createHash } from "node:crypto";
import { utf8 } from "../base/bytes.ts";
import { refuseCall, RefusedError } from "../base/errors.ts";
import type { NodeId } from "../base/ids.ts";
import type { MemberAddresses } from "../machine/member-record.ts";
import type { ChangeMembership } from "../machine/membership.ts";
import type { CommandOutcome } from "../machine/command.ts";
import type { StateView } from "../machine/state-view.ts";
import { members } from "../raft/configuration.ts";
import { knownLeader, type RaftState } from "../raft/state.ts";
import { addressesTo } from "../storage/member-fields.ts";
import type { NodeIdentity } from "../storage/recovery.ts";
import type { PeerLink } from "./peer-link.ts";
import type { JoinReply } from "./peer-service.ts";
import type { WaitOptions } from "./raft-group.ts";

/** What a newcomer asks for. */
export interface JoinAttempt {
  readonly nodeId: NodeId;
  readonly token: string;
  readonly addresses: MemberAddresses;
  readonly deadlineMs: number;
  /** One that was handed on by a member is not handed on again. */
  readonly way: "direct" | "handed_on";
}

export interface AdmissionParts {
  readonly identity: NodeIdentity;
  readonly view: StateView;
  readonly state: () => RaftState;
  readonly isLeading: () => boolean;
  readonly monotonicMs: () => number;
  readonly readBarrier: (options: WaitOptions) => Promise<unknown>;
  readonly proposeChange: (
    command: ChangeMembership,
    options: WaitOptions,
  ) => Promise<CommandOutcome>;
  readonly linkTo: (node: NodeId) => PeerLink | undefined;
  readonly addressesOf: (node: NodeId) => MemberAddresses | undefined;
}

/** What the state knows a join token by. */
export function tokenDigest(token: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(utf8(token)).digest());
}

/**
 * Throws `RefusedError`: `no_leader`, `membership_changing` and `outcome_unknown` are worth another
 * try with the same token, the others are not.
 */
export async function admit(parts: AdmissionParts, attempt: JoinAttempt): Promise<JoinReply> {
  if (!parts.isLeading()) {
    if (attempt.way === "handed_on") throw refuseCall("no_leader", {});
    return handOn(parts, attempt);
  }
  await parts.readBarrier(attempt);
  if (!isAgain(parts, attempt)) await letIn(parts, attempt);
  return { admission: { members: knownMembers(parts) } };
}

async function letIn(parts: AdmissionParts, attempt: JoinAttempt): Promise<void> {
  const { nodeId, addresses, token } = attempt;
  if (parts.view.removedNode(nodeId) !== undefined) {
    throw refuseCall("node_removed", { node: nodeId });
  }
  const command: ChangeMembership = {
    kind: "change_membership",
    change: { addLearners: [nodeId], promote: [], remove: [] },
    newcomers: [{ nodeId, addresses, tokenDigest: tokenDigest(token) }],
  };
  const outcome = await parts.proposeChange(command, attempt);
  if (!outcome.ok) throw new RefusedError(outcome.refusal);
}

/**
 * Whether the node was let in with this very token, and has not come to anything yet: the answer
 * was lost on the way. One that acknowledged entries, or counts, and asks again, has lost its data.
 */
function isAgain({ view, state }: AdmissionParts, { nodeId, token }: JoinAttempt): boolean {
  const { learners } = view.configuration();
  const joinedWith = view.member(nodeId)?.joinedWith;
  const isKnown = joinedWith !== undefined && learners.has(nodeId);
  if (!isKnown || Buffer.compare(joinedWith, tokenDigest(token)) !== 0) return false;
  const { role } = state();
  if (role.kind !== "leader") throw refuseCall("no_leader", {});
  if ((role.progress.get(nodeId)?.matchIndex ?? 0) > 0) {
    throw refuseCall("node_id_used", { node: nodeId });
  }
  return true;
}

async function handOn(parts: AdmissionParts, attempt: JoinAttempt): Promise<JoinReply> {
  const leader = knownLeader(parts.state());
  const link = leader === undefined ? undefined : parts.linkTo(leader);
  if (link?.isUp !== true) throw refuseCall("no_leader", {});
  const { nodeId, token, addresses, deadlineMs } = attempt;
  const remainingMs = Math.ceil(Math.max(1, deadlineMs - parts.monotonicMs()));
  const { clusterId, region } = parts.identity;
  const request = { clusterId, region, token, remainingMs, onBehalfOf: nodeId };
  try {
    return await link.join({ ...request, addresses: addressesTo(addresses) }, remainingMs);
  } catch (cause) {
    const refusal = { code: "outcome_unknown", facts: { reason: "leader_unreachable" } } as const;
    throw new RefusedError(refusal, { cause });
  }
}

function knownMembers({ view, addressesOf }: AdmissionParts) {
  return [...members(view.configuration())].flatMap((nodeId) => {
    const addresses = addressesOf(nodeId);
    return addresses === undefined ? [] : [{ nodeId, addresses: addressesTo(addresses) }];
  });
}
