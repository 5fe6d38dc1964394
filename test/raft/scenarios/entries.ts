// What the entries of these scenarios look like, and what a change of the membership comes to when
// it is applied: the state machine's share, in its smallest form.
import { logIndex, nodeId, term, type NodeId } from "../../../src/base/ids.ts";
import type { Configuration } from "../../../src/raft/configuration.ts";
import type { Entry } from "../../../src/raft/input.ts";
import { extend, type LogPosition, type LogTerms } from "../../../src/raft/log-terms.ts";
import {
  enterChange,
  leaveJoint,
  objectionTo,
  type MembershipChange,
} from "../../../src/raft/membership-change.ts";

export function commandAt(index: number, inTerm: number): Entry {
  const payload = new Uint8Array([1]);
  return { index: logIndex(index), term: term(inTerm), kind: "command", payload };
}

export function termsOf(start: LogPosition, entries: readonly Entry[]): LogTerms {
  const empty = { start, runs: [], lastIndex: start.index };
  return entries.reduce<LogTerms>((log, entry) => extend(log, entry.term, 1), empty);
}

export function isMembership({ kind }: Entry): boolean {
  return kind === "membership" || kind === "leave_joint";
}

export function payloadOf(change: Partial<MembershipChange>): Uint8Array {
  const { addLearners = [], promote = [], remove = [] } = change;
  return new TextEncoder().encode(JSON.stringify([addLearners, promote, remove]));
}

/** A change that makes no sense any more changes nothing; everybody finds the same. */
export function configurationAfter(before: Configuration, entry: Entry): Configuration {
  if (entry.kind === "leave_joint") return leaveJoint(before);
  const change = changeOf(entry.payload);
  return objectionTo(before, change) === undefined ? enterChange(before, change) : before;
}

function changeOf(payload: Uint8Array): MembershipChange {
  const lists = JSON.parse(new TextDecoder().decode(payload)) as readonly (readonly string[])[];
  const [addLearners = [], promote = [], remove = []] = lists.map((names): readonly NodeId[] =>
    names.map(nodeId),
  );
  return { addLearners, promote, remove };
}
