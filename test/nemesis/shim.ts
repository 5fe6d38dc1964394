// The library that is preloaded into nodes (faulty-libc.c): built once, told what to do by a file.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageFolder } from "../../src/base/package-folder.ts";

/** The path of the library, or why there is none. */
export type Shim =
  | { readonly kind: "built"; readonly path: string }
  | { readonly kind: "impossible"; readonly reason: string };

export function buildShim(): Shim {
  if (process.platform !== "linux") return impossible("this is not Linux");
  const source = join(packageFolder(), "test/nemesis/faulty-libc.c");
  const digest = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 16);
  const path = join(tmpdir(), `holdfast-faulty-libc-${digest}.so`);
  if (existsSync(path)) return { kind: "built", path };
  const unfinished = `${path}.${process.pid}`;
  const flags = ["-O2", "-Wall", "-shared", "-fPIC", "-o", unfinished, source, "-ldl"];
  const { status, error, stderr } = spawnSync("gcc", flags, { encoding: "utf8" });
  if (error !== undefined) return impossible(`gcc cannot be run (${error.message})`);
  if (status !== 0) return impossible(`gcc fails: ${stderr}`);
  renameSync(unfinished, path);
  return { kind: "built", path };
}

function impossible(reason: string): Shim {
  return { kind: "impossible", reason };
}

/** What the library does to the syncs of one node, from now on. */
export interface SyncFaults {
  /** Syncs that still succeed before some fail; absent: none fails. */
  readonly failAfter?: number;
  /** How many fail then; absent: all. */
  readonly failures?: number;
  readonly slowMs?: number;
}

export function writeControl(path: string, faults: SyncFaults): void {
  const { failAfter = -1, failures = -1, slowMs = 0 } = faults;
  const numbers = new Int32Array([failAfter, failures, slowMs, 0]);
  // In place: the node has the file mapped. The count comes last, for it begins the failing.
  const file = openSync(path, existsSync(path) ? "r+" : "w", 0o600);
  writeSync(file, new Uint8Array(numbers.buffer), 4, 12, 4);
  writeSync(file, new Uint8Array(numbers.buffer), 0, 4, 0);
  closeSync(file);
}
