// How many are enough: of one set of voters, or of both while the membership changes.
import { assert } from "../base/assert.ts";
import type { NodeId } from "../base/ids.ts";
import type { Configuration } from "./configuration.ts";

export type VoteCount = "won" | "lost" | "pending";

/** More than half: any two quorums of the same voters share a node. */
export function quorumSize(voters: ReadonlySet<NodeId>): number {
  return Math.floor(voters.size / 2) + 1;
}

/** A joint election is won when both sets say so, and lost when either does. */
export function countVotes(
  configuration: Configuration,
  votes: ReadonlyMap<NodeId, "granted" | "refused">,
): VoteCount {
  const counts = electorates(configuration).map((voters) => countAmong(voters, votes));
  if (counts.includes("lost")) return "lost";
  return counts.every((count) => count === "won") ? "won" : "pending";
}

/**
 * The largest number that a quorum has reached: with `reachedBy` giving the last index each node
 * holds, how far the log may be committed.
 */
export function reachedByQuorum(
  configuration: Configuration,
  reachedBy: (node: NodeId) => number,
): number {
  return Math.min(
    ...electorates(configuration).map((voters) => {
      const descending = [...voters].map(reachedBy).sort((one, other) => other - one);
      return descending[quorumSize(voters) - 1] ?? 0;
    }),
  );
}

function countAmong(
  voters: ReadonlySet<NodeId>,
  votes: ReadonlyMap<NodeId, "granted" | "refused">,
): VoteCount {
  const cast = [...voters].map((voter) => votes.get(voter));
  const granted = cast.filter((vote) => vote === "granted").length;
  const refused = cast.filter((vote) => vote === "refused").length;

  if (granted >= quorumSize(voters)) return "won";
  if (refused > voters.size - quorumSize(voters)) return "lost";
  return "pending";
}

function electorates({ voters, outgoingVoters }: Configuration): readonly ReadonlySet<NodeId>[] {
  assert(voters.size > 0, "somebody votes");
  return outgoingVoters.size === 0 ? [voters] : [voters, outgoingVoters];
}
