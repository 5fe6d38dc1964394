// Room on the disk of the data: how much there is, when that is too little, and a reserve that is
// kept for the worst day. LevelDB cannot be opened on a full disk, not even to delete something.
//
//   free   ─────────────┬───────────────┬──────────
//          full         reserve         low: nothing new is taken
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { open, rename, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { DiskError } from "./database.ts";

const mebibyte = 1024 * 1024;

export interface SpaceSettings {
  /** What is set aside, on a disk that has room for it. */
  readonly reserveBytes: number;
  /** With less than this free, besides the reserve, nothing new is taken. */
  readonly lowBytes: number;
}

export const usualSpace: SpaceSettings = {
  reserveBytes: 64 * mebibyte,
  lowBytes: 256 * mebibyte,
};

/** What LevelDB needs to make tables of a full write-ahead log, and a little more. */
const reserveBytesMin = 24 * mebibyte;
const lowBytesMin = 32 * mebibyte;

/** The settings as far as a disk of `totalBytes` allows: most of a small one stays for data. */
export function spaceLimitsFor(totalBytes: number, wanted: SpaceSettings): SpaceSettings {
  const share = (part: number, least: number): number =>
    Math.floor(Math.min(Math.max(totalBytes / part, least), totalBytes / 4));
  return {
    reserveBytes: Math.min(wanted.reserveBytes, share(20, reserveBytesMin)),
    lowBytes: Math.min(wanted.lowBytes, share(10, lowBytesMin)),
  };
}

export type Space = "enough" | "low";

/** Once low, there must be a good deal more before it is enough: a verdict must not flicker. */
export function spaceAfter(before: Space, freeBytes: number, { lowBytes }: SpaceSettings): Space {
  const neededBytes = before === "low" ? lowBytes * 1.25 : lowBytes;
  return freeBytes < neededBytes ? "low" : "enough";
}

/** In bytes, as far as this process may use them. */
export interface DiskSize {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

export async function diskSizeAt(directory: string): Promise<DiskSize> {
  const { bsize, blocks, bavail } = await statfs(directory);
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
}

export interface DiskSpaceParts {
  readonly directory: string;
  readonly settings: SpaceSettings;
  readonly sizeAt: (directory: string) => Promise<DiskSize>;
}

/** All methods throw `DiskError` when the disk refuses. */
export class DiskSpace {
  readonly #parts: DiskSpaceParts;
  #space: Space = "enough";
  #isLooking = false;

  private constructor(parts: DiskSpaceParts) {
    this.#parts = parts;
  }

  /**
   * Before the data is opened: gives the reserve up if there is no room to open it without. It is
   * made again by the first `look` that finds room for it.
   */
  static async prepare(parts: DiskSpaceParts): Promise<DiskSpace> {
    mkdirSync(parts.directory, { recursive: true, mode: 0o700 });
    const space = new DiskSpace(parts);
    const { freeBytes, limits } = await space.#measure();
    space.#space = spaceAfter("enough", freeBytes, limits);
    if (freeBytes < limits.reserveBytes) rmSync(space.#reservePath, { force: true });
    return space;
  }

  /** As of the last look. */
  get space(): Space {
    return this.#space;
  }

  /** Looks how much is free; keeps the reserve as long as there is room for both. */
  async look(): Promise<Space> {
    // A disk that hangs is asked once, not once a second.
    if (this.#isLooking) return this.#space;
    this.#isLooking = true;
    try {
      const { freeBytes, limits } = await this.#measure();
      this.#space = spaceAfter(this.#space, freeBytes, limits);
      const hasRoom = freeBytes >= 1.25 * limits.lowBytes + limits.reserveBytes;
      if (hasRoom && !existsSync(this.#reservePath)) await this.#makeReserve(limits.reserveBytes);
      return this.#space;
    } finally {
      this.#isLooking = false;
    }
  }

  get #reservePath(): string {
    return join(this.#parts.directory, "reserve");
  }

  async #measure(): Promise<{ readonly freeBytes: number; readonly limits: SpaceSettings }> {
    const { directory, settings, sizeAt } = this.#parts;
    const { freeBytes, totalBytes } = await sizeAt(directory).catch(refused("Cannot measure"));
    return { freeBytes, limits: spaceLimitsFor(totalBytes, settings) };
  }

  async #makeReserve(sizeBytes: number): Promise<void> {
    const unfinished = `${this.#reservePath}.new`;
    try {
      await writeZeros(unfinished, sizeBytes);
      await rename(unfinished, this.#reservePath);
    } catch (cause) {
      await rm(unfinished, { force: true });
      // Somebody else was faster.
      if ((cause as NodeJS.ErrnoException).code === "ENOSPC") this.#space = "low";
      else refused("Cannot make a reserve in")(cause);
    }
  }
}

/** Written, not only announced: a file of holes would reserve nothing. */
async function writeZeros(path: string, sizeBytes: number): Promise<void> {
  await using file = await open(path, "w", 0o600);
  const chunk = new Uint8Array(mebibyte);
  for (let at = 0; at < sizeBytes; at += chunk.length) {
    await file.write(chunk, 0, Math.min(chunk.length, sizeBytes - at));
  }
  await file.sync();
}

function refused(what: string): (cause: unknown) => never {
  return (cause) => {
    const { code } = cause as NodeJS.ErrnoException;
    throw new DiskError(`${what} the data directory: ${code ?? "unknown error"}`, { cause });
  };
}
