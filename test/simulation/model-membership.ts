// What the state machine does with the entries that change who counts: the same on every node.
import type { Configuration } from "../../src/raft/configuration.ts";
import type { Entry } from "../../src/raft/input.ts";
import {
  enterChange,
  leaveJoint,
  objectionTo,
  type MembershipChange,
} from "../../src/raft/membership-change.ts";

export const nobody: Configuration = {
  voters: new Set(),
  outgoingVoters: new Set(),
  learners: new Set(),
};

export function payloadOf(change: MembershipChange): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(change));
}

/** A change that makes no sense any more when its turn comes changes nothing. */
export function configurationAfter(
  configuration: Configuration,
  { kind, payload }: Entry,
): Configuration {
  switch (kind) {
    case "empty":
    case "command":
      return configuration;
    case "membership": {
      const change = JSON.parse(new TextDecoder().decode(payload)) as MembershipChange;
      const isRefused = objectionTo(configuration, change) !== undefined;
      return isRefused ? configuration : enterChange(configuration, change);
    }
    case "leave_joint":
      return leaveJoint(configuration);
  }
}

/** `n1 n2 | n3 + n4`: two voters, one that leaves, and a learner. */
export function describeConfiguration(configuration: Configuration): string {
  const { voters, outgoingVoters, learners } = configuration;
  const list = (set: ReadonlySet<string>): string => [...set].sort().join(" ");
  const outgoing = outgoingVoters.size === 0 ? "" : ` | ${list(outgoingVoters)}`;
  return `${list(voters)}${outgoing}${learners.size === 0 ? "" : ` + ${list(learners)}`}`;
}
