// Who used the processors: from /proc, so on Linux only. Elsewhere nothing is told.
import { readFileSync } from "node:fs";

/** Clock ticks a second, as Linux tells them to programs on every machine of today. */
const ticksPerSecond = 100;

export interface ProcessorTime {
  /** Milliseconds of each process, in the order asked; 0 for one that has ended. */
  readonly ofProcesses: readonly number[];
  /** Milliseconds of all processors that were not idle. */
  readonly busy: number;
  readonly at: number;
}

/** Nothing where there is no /proc. */
export function processorTime(pids: readonly number[]): ProcessorTime | undefined {
  if (process.platform !== "linux") return undefined;
  const [, ...fields] = (readFileSync("/proc/stat", "utf8").split("\n")[0] ?? "").split(/ +/);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = fields.map(Number);
  return {
    ofProcesses: pids.map(processTime),
    busy: inMs(user + nice + system + irq + softIrq + steal),
    at: performance.now(),
  };
}

function processTime(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name before the last bracket may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return inMs(Number(fields[11]) + Number(fields[12]));
  } catch {
    return 0;
  }
}

function inMs(ticks: number): number {
  return (ticks * 1_000) / ticksPerSecond;
}

export interface Usage {
  /** In processors: 1 is one of them, all the time. */
  readonly ofProcesses: readonly number[];
  /** Of everything else on the machine. */
  readonly others: number;
}

export function usageBetween(
  before: ProcessorTime | undefined,
  after: ProcessorTime | undefined,
): Usage | undefined {
  if (before === undefined || after === undefined) return undefined;
  const elapsed = after.at - before.at;
  const ofProcesses = after.ofProcesses.map(
    (ms, index) => Math.max(ms - (before.ofProcesses[index] ?? 0), 0) / elapsed,
  );
  const ours = ofProcesses.reduce((sum, share) => sum + share, 0);
  return { ofProcesses, others: Math.max((after.busy - before.busy) / elapsed - ours, 0) };
}
