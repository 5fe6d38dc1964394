// Who counts. While a change of membership is under way there are two sets of voters, and every
// decision needs a majority of each (thesis 4.3).
import type { NodeId } from "../base/ids.ts";

export interface Configuration {
  readonly voters: ReadonlySet<NodeId>;
  /** The voters that a change under way replaces; empty while there is none. */
  readonly outgoingVoters: ReadonlySet<NodeId>;
  /** They receive the log and never count. */
  readonly learners: ReadonlySet<NodeId>;
}

export function votersOnly(voters: Iterable<NodeId>): Configuration {
  return { voters: new Set(voters), outgoingVoters: new Set(), learners: new Set() };
}

export function isVoter({ voters, outgoingVoters }: Configuration, node: NodeId): boolean {
  return voters.has(node) || outgoingVoters.has(node);
}

/** Everybody who receives the log, each once. */
export function members(configuration: Configuration): ReadonlySet<NodeId> {
  const { voters, outgoingVoters, learners } = configuration;
  return new Set([...voters, ...outgoingVoters, ...learners]);
}
