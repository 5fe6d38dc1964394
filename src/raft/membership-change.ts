// What a change of membership asks for, when it makes no sense, and what it makes of a
// configuration. Pure arithmetic on sets: the state machine does it at apply, the same on every
// node, and the core is told the outcome (`membership_applied`).
import { assert } from "../base/assert.ts";
import type { NodeId } from "../base/ids.ts";
import { isVoter, members, type Configuration } from "./configuration.ts";

/** All of it takes effect at once; whatever alters who votes goes through a joint configuration. */
export interface MembershipChange {
  /** They join, receive the log and do not count. */
  readonly addLearners: readonly NodeId[];
  /** Learners that become voters. */
  readonly promote: readonly NodeId[];
  /** Voters or learners that leave. A removed id is never used again. */
  readonly remove: readonly NodeId[];
}

/** Whether two sets of voters count at present, and a leave is due (thesis 4.3). */
export function isJoint({ outgoingVoters }: Configuration): boolean {
  return outgoingVoters.size > 0;
}

/** Why the change cannot be made, as a sentence for people, or `undefined`: it can. */
export function objectionTo(
  configuration: Configuration,
  change: MembershipChange,
): string | undefined {
  if (isJoint(configuration)) return "an earlier change of the membership is not complete";
  return objectionToShape(change) ?? objectionToNames(configuration, change);
}

/**
 * The configuration with the change made: joint if the voters differ, so that until `leaveJoint`
 * every decision needs a majority of the old voters and of the new (thesis 4.3).
 */
export function enterChange(configuration: Configuration, change: MembershipChange): Configuration {
  assert(
    objectionTo(configuration, change) === undefined,
    "only a change that makes sense is made",
  );
  const { addLearners, promote, remove } = change;
  const gone = new Set(remove);
  const noLearner = new Set([...promote, ...remove]);
  const voters = new Set([...configuration.voters].filter((node) => !gone.has(node)));
  for (const node of promote) voters.add(node);
  const learners = new Set([...configuration.learners].filter((node) => !noLearner.has(node)));
  for (const node of addLearners) learners.add(node);
  const isSameVoters = hasSameMembers(voters, configuration.voters);
  return { voters, outgoingVoters: isSameVoters ? new Set() : configuration.voters, learners };
}

/** The second half of a change of voters: only the new ones count from now on. */
export function leaveJoint(configuration: Configuration): Configuration {
  assert(isJoint(configuration), "only a joint configuration is left");
  return { ...configuration, outgoingVoters: new Set() };
}

function objectionToShape({ addLearners, promote, remove }: MembershipChange): string | undefined {
  const named = [...addLearners, ...promote, ...remove];
  if (named.length === 0) return "it changes nothing";
  const twice = named.find((node, at) => named.indexOf(node) !== at);
  return twice === undefined ? undefined : `node "${twice}" is named twice`;
}

function objectionToNames(
  configuration: Configuration,
  { addLearners, promote, remove }: MembershipChange,
): string | undefined {
  const present = members(configuration);
  const added = addLearners.find((node) => present.has(node));
  if (added !== undefined) return `node "${added}" is a member already`;
  const unfit = promote.find((node) => !configuration.learners.has(node));
  if (unfit !== undefined) return `node "${unfit}" is not a learner`;
  const stranger = remove.find((node) => !present.has(node));
  if (stranger !== undefined) return `node "${stranger}" is not a member`;
  const leaving = remove.filter((node) => isVoter(configuration, node)).length;
  const isEmpty = configuration.voters.size - leaving + promote.length === 0;
  return isEmpty ? "no voter would be left" : undefined;
}

function hasSameMembers(one: ReadonlySet<NodeId>, other: ReadonlySet<NodeId>): boolean {
  return one.size === other.size && [...one].every((node) => other.has(node));
}
