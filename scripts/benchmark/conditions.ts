// What a figure depends on besides the program: the machine, its disk, the commit.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";

export interface Conditions {
  readonly date: string;
  readonly commit: string;
  readonly node: string;
  readonly kernel: string;
  readonly processors: string;
  readonly memoryGiB: number;
  /** Device and type of the file system that holds the data. */
  readonly disk: string;
  /** Of the minute before the first run. */
  readonly loadAverage: number;
}

export function conditionsOf(home: string): Conditions {
  return {
    date: new Date().toISOString(),
    commit: commit(),
    node: process.version,
    kernel: `${process.platform} ${release()}`,
    processors: `${availableParallelism()} x ${cpus()[0]?.model ?? "unknown"}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    disk: diskOf(home),
    loadAverage: loadavg()[0] ?? 0,
  };
}

function commit(): string {
  try {
    const git = (...words: string[]): string =>
      execFileSync("git", words, { cwd: import.meta.dirname, encoding: "utf8" }).trim();
    const isChanged = git("status", "--porcelain", "--untracked-files=no") !== "";
    return git("rev-parse", "--short", "HEAD") + (isChanged ? ", with changes" : "");
  } catch {
    return "not in a repository";
  }
}

function diskOf(path: string): string {
  try {
    const mounts = readFileSync("/proc/mounts", "utf8")
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([, place = ""]) => path === place || path.startsWith(`${place.replace(/\/$/, "")}/`))
      .sort(([, one = ""], [, other = ""]) => other.length - one.length);
    const [device = "", , type = ""] = mounts[0] ?? [];
    return `${device} (${type})`;
  } catch {
    return "unknown";
  }
}
