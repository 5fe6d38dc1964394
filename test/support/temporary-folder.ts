// A folder of its own for one test, gone with its scope.
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  return folderIn(tmpdir());
}

/** One in memory where the machine has that: for thousands of files that nobody needs durable. */
export async function folderInMemory(): Promise<TemporaryFolder> {
  return folderIn(existsSync("/dev/shm") ? "/dev/shm" : tmpdir());
}

async function folderIn(parent: string): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(parent, "holdfast-test-"));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
