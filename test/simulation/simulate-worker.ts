// One process that plays seeds, one after the other, as they are given to it.
import { shrink, type ShrunkFailure } from "./node-shrink.ts";
import { runSeed, type SeedOptions, type SeedOutcome } from "./node-simulation.ts";

export type Task =
  | { readonly kind: "play"; readonly options: SeedOptions }
  | { readonly kind: "shrink"; readonly seed: number };

export type Report =
  | { readonly kind: "played"; readonly outcome: SeedOutcome; readonly cpuMs: number }
  | { readonly kind: "shrunk"; readonly shrunk: ShrunkFailure };

process.on("message", (task: Task) => {
  // Not from the message itself: a simulation runs its microtasks, so it must be in none.
  setImmediate(() => {
    process.send?.(carryOut(task));
  });
});

function carryOut(task: Task): Report {
  if (task.kind === "shrink") return { kind: "shrunk", shrunk: shrink(task.seed) };
  const before = process.cpuUsage();
  const outcome = runSeed(task.options);
  const { user, system } = process.cpuUsage(before);
  return { kind: "played", outcome, cpuMs: (user + system) / 1000 };
}
