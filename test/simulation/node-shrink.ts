// How little of a failing seed still fails: without which faults, and how early they may end.
import { runSeed, type SeedOutcome } from "./node-simulation.ts";
import { faultClasses, type FaultClass } from "./node-swarm.ts";

export interface ShrunkFailure {
  readonly seed: number;
  readonly without: readonly FaultClass[];
  readonly safetyShare: number;
  readonly outcome: SeedOutcome;
}

/** How finely the end of the faults is sought. */
const halvings = 8;

export function shrink(seed: number): ShrunkFailure {
  const without = new Set<FaultClass>();
  let outcome = runSeed({ seed });
  for (const fault of faultClasses) {
    if (outcome.failure?.faults.includes(fault) !== true) continue;
    const tried = runSeed({ seed, without: new Set([...without, fault]) });
    if (tried.failure === undefined) continue;
    without.add(fault);
    outcome = tried;
  }
  let passing = 0;
  let failing = 1;
  for (let turn = 0; turn < halvings && outcome.failure !== undefined; turn += 1) {
    const middle = (passing + failing) / 2;
    const tried = runSeed({ seed, without, safetyShare: middle });
    if (tried.failure === undefined) {
      passing = middle;
      continue;
    }
    failing = middle;
    outcome = tried;
  }
  return { seed, without: [...without], safetyShare: failing, outcome };
}
