// A sentence beside the database that says why the node must not go on with it, though every row is
// as it was written: the other nodes hold another state. Without it the node would be itself again
// at its next start, and serve what it was stopped for, until they compare once more.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { CorruptionError } from "./corruption.ts";

function pathIn(directory: string): string {
  return join(directory, "distrusted");
}

/** Outlasts the process and a power cut. What was found first stays. */
export function distrust(directory: string, found: string): void {
  const path = pathIn(directory);
  if (existsSync(path)) return;
  const file = openSync(path, "wx", 0o600);
  writeSync(file, `${found}\n`);
  fsyncSync(file);
  closeSync(file);
  const folder = openSync(dirname(path), "r");
  fsyncSync(folder);
  closeSync(folder);
}

/** Throws a `CorruptionError` if the data was found to be another state than that of the others. */
export function requireTrusted(directory: string): void {
  const path = pathIn(directory);
  if (!existsSync(path)) return;
  const found = readFileSync(path, "utf8").trim();
  throw new CorruptionError(path, found === "" ? "its state differs from that of others" : found);
}
