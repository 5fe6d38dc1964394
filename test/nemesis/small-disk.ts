// A disk of a node's own, in memory, that can be filled to the last byte.
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

const sizeMebibytes = 384;

export class SmallDisk implements Disposable {
  readonly folder: string;
  readonly #ballast: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.#ballast = join(folder, "ballast");
  }

  /** Nothing when this user may not mount: the data lies on the machine's own disk then. */
  static mount(folder: string): SmallDisk | undefined {
    mkdirSync(folder, { recursive: true });
    const options = ["-t", "tmpfs", "-o", `size=${sizeMebibytes}m,mode=700`, "tmpfs", folder];
    const { status } = spawnSync("mount", options, { stdio: "ignore" });
    return status === 0 ? new SmallDisk(folder) : undefined;
  }

  fill(): void {
    const file = openSync(this.#ballast, "a");
    // Smaller and smaller pieces, so that nothing is left.
    for (const sizeBytes of [4 * 1024 * 1024, 64 * 1024, 4096]) {
      while (hasRoomFor(file, new Uint8Array(sizeBytes)));
    }
    closeSync(file);
  }

  empty(): void {
    rmSync(this.#ballast, { force: true });
  }

  [Symbol.dispose](): void {
    spawnSync("umount", ["-l", this.folder], { stdio: "ignore" });
  }
}

function hasRoomFor(file: number, bytes: Uint8Array): boolean {
  try {
    return writeSync(file, bytes) === bytes.length;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOSPC") return false;
    throw error;
  }
}
