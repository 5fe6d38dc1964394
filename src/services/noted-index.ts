// Which log index an answer reflects, noted as its handler goes: handlers need not know of it.
import type { LogIndex } from "../base/ids.ts";
import type { RaftGroup } from "../consensus/raft-group.ts";

export interface NotedIndex {
  /** The group that was given, for one call. */
  readonly group: RaftGroup;
  /**
   * Where the call was applied, if it wrote; else up to where the state was applied that it read.
   * A listing that reads on in later turns reflects at least this. Nothing: it did neither.
   */
  readonly index: () => LogIndex | undefined;
}

export function notingIndexes(group: RaftGroup): NotedIndex {
  let noted: LogIndex | undefined;
  return {
    index: () => noted,
    group: {
      get view() {
        return group.view;
      },
      leadership: () => group.leadership(),
      handOver: (request) => group.handOver(request),
      onApplied: (listener) => group.onApplied(listener),
      propose: async (command, options) => {
        const outcome = await group.propose(command, options);
        // Who answers as if a refused command had succeeded speaks of no one moment.
        noted = outcome.ok ? outcome.index : undefined;
        return outcome;
      },
      readBarrier: async (options) => {
        noted = await group.readBarrier(options);
        return noted;
      },
    },
  };
}
