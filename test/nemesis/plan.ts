// Which faults come when, drawn from a seed before anything runs: each history has one main fault,
// and up to two more that overlap with it.
import type { Random } from "./random.ts";

export const faultKinds = [
  "kill_leader",
  "kill_follower",
  "kill_all",
  "pause_leader",
  "pause_follower",
  "isolate_leader",
  "isolate_follower",
  "deaf_leader",
  "mute_leader",
  "bridge",
  "lossy_network",
  "slow_network",
  "full_disk",
  "failing_sync",
  "slow_sync",
  "power_cut_one",
  "power_cut_all",
  "bit_flips",
] as const;

export type FaultKind = (typeof faultKinds)[number];

export interface PlannedFault {
  readonly kind: FaultKind;
  /** From the beginning of the faults. */
  readonly atMs: number;
  readonly lastsMs: number;
  /** From 0 up to 1: how bad it is, whatever that means for its kind. */
  readonly strength: number;
}

export interface Plan {
  readonly main: FaultKind;
  readonly faults: readonly PlannedFault[];
  readonly faultsMs: number;
}

/** Faults that another must not come on top of: what they leave of a node is not to be hurt. */
const solitary: ReadonlySet<FaultKind> = new Set(["bit_flips"]);

/** Faults of an instant: they come again and again for as long as they are planned. */
const additions: readonly [FaultKind, ...FaultKind[]] = [
  "kill_leader",
  "kill_follower",
  "pause_leader",
  "isolate_leader",
  "isolate_follower",
  "mute_leader",
  "lossy_network",
  "slow_sync",
  "power_cut_one",
];

export function planHistory(main: FaultKind, random: Random, faultsMs: number): Plan {
  const faults = [plannedFault(main, random, faultsMs)];
  if (!solitary.has(main)) {
    for (let more = random.below(3); more > 0; more -= 1) {
      faults.push(plannedFault(random.one(additions), random, faultsMs));
    }
  }
  return { main, faults, faultsMs };
}

function plannedFault(kind: FaultKind, random: Random, faultsMs: number): PlannedFault {
  const atMs = random.below(Math.floor(faultsMs / 3));
  const lastsMs = Math.floor((faultsMs - atMs) * (0.4 + 0.6 * random.next()));
  return { kind, atMs, lastsMs, strength: random.next() };
}
