// What a group comes to once its faults have ended: one leader, one log, applied by every member.
import { isVoter, members, type Configuration } from "../../src/raft/configuration.ts";
import type { NodeId } from "../../src/base/ids.ts";
import { isJoint } from "../../src/raft/membership-change.ts";
import { knownLeader } from "../../src/raft/state.ts";
import type { ModelNode } from "./model-node.ts";

/** Whether nothing is left to do: no entry, no hand-over, no half of a change of members. */
export function isAgreed(leader: ModelNode, everybody: readonly ModelNode[]): boolean {
  const { state, log } = leader;
  if (state?.role.kind !== "leader" || state.role.transfer !== undefined) return false;
  const { commitIndex, configuration } = state;
  if (commitIndex !== log.length || isJoint(configuration)) return false;
  return everybody.every(
    (node) =>
      node.state?.commitIndex === commitIndex &&
      node.applied === commitIndex &&
      knownLeader(node.state) === leader.id &&
      node.disk.log.length === log.length &&
      node.disk.log.every((entry, at) => entry === log[at]),
  );
}

/**
 * Removed, and told so by a voter that has applied it: then a node stops for good. The voters that
 * have not applied it learn of it from that one, when they ask it for a vote.
 */
export function isToldOfRemoval(
  { id }: ModelNode,
  nodes: readonly ModelNode[],
  known: { readonly configuration: Configuration; wasMember(node: NodeId): boolean },
): boolean {
  if (members(known.configuration).has(id) || !known.wasMember(id)) return false;
  return nodes.some(
    (other) => isVoter(known.configuration, other.id) && !members(other.configuration).has(id),
  );
}
