// Which faults a seed has, and how strong. With everything at once one fault hides behind another,
// so most seeds have few.
import { compactionLimits } from "../../src/consensus/compaction.ts";
import type { DiskFaults } from "./node-disk.ts";
import type { NodeSettings } from "./node-parts.ts";
import type { NetworkFaults } from "./node-network.ts";
import { Random } from "./node-random.ts";
import type { Micros } from "./node-world.ts";

/** Faults that a failing seed is tried without. */
export const faultClasses = [
  "crash",
  "pause",
  "stall",
  "clock_rate",
  "clock_jump",
  "cut",
  "reset",
  "half_open",
  "late_arrival",
  "slow_way",
  "snapshot_break",
  "request_loss",
  "disk_stall",
  "disk_failure",
  "disk_full",
  "bit_flip",
  "missing_batch",
  "lost_directory",
  "transfer",
  "slow_apply",
  "membership",
  "tiny_limits",
] as const;

export type FaultClass = (typeof faultClasses)[number];

export interface Swarm {
  readonly nodes: number;
  readonly clients: number;
  readonly secrets: number;
  readonly thinkMicros: Micros;
  readonly deadlineMs: number;
  /** How long faults come, before everything has to recover. */
  readonly safetyMicros: Micros;
  readonly settings: NodeSettings;
  readonly network: NetworkFaults;
  readonly disk: DiskFaults;
  readonly snapshotBreaks: number;
  readonly requestLoss: number;
  /** How often a fault is aimed at a leader, and not at just anybody. */
  readonly hunting: number;
  /** How soon what is down comes back. */
  readonly recoveryMicros: Micros;
  /** The mean time between two of a kind; a fault that is not there has none. */
  readonly every: ReadonlyMap<FaultClass, Micros>;
  readonly present: ReadonlySet<FaultClass>;
}

const second = 1_000_000;

export function drawSwarm(seed: number, without: ReadonlySet<FaultClass>): Swarm {
  const random = Random.of(seed, "swarm");
  const strength = drawStrengths(random, without);
  /** Between the two, if the fault is there. */
  const of = (fault: FaultClass, least: number, most: number): number => {
    const drawn = strength.get(fault);
    return drawn === undefined ? 0 : least + drawn * (most - least);
  };
  const every = new Map<FaultClass, Micros>();
  for (const [fault, drawn] of strength) {
    every.set(fault, Math.ceil(second * 2 * (isRare(fault) ? 10 : 1) * 40 ** drawn));
  }
  const settings = drawSettings(random, strength);
  // A region in which a word to the leader takes an election timeout has no leader for long.
  const slowest = settings.tickMs * settings.electionTicks * 200;
  return {
    ...drawSize(random),
    settings,
    network: {
      usualMicros: random.pick([200, 500, 2_000, 10_000]),
      mostMicros: Math.min(random.pick([20_000, 200_000, 1_000_000]), 4 * slowest),
      slowWays: strength.has("slow_way") ? 0.3 : 0,
      slowMicros: 1 + Math.floor(of("slow_way", 0, slowest)),
      holds: 0.4,
      lateness: strength.has("late_arrival") ? 0.7 : 0,
    },
    disk: {
      usualMicros: random.pick([150, 1_000, 5_000]),
      mostMicros: random.pick([10_000, 100_000]),
      stall: of("disk_stall", 0.0005, 0.01),
      stallMicros: random.pick([1, 4, 14]) * second,
      failure: of("disk_failure", 0.0001, 0.002),
    },
    snapshotBreaks: of("snapshot_break", 0.02, 0.2),
    requestLoss: of("request_loss", 0.01, 0.1),
    hunting: random.fraction(),
    recoveryMicros: Math.ceil(second * 0.5 * 40 ** random.fraction()),
    every,
    present: new Set(strength.keys()),
  };
}

/** Everything is drawn whatever is left out, so that leaving out one fault changes no other. */
function drawStrengths(
  random: Random,
  without: ReadonlySet<FaultClass>,
): ReadonlyMap<FaultClass, number> {
  const strength = new Map<FaultClass, number>();
  const plenty = random.pick([0.15, 0.3, 0.45, 0.6]);
  for (const fault of faultClasses) {
    // Most of what goes wrong with consensus needs a cut somewhere, or a leader that is late.
    const isFrequent = fault === "cut" || fault === "clock_rate";
    const isThere = random.happens(isFrequent ? 0.6 : plenty);
    const drawn = random.fraction();
    if (isThere && !without.has(fault)) strength.set(fault, drawn);
  }
  return strength;
}

function isRare(fault: FaultClass): boolean {
  return fault === "bit_flip" || fault === "missing_batch" || fault === "lost_directory";
}

function drawSize(
  random: Random,
): Pick<Swarm, "nodes" | "clients" | "secrets" | "thinkMicros" | "deadlineMs" | "safetyMicros"> {
  const nodes = random.pick([1, 3, 3, 3, 3, 3, 3, 5, 5]);
  const secrets = random.between(1, 6);
  const slowness = random.fraction();
  // Some are busy for a short while: what only shows when much happens at once.
  if (random.happens(0.3)) {
    return {
      nodes,
      secrets,
      clients: random.between(3, 6),
      thinkMicros: Math.ceil(second * 0.015 * 6 ** slowness),
      deadlineMs: random.pick([1_000, 3_000]),
      safetyMicros: second * random.between(30, 90),
    };
  }
  return {
    nodes,
    secrets,
    clients: random.between(1, 5),
    thinkMicros: Math.ceil(second * 0.3 * 20 ** slowness),
    deadlineMs: random.pick([2_000, 10_000, 30_000]),
    safetyMicros: second * 60 * random.between(5, 20),
  };
}

function drawSettings(random: Random, strength: ReadonlyMap<FaultClass, number>): NodeSettings {
  const tick = random.pick([75, 75, 100, 150]);
  const inFlight = random.between(1, 4);
  const retention = random.between(1, 40);
  const tiny = {
    flow: { maxInFlightMessages: inFlight, maxInFlightBytes: 200 + random.below(2_000) },
    messageBytes: random.pick([1, 1, 1_000]),
    chunkBytes: random.pick([1, 1, 500]),
    compaction: {
      count: retention,
      sizeBytes: 1_000_000,
      countMax: retention * random.between(1, 20),
      sizeBytesMax: 1_000_000,
      stepMin: random.pick([1, 1, 10]),
      stepMax: random.pick([1, 3, 5_000]),
    },
  };
  const usual = {
    flow: { maxInFlightMessages: 64, maxInFlightBytes: 8 * 1024 * 1024 },
    messageBytes: 512 * 1024,
    chunkBytes: 256 * 1024,
    // Shorter than a real one, or no simulated day would fill it.
    compaction: { ...compactionLimits, count: 200, countMax: 2_000, stepMin: 50 },
  };
  return {
    tickMs: tick,
    // The fewer there are, the more often two nodes stand at once.
    electionTicks: random.pick([3, 4, 6, 10, 10]),
    ...(strength.has("tiny_limits") ? tiny : usual),
    lookMs: strength.has("slow_apply") ? random.pick([0.2, 1, 3]) : 0,
  };
}
