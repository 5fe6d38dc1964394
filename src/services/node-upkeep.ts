// What a node sees to by itself as long as it runs: telling the leader of reads, and, while it is
// the leader, ending what has outlived its recovery window.
import { later } from "../base/later.ts";
import type { NodeId } from "../base/ids.ts";
import { AccessReport } from "./access-report.ts";
import { DeletionUpkeep } from "./deletion-upkeep.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { nodeCaller } from "./node-caller.ts";
import type { ServiceParts } from "./parts.ts";

export interface NodeUpkeepParts {
  readonly services: ServiceParts;
  readonly dispatcher: Dispatcher;
  readonly nodeId: NodeId;
  readonly onFatal: (error: unknown) => void;
}

export interface NodeUpkeep {
  /** Called when leadership may have changed. Cheap. */
  poll(): void;

  /** Resolves when nothing is under way any more: before the node's data is closed. */
  close(): Promise<void>;
}

export function startUpkeep(parts: NodeUpkeepParts): NodeUpkeep {
  const { services, dispatcher, nodeId, onFatal } = parts;
  const { group, clock, entropy, accessNotes } = services;
  const report = new AccessReport({
    notes: accessNotes,
    tell: (reads, options) =>
      dispatcher.call("NoteAccesses", nodeCaller(services, nodeId, options), reads),
    group,
    clock,
    below: (below) => entropy.below(below),
    later,
    onFatal,
  });
  const deletions = new DeletionUpkeep({
    services,
    caller: (options) => nodeCaller(services, nodeId, options),
    later,
    onFatal,
  });
  return {
    poll: () => {
      deletions.poll();
    },
    close: async () => {
      await Promise.all([report.close(), deletions.close()]);
    },
  };
}
