// What a snapshot is called and what it must add up to: sent ahead of its rows, and checked against
// them before any of them becomes the state.
import type { Configuration } from "../raft/configuration.ts";
import type { LogPosition } from "../raft/log-terms.ts";
import type { StateDigest } from "./state-digest.ts";

export interface SnapshotMeta {
  /** Names this snapshot of this sender: a broken transfer goes on only with the same one. */
  readonly snapshotId: string;
  /** The state is that after the entry at this position. */
  readonly position: LogPosition;
  /** The chain of the log there: the next entry follows on it. */
  readonly chain: Uint8Array;
  readonly configuration: Configuration;
  readonly digest: StateDigest;
  readonly rowCount: number;
}
