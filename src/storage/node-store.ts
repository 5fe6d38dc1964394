// One node's durable data: its log and its state, in one database, written one batch at a time.
// What a batch holds is decided when it is written, so whatever came up meanwhile goes with it:
// that is group commit.
import type { LogIndex } from "../base/ids.ts";
import type { HardState } from "../raft/effect.ts";
import type { LogTerms } from "../raft/log-terms.ts";
import type { Database } from "./database.ts";
import type { FloorFile } from "./floor-file.ts";
import { frame } from "./frame.ts";
import { encodeHead } from "./head-row.ts";
import { headKey } from "./keys.ts";
import { LogStore } from "./log-store.ts";
import { PendingBatch } from "./pending-batch.ts";
import { recoverData, type OpenOptions, type RecoveredData } from "./recovery.ts";
import { StateStore } from "./state-store.ts";

/** A write failed. Whether it is on the disk cannot be known: only a restart can tell. */
export class StorageWriteError extends Error {
  override readonly name = "StorageWriteError";
}

export class NodeStore implements AsyncDisposable {
  readonly log: LogStore;
  readonly state: StateStore;
  /** What the log looked like when the data was opened, for the core to start from. */
  readonly recoveredLog: LogTerms;
  readonly recoveredHardState: HardState;

  readonly #database: Database;
  readonly #floor: FloorFile;
  #batch: number;
  #isClosed = false;

  private constructor(recovered: RecoveredData, onCorruption: (error: unknown) => void) {
    const { database, floor, head, log, generation, applied } = recovered;
    this.#database = database;
    this.#floor = floor;
    this.#batch = head.batch;
    this.recoveredLog = log;
    this.recoveredHardState = head.hardState;
    this.log = new LogStore(database, head);
    this.state = new StateStore(database, {
      generation,
      applied,
      onCorruption: (error) => {
        // Who reads when the node has closed its data finds no database: that damages nothing.
        if (!this.#isClosed) onCorruption(error);
      },
    });
  }

  /** Throws `CorruptionError` or `IdentityMismatchError`: see recovery.ts. */
  static async open(
    options: OpenOptions,
    onCorruption: (error: unknown) => void,
  ): Promise<NodeStore> {
    return new NodeStore(await recoverData(options), onCorruption);
  }

  /**
   * Writes everything that is not durable yet as one batch, and resolves when it is. One at a time.
   *
   * Throws `StorageWriteError`, after which the process must end: LevelDB refuses every later
   * write, and yet the failed one may be there when the database is opened again.
   */
  async flush(votes: {
    readonly hardState: HardState;
    readonly commitIndex: LogIndex;
  }): Promise<void> {
    const pending = new PendingBatch();
    this.log.writeTo(pending);
    const landed = this.state.writeTo(pending);
    this.#batch += 1;
    const { start, lastIndex, lastChain } = this.log;
    const head = encodeHead({ ...votes, batch: this.#batch, start, lastIndex, lastChain });
    pending.put(headKey, frame(headKey, head));
    try {
      await this.#database.write(pending.changes());
      this.#floor.write(this.#batch);
    } catch (cause) {
      throw new StorageWriteError("Cannot write to the data directory", { cause });
    }
    landed();
  }

  /** Makes the floor outlast a power cut. Called every few seconds, never with each batch. */
  syncFloor(): void {
    this.#floor.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#floor[Symbol.dispose]();
    } finally {
      await this.#database.close();
    }
  }
}
