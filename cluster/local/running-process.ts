// Tells whether a process id is still the process somebody wrote down, before it is signalled.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** Whether the process runs with every one of `marks` as a whole argument of its command line. */
export function isProcess(pid: number, marks: readonly string[]): boolean {
  const commandLine = argumentsOf(pid);
  return commandLine !== undefined && marks.every((mark) => commandLine.includes(mark));
}

/** Ends a process that is not a child of ours: asks it, and after `patienceMs` no more. */
export async function endProcess(
  pid: number,
  marks: readonly string[],
  patienceMs: number,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  signalProcess(pid, "SIGTERM");
  // One that was paused hears of it only now.
  signalProcess(pid, "SIGCONT");
  while (isProcess(pid, marks) && performance.now() < deadline) await pause(50);
  if (isProcess(pid, marks)) signalProcess(pid, "SIGKILL");
  while (isProcess(pid, marks)) await pause(20);
}

/** Signals a process that may have ended in the meantime. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** From /proc where there is one, from `ps` elsewhere; nothing for a process that has ended. */
function argumentsOf(pid: number): readonly string[] | undefined {
  try {
    if (process.platform === "linux") {
      const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      // A zombie has ended, and its command line is empty.
      return commandLine.length > 1 ? commandLine : undefined;
    }
    return execFileSync("ps", ["-ww", "-o", "args=", "-p", String(pid)], { encoding: "utf8" })
      .trim()
      .split(" ");
  } catch {
    return undefined;
  }
}
