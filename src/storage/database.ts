// The one place that knows LevelDB. The rest of storage sees sorted bytes and durable writes, and a
// simulation can put a disk of its own here.
import { Level } from "level";
import { CorruptionError } from "./corruption.ts";

/** The operating system refused: no space, no permission, a failing device. No word on the data. */
export class DiskError extends Error {
  override readonly name = "DiskError";
}

/** Reads throw `CorruptionError` for damage that LevelDB notices, `DiskError` for the rest. */
export interface Database {
  /** Synchronous: a few microseconds, and no other reader can come between two reads. */
  get(key: Uint8Array): Uint8Array | undefined;

  /** All of the changes or none; durable when the promise resolves. */
  write(changes: readonly Change[]): Promise<void>;

  /** In key order, as of the call. */
  scan(range: KeyRange): AsyncIterable<Row>;

  /** At most `limit` rows from either end of the range, as of the call. */
  page(
    range: KeyRange,
    options: { readonly limit: number; readonly reverse: boolean },
  ): Promise<readonly Row[]>;

  /** The database as it is now, for as long as the view is kept; writes go on meanwhile. */
  view(): DatabaseView;

  close(): Promise<void>;
}

export interface DatabaseView {
  get(key: Uint8Array): Uint8Array | undefined;
  scan(range: KeyRange): AsyncIterable<Row>;
  close(): Promise<void>;
}

export type Row = readonly [key: Uint8Array, value: Uint8Array];

export type Change =
  | { readonly type: "put"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: "del"; readonly key: Uint8Array };

export interface KeyRange {
  readonly gte: Uint8Array;
  readonly lt: Uint8Array;
}

/**
 * Opens the database in a directory, making it if there is none.
 *
 * Every batch is synced: one that is not would leave a hole behind the next one that is, when the
 * write buffer changes files in between (google/leveldb#193).
 */
export async function openDatabase(path: string): Promise<Database> {
  const level = new Level<Uint8Array, Uint8Array>(path, {
    keyEncoding: "view",
    valueEncoding: "view",
    // Sealed values do not compress.
    compression: false,
    writeBufferSize: 16 * 1024 * 1024,
    cacheSize: 32 * 1024 * 1024,
  });
  await openLevel(level, path);
  return {
    get: (key) => getFrom(level, path, key, {}),
    write: (changes) => writeBatch(level, changes),
    scan: (range) => scanInPages(level, path, range),
    view: () => {
      const snapshot = level.snapshot();
      return {
        get: (key) => getFrom(level, path, key, { snapshot }),
        scan: (range) => scanInPages(level, path, { ...range, snapshot }),
        close: () => snapshot.close(),
      };
    },
    page: async (range, options) => {
      // Not later: the iterator reads the database as it is when it is made.
      const rows = level.iterator({ ...range, ...options }).all();
      try {
        return await rows;
      } catch (cause) {
        throw readError(path, cause);
      }
    },
    close: () => level.close(),
  };
}

function getFrom(
  level: Level<Uint8Array, Uint8Array>,
  path: string,
  key: Uint8Array,
  options: { readonly snapshot?: LevelSnapshot },
): Uint8Array | undefined {
  try {
    return level.getSync<Uint8Array, Uint8Array | undefined>(key, options);
  } catch (cause) {
    throw readError(path, cause);
  }
}

type LevelSnapshot = ReturnType<Level<Uint8Array, Uint8Array>["snapshot"]>;

async function openLevel(level: Level<Uint8Array, Uint8Array>, path: string): Promise<void> {
  try {
    await level.open();
  } catch (cause) {
    const reason = causeOf(cause);
    if (reason.code === "LEVEL_LOCKED") {
      throw new Error(`Cannot open ${path}: another process has it open`, { cause });
    }
    // A file that should be there is damage; a disk that is full is none.
    const isRefused = reason.code === "LEVEL_IO_ERROR" && !reason.message.includes("No such file");
    if (isRefused || isSystemError(reason.code)) {
      throw new DiskError(`Cannot open ${path}: ${reason.message}`, { cause });
    }
    throw new CorruptionError(path, `LevelDB cannot open it: ${reason.message}`, { cause });
  }
}

function isSystemError(code: unknown): boolean {
  return typeof code === "string" && /^E[A-Z]+$/.test(code);
}

/** LevelDB tells damage from a failing device by the first word of its message only. */
function readError(path: string, cause: unknown): unknown {
  const { message } = causeOf(cause);
  if (message.startsWith("Corruption:")) {
    return new CorruptionError(path, `LevelDB cannot read it: ${message}`, { cause });
  }
  if (message.startsWith("IO error:")) {
    return new DiskError(`Cannot read ${path}: ${message}`, { cause });
  }
  return cause;
}

function causeOf(error: unknown): { readonly code: unknown; readonly message: string } {
  const inner = error instanceof Error ? (error.cause ?? error) : error;
  if (!(inner instanceof Error)) return { code: undefined, message: String(inner) };
  return { code: (inner as { code?: unknown }).code, message: inner.message };
}

async function writeBatch(
  level: Level<Uint8Array, Uint8Array>,
  changes: readonly Change[],
): Promise<void> {
  const batch = level.batch();
  for (const change of changes) {
    if (change.type === "put") batch.put(change.key, change.value);
    else batch.del(change.key);
  }
  // The types of level 10 do not know that the chained form takes write options.
  await (batch.write as (options: { sync: true }) => Promise<void>).call(batch, { sync: true });
}

async function* scanInPages(
  level: Level<Uint8Array, Uint8Array>,
  path: string,
  range: KeyRange & { readonly snapshot?: LevelSnapshot },
): AsyncGenerator<Row> {
  const iterator = level.iterator(range);
  try {
    for (;;) {
      const rows = await iterator.nextv(1000);
      if (rows.length === 0) return;
      yield* rows;
    }
  } catch (cause) {
    throw readError(path, cause);
  } finally {
    await iterator.close();
  }
}
