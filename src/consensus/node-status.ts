// How a node stands, for people and metrics.
import type { NodeId } from "../base/ids.ts";
import type { RaftState } from "../raft/state.ts";
import type { Space } from "../storage/disk-space.ts";
import type { StateDigest } from "../storage/state-digest.ts";

export interface NodeStatus {
  readonly role: RaftState["role"]["kind"];
  readonly term: number;
  readonly leader: NodeId | undefined;
  readonly commitIndex: number;
  readonly applied: number;
  /** Of the state at `applied`: the same on every node that has applied the same entries. */
  readonly digest: StateDigest;
  readonly space: Space;
}
