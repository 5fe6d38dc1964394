// A few bytes beside the database that say how far it had come: the least it must hold when it is
// opened again. LevelDB drops a damaged tail without a word; a node that lost what it acknowledged,
// or a vote it gave, must not go on as if it never had.
//
// Rewritten after every batch that landed, so it is never ahead of the database. It reaches the
// disk every few seconds and on closing: after a crash of the process it is exact, after a power
// cut it may be behind, and then it catches a little less.
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { damagedFile } from "./corruption.ts";

const floorLength = 1 + 8 + 4;
const floorVersion = 1;

/** Remembers how many batches the database must at least hold. */
export interface Floor extends Disposable {
  write(batch: number): void;
  sync(): void;
}

export class FloorFile implements Floor {
  readonly #descriptor: number;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** The count of batches the file vouches for, or nothing when there is no file. */
  static read(path: string): number | undefined {
    if (!existsSync(path)) return undefined;
    const bytes = readFileSync(path);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length !== floorLength || view.getUint8(0) !== floorVersion) {
      throw damagedFile(path, "the floor file is malformed");
    }
    if (view.getUint32(9) !== crc32(bytes.subarray(0, 9))) {
      throw damagedFile(path, "the floor file does not match its checksum");
    }
    return Number(view.getBigUint64(1));
  }

  /**
   * Makes a file that vouches for nothing yet: whole, or not at all. It must outlast a power cut
   * before there is a database, or a database without a floor could be an old one.
   */
  static create(path: string): void {
    const unfinished = `${path}.new`;
    const file = new FloorFile(openSync(unfinished, "w", 0o600));
    file.write(0);
    file[Symbol.dispose]();
    renameSync(unfinished, path);
    const folder = openSync(dirname(path), "r");
    fsyncSync(folder);
    closeSync(folder);
  }

  /** Opens the file that `create` made, to vouch for `batch` from now on. */
  static open(path: string, batch: number): FloorFile {
    const file = new FloorFile(openSync(path, "r+"));
    file.write(batch);
    file.sync();
    return file;
  }

  /** Survives the process from here on; a power cut only after `sync`. */
  write(batch: number): void {
    const bytes = new Uint8Array(floorLength);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, floorVersion);
    view.setBigUint64(1, BigInt(batch));
    view.setUint32(9, crc32(bytes.subarray(0, 9)));
    writeSync(this.#descriptor, bytes, 0, floorLength, 0);
  }

  sync(): void {
    fdatasyncSync(this.#descriptor);
  }

  [Symbol.dispose](): void {
    this.sync();
    closeSync(this.#descriptor);
  }
}
