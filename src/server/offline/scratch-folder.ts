// A folder for data under construction: gone when it is not wanted any more, however that comes.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

export interface ScratchFolder extends Disposable {
  readonly path: string;
}

/** In `parent`, under a name that begins with `prefix`. */
export function scratchFolder(parent: string, prefix: string): ScratchFolder {
  const path = mkdtempSync(join(resolve(parent), prefix));
  const remove = (): void => {
    rmSync(path, { recursive: true, force: true });
  };
  const removeAndEnd = (signal: NodeJS.Signals): void => {
    remove();
    process.off(signal, removeAndEnd);
    process.kill(process.pid, signal);
  };
  process.on("SIGINT", removeAndEnd);
  process.on("SIGTERM", removeAndEnd);
  return {
    path,
    [Symbol.dispose]: () => {
      process.off("SIGINT", removeAndEnd);
      process.off("SIGTERM", removeAndEnd);
      remove();
    },
  };
}

/** Beside a directory that is to be made: on the same disk, so that a rename is enough. */
export function scratchBeside(directory: string): ScratchFolder {
  const parent = dirname(resolve(directory));
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  return scratchFolder(parent, `.${basename(directory)}-restoring-`);
}
