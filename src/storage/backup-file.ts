// A backup on a disk, opened for reading: through one descriptor, a mebibyte at a time.
import { open, type FileHandle } from "node:fs/promises";
import { BackupError, type ByteSource } from "./backup-records.ts";

const readAheadBytes = 1024 * 1024;

export class BackupFile implements ByteSource, AsyncDisposable {
  readonly path: string;
  readonly #handle: FileHandle;
  #buffer: Uint8Array = new Uint8Array(0);

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** Throws `BackupError` when there is no file that can be read. */
  static async open(path: string): Promise<BackupFile> {
    const handle = await open(path, "r").catch((cause: unknown) => {
      throw new BackupError(`it cannot be opened (${codeOf(cause)})`, { cause });
    });
    const { isFile } = await handle.stat().then((found) => ({ isFile: found.isFile() }));
    if (isFile) return new BackupFile(path, handle);
    await handle.close();
    throw new BackupError("it is not a file");
  }

  async read(count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = count;
    while (missing > 0) {
      if (this.#buffer.length === 0 && !(await this.#fill(missing))) break;
      const part = this.#buffer.subarray(0, missing);
      this.#buffer = this.#buffer.subarray(part.length);
      missing -= part.length;
      parts.push(part);
    }
    const [only, ...others] = parts;
    return others.length === 0 ? (only ?? new Uint8Array(0)) : Buffer.concat(parts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  /** Whether there was more. */
  async #fill(wanted: number): Promise<boolean> {
    const buffer = new Uint8Array(Math.max(readAheadBytes, wanted));
    const { bytesRead } = await this.#handle.read(buffer);
    this.#buffer = buffer.subarray(0, bytesRead);
    return bytesRead > 0;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
