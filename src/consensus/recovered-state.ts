// What the core of a node starts from: what its data remembers.
import type { NodeId } from "../base/ids.ts";
import { startAsFollower, type RaftState } from "../raft/state.ts";
import type { NodeStore } from "../storage/node-store.ts";

const flow = { maxInFlightMessages: 64, maxInFlightBytes: 8 * 1024 * 1024 };

/** `seed`: drawn anew by every process, below 2^32. */
export function recoveredState(
  store: NodeStore,
  node: { readonly self: NodeId; readonly electionTicks: number; readonly seed: number },
): RaftState {
  const { self, electionTicks, seed } = node;
  const { position, configuration } = store.state.applied;
  return startAsFollower({
    self,
    configuration,
    settings: { electionTicks, heartbeatTicks: 1, flow },
    hardState: store.recoveredHardState,
    log: store.recoveredLog,
    commitIndex: position.index,
    unappliedMemberships: store.recoveredMemberships,
    seed,
  });
}
