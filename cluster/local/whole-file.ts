// Writes a file so that a reader finds the old one or the new one, never half of either.
import { renameSync, writeFileSync } from "node:fs";

/** Whom a file is for: its owner alone, or everybody on the machine. */
export type Readers = "owner" | "everybody";

export function writeWholeFile(path: string, content: string | Uint8Array, readers: Readers): void {
  const unfinished = `${path}.${process.pid}.new`;
  writeFileSync(unfinished, content, { mode: readers === "owner" ? 0o600 : 0o644 });
  renameSync(unfinished, path);
}
