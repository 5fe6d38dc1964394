// How a node's process ends when it must: one line that says why, and an exit code that tells its
// supervisor whether starting it again can help (sysexits.h).
import { NodeRemovedError } from "../consensus/node-removed.ts";
import { RootKeyFileError } from "../crypto/root-key-file.ts";
import { CorruptionError } from "../storage/corruption.ts";
import { DiskError } from "../storage/database.ts";
import { StorageWriteError } from "../storage/node-store.ts";
import { IdentityMismatchError } from "../storage/recovery.ts";
import { ConfigurationError } from "./config.ts";

const exitCodes = {
  /** The data cannot be trusted: starting again finds the same. */
  corrupt: 65,
  /** A bug, or something nobody foresaw. */
  software: 70,
  /** The disk failed: recovery decides at the next start. */
  storage: 74,
  /** The node was removed from its region: its id is used up. */
  removed: 77,
  /** The configuration is wrong: a person has to change it. */
  configuration: 78,
} as const;

export function exitCodeFor(error: unknown): number {
  if (error instanceof CorruptionError) return exitCodes.corrupt;
  if (error instanceof StorageWriteError || error instanceof DiskError) return exitCodes.storage;
  if (error instanceof NodeRemovedError) return exitCodes.removed;
  const isConfiguration =
    error instanceof ConfigurationError ||
    error instanceof IdentityMismatchError ||
    error instanceof RootKeyFileError;
  return isConfiguration ? exitCodes.configuration : exitCodes.software;
}
