// A backup file as bytes: a magic, then records, each under a number and a checksum of its own.
//
//   "HFBACKUP" | u8 format = 1
//   record: u8 kind | u32 number | u32 length | payload | u32 crc32(everything of it before)
//
//   number 0: header · 1 to n: chunks of packed rows (snapshot-rows.ts) · n + 1: trailer, the last
//
// Numbers are big-endian. The trailer has the SHA-256 of everything before it.
import { crc32 } from "node:zlib";
import { concat, utf8 } from "../base/bytes.ts";

/** A backup that cannot be used. The message is a sentence that says what is wrong, and where. */
export class BackupError extends Error {
  override readonly name = "BackupError";
}

export type BackupRecordKind = "header" | "chunk" | "trailer";

export interface BackupRecord {
  readonly kind: BackupRecordKind;
  readonly number: number;
  readonly payload: Uint8Array;
}

const kindCodes: Readonly<Record<BackupRecordKind, number>> = { header: 1, chunk: 2, trailer: 3 };

/** What a payload may weigh: a length is believed before its checksum can be seen. */
const payloadLimits: Readonly<Record<BackupRecordKind, number>> = {
  header: 64 * 1024,
  // Chunks are of a quarter of a mebibyte, or one row that is larger.
  chunk: 8 * 1024 * 1024,
  trailer: 1024,
};

const formatVersion = 1;
const headLength = 9;
const checksumLength = 4;

/** What every backup of this format begins with. */
export const backupMagic: Uint8Array = concat([utf8("HFBACKUP"), Uint8Array.of(formatVersion)]);

export function encodeRecord({ kind, number, payload }: BackupRecord): Uint8Array {
  const bytes = new Uint8Array(headLength + payload.length + checksumLength);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, kindCodes[kind]);
  view.setUint32(1, number);
  view.setUint32(5, payload.length);
  bytes.set(payload, headLength);
  const end = headLength + payload.length;
  view.setUint32(end, crc32(bytes.subarray(0, end)));
  return bytes;
}

/** Gives exactly so many bytes of the file, or fewer where it ends. */
export interface ByteSource {
  read(count: number): Promise<Uint8Array>;
}

/** A record together with its bytes in the file, and where they begin. */
export interface ReadRecord extends BackupRecord {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

/**
 * Reads a file's records one after the other. Throws `BackupError` for whatever `encodeRecord` did
 * not write, an end too early, and a record that does not stand where its number says.
 */
export class RecordReader {
  readonly #source: ByteSource;
  #offset = 0;
  #next = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** What has been read so far, in bytes. */
  get offset(): number {
    return this.#offset;
  }

  /** The magic, which comes first. */
  async start(): Promise<Uint8Array> {
    const found = await this.#source.read(backupMagic.length);
    this.#offset = found.length;
    const name = backupMagic.length - 1;
    const isOurs = Buffer.compare(found.subarray(0, name), backupMagic.subarray(0, name)) === 0;
    if (!isOurs || found.length < backupMagic.length) {
      throw new BackupError("it is not a backup of holdfast: it does not begin like one");
    }
    if (found[name] !== formatVersion) {
      throw new BackupError(
        `it has the format ${found[name] ?? 0}, and this release reads format ${formatVersion} only`,
      );
    }
    return found;
  }

  async next(): Promise<ReadRecord> {
    const offset = this.#offset;
    const number = this.#next;
    const where = `record ${number} at byte ${offset}`;
    const head = await this.#take(headLength, where);
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const kind = kindOf(view.getUint8(0));
    const length = view.getUint32(5);
    if (kind === undefined || length > payloadLimits[kind]) {
      throw new BackupError(`${where} is damaged: its beginning makes no sense`);
    }
    const rest = await this.#take(length + checksumLength, where);
    const payload = rest.subarray(0, length);
    const stored = new DataView(rest.buffer, rest.byteOffset, rest.byteLength).getUint32(length);
    if (stored !== crc32(payload, crc32(head))) {
      throw new BackupError(`${where} is damaged: it does not match its checksum`);
    }
    if (view.getUint32(1) !== number) {
      throw new BackupError(`${where} belongs elsewhere: it has the number ${view.getUint32(1)}`);
    }
    this.#next += 1;
    return { kind, number, payload, bytes: concat([head, rest]), offset };
  }

  /** Nothing may follow on the last record. */
  async end(): Promise<void> {
    const more = await this.#source.read(1);
    if (more.length === 0) return;
    throw new BackupError(`there are bytes behind its end, from byte ${this.#offset} on`);
  }

  async #take(count: number, where: string): Promise<Uint8Array> {
    const bytes = await this.#source.read(count);
    this.#offset += bytes.length;
    if (bytes.length === count) return bytes;
    throw new BackupError(`it is cut off: the file ends at byte ${this.#offset}, within ${where}`);
  }
}

function kindOf(code: number): BackupRecordKind | undefined {
  const kinds = Object.keys(kindCodes) as BackupRecordKind[];
  return kinds.find((kind) => kindCodes[kind] === code);
}
