// When a node that ended is started again. Pure: the supervisor carries it out.

export interface Exit {
  /** Nothing when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A node that answered before it died starts with a clean slate; one that never did has not. */
export type LifeSpan = "answered" | "never_answered";

export type RestartDecision =
  | { readonly kind: "restart"; readonly afterMs: number; readonly earlyDeaths: number }
  | { readonly kind: "stay_down" }
  /** It belongs to its region no more. */
  | { readonly kind: "removed" };

/** A node that was removed ends with it. */
const removedExitCode = 77;

/** Exit codes (sysexits.h) after which another try would only fail the same way. */
const hopeless = new Map<number | null, string>([
  [65, "its data is corrupt"],
  [removedExitCode, "it was removed from its region"],
  [78, "its configuration cannot be used"],
]);

/** The wait grows with each death in a row that came before the node had answered anything. */
const waitsMs = [100, 1_000, 2_000, 5_000, 10_000];

export function decideRestart(
  exit: Exit,
  lifeSpan: LifeSpan,
  earlierDeaths: number,
): RestartDecision {
  if (exit.code === removedExitCode) return { kind: "removed" };
  if (hopeless.has(exit.code)) return { kind: "stay_down" };
  const earlyDeaths = lifeSpan === "answered" ? 0 : earlierDeaths + 1;
  const position = Math.min(Math.max(earlyDeaths - 1, 0), waitsMs.length - 1);
  return { kind: "restart", afterMs: waitsMs[position] ?? 0, earlyDeaths };
}

/** Such as "exit code 78 (its configuration cannot be used)" or "SIGKILL". */
export function describeExit({ code, signal }: Exit): string {
  if (signal !== null) return signal;
  const reason = hopeless.get(code);
  return `exit code ${String(code)}${reason === undefined ? "" : ` (${reason})`}`;
}
