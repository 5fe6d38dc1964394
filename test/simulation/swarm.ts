// Which faults a seed has, and how strong. Swarm testing: with everything at once, a fault hides
// behind another, so most seeds have few.
import type { FlowLimits } from "../../src/raft/progress.ts";
import type { Chance } from "./chance.ts";

export interface Swarm {
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: number;
  readonly crash: number;
  readonly crashAtEffect: number;
  /** How often a leader dies of its election: logs then differ in their last terms. */
  readonly crashAtElection: number;
  readonly pause: number;
  readonly partition: number;
  readonly reset: number;
  /** How often a node drops what it has applied from its log. */
  readonly compaction: number;
  /** How often a snapshot moves on by a step: the lower, the longer it is under way. */
  readonly snapshotHaste: number;
  readonly snapshotFailure: number;
  /** How often a leader is asked to hand over. */
  readonly transfer: number;
  /** How often somebody changes who is in the group. */
  readonly membership: number;
  /** How often a disk stops taking writes, until it recovers. */
  readonly diskStall: number;
  readonly applyLag: number;
  readonly rowLag: number;
  readonly laziness: number;
  readonly slowDisk: number;
  /** How often a crash, a pause or a cut meets a leader, and not just anybody. */
  readonly hunting: number;
  /** How soon nodes come back and cuts heal. */
  readonly recovery: number;
  /** How fast clocks run, against everything else. */
  readonly haste: number;
}

export function drawSwarm(chance: Chance): Swarm {
  return {
    loss: chance.strength(0.3),
    duplication: chance.strength(0.3),
    reordering: chance.strength(0.8),
    crash: chance.strength(0.7),
    crashAtEffect: chance.strength(0.02),
    crashAtElection: chance.strength(0.7),
    pause: chance.strength(0.7),
    partition: chance.strength(0.7),
    reset: chance.strength(2),
    compaction: chance.below(12),
    snapshotHaste: 1 + chance.strength(10),
    snapshotFailure: chance.strength(0.4),
    transfer: chance.strength(1.5),
    membership: chance.strength(40),
    diskStall: chance.strength(0.3),
    applyLag: chance.strength(0.9),
    rowLag: chance.strength(0.9),
    laziness: chance.strength(0.8),
    slowDisk: chance.strength(0.95),
    hunting: chance.strength(1),
    recovery: 0.2 + chance.below(30) / 10,
    haste: 2 + chance.below(12),
  };
}

/** Tight limits, so that they are met. */
export function drawFlow(chance: Chance): FlowLimits {
  return {
    maxInFlightMessages: 1 + chance.below(4),
    maxInFlightBytes: 100 + chance.below(1000),
  };
}
