// Which entries of the log change the membership and are not applied yet: what a node's
// configuration does not reflect. There are two at most while nodes keep up, so a list will do.
import { logIndex, type LogIndex } from "../base/ids.ts";
import type { Entry } from "./input.ts";
import type { RaftState } from "./state.ts";

/** Replacing the log from the first of `entries` on takes back the changes that stood there. */
export function unappliedAfter(
  unapplied: readonly LogIndex[],
  entries: readonly Entry[],
): readonly LogIndex[] {
  const first = entries[0]?.index ?? Infinity;
  const added = entries.filter(isMembershipEntry).map(({ index }) => index);
  const isSame = added.length === 0 && (unapplied.at(-1) ?? 0) < first;
  return isSame ? unapplied : [...unapplied.filter((index) => index < first), ...added];
}

/** Whether the entry changes the configuration when it is applied. */
export function isMembershipEntry({ kind }: Pick<Entry, "kind">): boolean {
  return kind === "membership" || kind === "leave_joint";
}

/**
 * How far the log is known to be committed because of what is in it: a change is proposed only when
 * the one before it is applied, so all but the last are committed. A node that has forgotten its
 * commit index would otherwise stand by a configuration two changes old, and two such
 * configurations need not have a voter in common.
 */
export function provenCommitted(unapplied: readonly LogIndex[]): LogIndex {
  return unapplied.at(-2) ?? logIndex(0);
}

/** Whether a change is known to be committed that the configuration does not reflect yet. */
export function hasCommittedChange({ unappliedMemberships, commitIndex }: RaftState): boolean {
  return (unappliedMemberships[0] ?? Infinity) <= commitIndex;
}
