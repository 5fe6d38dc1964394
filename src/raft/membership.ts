// Who counts, and how that changes (thesis chapter 4): a change takes effect when it is applied, as
// in etcd. Whatever alters the voters is joint, and the leader leaves the joint configuration by an
// entry of its own as soon as it may.
//
// That is safe because a configuration is never more than one change behind those that others use:
// one change at a time is in the log unapplied, it is proposed only by a leader that has committed
// an entry of its own term, and nobody stands who knows of a committed one and has not applied it.
// Neighbouring configurations share a voter in any two of their majorities; others need not.
import { assert } from "../base/assert.ts";
import { logIndex, type LogIndex } from "../base/ids.ts";
import { advanceCommit } from "./commit.ts";
import { isVoter, members, type Configuration } from "./configuration.ts";
import type { StepResult } from "./effect.ts";
import { becomeFollower } from "./election.ts";
import { isJoint } from "./membership-change.ts";
import { newProgress } from "./progress.ts";
import { releaseReads } from "./read-index.ts";
import { appendAndReplicate, replicateToAll } from "./replicate.ts";
import type { Leader, RaftState } from "./state.ts";
import { nextState } from "./successor.ts";
import { hasCommittedChange } from "./unapplied.ts";

const nothing = new Uint8Array();

/**
 * Whether `propose_membership` may be given: this node leads, hands over to nobody, has committed
 * an entry of its own term (or two leaders could each append a change, and their majorities miss
 * each other: Ongaro, raft-dev, July 2015), and no earlier change is under way.
 */
export function mayChangeMembership(state: RaftState): boolean {
  return mayAppendChange(state) && !isJoint(state.configuration);
}

/** Whether this node may stand for election, if it loses patience or is told to. */
export function mayStand(state: RaftState): boolean {
  return isVoter(state.configuration, state.self) && !hasCommittedChange(state);
}

export function onProposeMembership(state: RaftState, payload: Uint8Array): StepResult {
  assert(mayChangeMembership(state), "one change of the membership at a time, by a settled leader");
  return appendAndReplicate(state, [{ kind: "membership", payload }]);
}

/** A joint configuration is left as soon as it is applied: by its leader, or by the next one. */
export function leaveIfDue(state: RaftState): StepResult {
  if (!isJoint(state.configuration) || !mayAppendChange(state)) return { state, effects: [] };
  return appendAndReplicate(state, [{ kind: "leave_joint", payload: nothing }]);
}

/** The configuration takes effect here. */
export function onMembershipApplied(
  state: RaftState,
  report: { readonly index: LogIndex; readonly configuration: Configuration },
): StepResult {
  const [first, ...unappliedMemberships] = state.unappliedMemberships;
  assert(first === report.index, "changes of the membership are applied in order");
  assert(first <= state.commitIndex, "only what is committed is applied");
  return adopt(nextState(state, { unappliedMemberships }), report.configuration);
}

/** Who leads goes on with whom it has now, or steps down if it does not count any more. */
function adopt(state: RaftState, configuration: Configuration): StepResult {
  const { role } = state;
  const adopted = nextState(state, { configuration });
  assert(role.kind === "leader" || role.kind === "follower", "nobody stands with one to apply");
  if (role.kind === "follower") return { state: adopted, effects: [] };
  if (!isVoter(configuration, state.self)) {
    return { state: becomeFollower(adopted, state.term, undefined), effects: [] };
  }
  // A quorum may be smaller than before, and reached without another answer.
  const committed = advanceCommit(nextState(adopted, { role: leadingAmong(adopted, role) }));
  const released = releaseReads(committed.state);
  const sent = replicateToAll(released.state);
  return {
    state: sent.state,
    effects: [...committed.effects, ...released.effects, ...sent.effects],
  };
}

/**
 * Of newcomers nothing is known: they are asked about the last entry, for a probe must be about
 * something, and there may be no new entry for long. Those who are gone are followed no more.
 */
function leadingAmong({ self, configuration, log }: RaftState, role: Leader): Leader {
  const others = [...members(configuration)].filter((node) => node !== self);
  const beforeLast = logIndex(log.lastIndex - 1);
  const { transfer } = role;
  const isFit = transfer !== undefined && isVoter(configuration, transfer.to);
  return {
    ...role,
    progress: new Map(
      others.map((peer) => [peer, role.progress.get(peer) ?? newProgress(beforeLast)]),
    ),
    transfer: isFit ? transfer : undefined,
  };
}

function mayAppendChange({ role, commitIndex, unappliedMemberships }: RaftState): boolean {
  if (role.kind !== "leader" || role.transfer !== undefined) return false;
  return commitIndex >= role.firstOwnIndex && unappliedMemberships.length === 0;
}
