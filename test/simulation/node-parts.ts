// What a simulated node is given: its settings, and surroundings that do for it what other nodes
// and people do for a real one, and hear of everything that happens.
import { clusterId, type NodeId, type Term } from "../../src/base/ids.ts";
import type { CompactionLimits } from "../../src/consensus/compaction.ts";
import type { HandedAnswer, HandedRequest } from "../../src/consensus/raft-group.ts";
import type { SnapshotStream } from "../../src/consensus/snapshot-sender.ts";
import type { CommandOutcome } from "../../src/machine/command.ts";
import type { Entry, Message } from "../../src/raft/input.ts";
import type { FlowLimits } from "../../src/raft/progress.ts";
import type { RecoveredContents } from "../../src/storage/recovery.ts";
import type { SnapshotMeta } from "../../src/storage/snapshot-meta.ts";
import type { SimNode } from "./node-machine.ts";

export const simulatedCluster = clusterId("simulated");

export interface NodeSettings {
  readonly tickMs: number;
  readonly electionTicks: number;
  readonly flow: FlowLimits;
  readonly messageBytes: number;
  readonly chunkBytes: number;
  readonly compaction: CompactionLimits;
  readonly lookMs: number;
}

/** What a node's surroundings do for it, and hear of it. */
export interface NodeSurroundings {
  readonly send: (node: SimNode, to: NodeId, message: Message) => void;
  readonly isOpen: (from: NodeId, to: NodeId) => boolean;
  readonly offer: (node: SimNode, to: NodeId, offer: Offer) => SnapshotStream;
  /** Carries a request to the node taken for the leader, and its answer back. */
  readonly ask: (node: SimNode, to: NodeId, request: HandedRequest) => Promise<HandedAnswer>;
  readonly answerHanded: (node: SimNode, request: HandedRequest) => Promise<HandedAnswer>;
  readonly started: (node: SimNode, contents: RecoveredContents) => void;
  readonly applied: (node: SimNode, entry: Entry, outcome: CommandOutcome | undefined) => void;
  readonly replaced: (node: SimNode) => void;
  readonly turned: (node: SimNode) => void;
  /** The process has to end. */
  readonly fatal: (node: SimNode, error: unknown) => void;
}

export interface Offer {
  readonly term: Term;
  readonly meta: SnapshotMeta;
}
