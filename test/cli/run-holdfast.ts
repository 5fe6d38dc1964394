// The command line as a process of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const main = join(import.meta.dirname, "../../src/cli/main.js");

export interface RunOptions {
  readonly stdin?: string | undefined;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line to its end, with nothing on standard input unless told. */
export async function runHoldfast(
  args: readonly string[],
  { stdin, environment }: RunOptions,
): Promise<Run> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: "pipe",
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // A command that stops reading early closes the pipe: that is its good right.
  child.stdin.on("error", () => undefined);
  child.stdin.end(stdin ?? "");
  const [exitCode] = (await once(child, "close")) as [number | null];
  return {
    exitCode,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  };
}
