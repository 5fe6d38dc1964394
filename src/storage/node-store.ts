// One node's durable data: its log and its state, in one database, written one batch at a time.
// What a batch holds is decided when it is written, so whatever came up meanwhile goes with it:
// that is group commit.
import { assert } from "../base/assert.ts";
import { logIndex, type LogIndex } from "../base/ids.ts";
import type { HardState } from "../raft/effect.ts";
import type { LogTerms } from "../raft/log-terms.ts";
import { encodeApplied } from "./applied-row.ts";
import type { Database } from "./database.ts";
import type { Floor } from "./floor-file.ts";
import { frame } from "./frame.ts";
import { encodeHead } from "./head-row.ts";
import {
  addressBookKey,
  appliedKey,
  derivedRowsBefore,
  entryKey,
  generationKey,
  headKey,
  progressRowsBefore,
  stagingKey,
  stateRowsOf,
} from "./keys.ts";
import { LogStore } from "./log-store.ts";
import { encodeAddressBook, type AddressBook } from "./member-rows.ts";
import type { Pace } from "./pace.ts";
import { PendingBatch } from "./pending-batch.ts";
import { recoverData, type OpenOptions, type RecoveredData } from "./recovery.ts";
import { scrubRows, type Scrubbed } from "./scrub.ts";
import type { SnapshotMeta } from "./snapshot-meta.ts";
import { SnapshotSource } from "./snapshot-source.ts";
import { dropRows, SnapshotStage } from "./snapshot-stage.ts";
import { encodeGeneration } from "./staging-row.ts";
import { StateStore } from "./state-store.ts";

/** A write failed. Whether it is on the disk cannot be known: only a restart can tell. */
export class StorageWriteError extends Error {
  override readonly name = "StorageWriteError";
}

export class NodeStore implements AsyncDisposable {
  /** What the log looked like when the data was opened, for the core to start from. */
  readonly recoveredLog: LogTerms;
  readonly recoveredHardState: HardState;
  /** Changes of the membership that the log holds and the state does not, ascending. */
  readonly recoveredMemberships: readonly LogIndex[];
  /** Whether the state rows were read when the data was opened. If not, `scrub` has to, soon. */
  readonly isWalked: boolean;

  readonly #database: Database;
  readonly #floor: Floor;
  readonly #onCorruption: (error: unknown) => void;
  #log: LogStore;
  readonly #state: StateStore;
  #batch: number;
  #isClosed = false;
  #addressBook: AddressBook;
  #isAddressBookNew = false;
  /** The snapshot that is being received. Each waits until the one before has let go. */
  #staging: Promise<SnapshotStage | undefined> = Promise.resolve(undefined);

  private constructor(recovered: RecoveredData, onCorruption: (error: unknown) => void) {
    const { database, floor, head, log, generation, applied, entrySizes } = recovered;
    this.#database = database;
    this.#floor = floor;
    this.#batch = head.batch;
    this.recoveredLog = log;
    this.recoveredHardState = head.hardState;
    this.recoveredMemberships = recovered.unappliedMemberships;
    this.isWalked = recovered.isWalked;
    this.#addressBook = recovered.addressBook;
    this.#onCorruption = (error) => {
      // Who reads when the node has closed its data finds no database: that damages nothing.
      if (!this.#isClosed) onCorruption(error);
    };
    this.#log = new LogStore(database, { ...head, entrySizes });
    this.#state = new StateStore(database, {
      generation,
      applied,
      onCorruption: this.#onCorruption,
    });
  }

  get log(): LogStore {
    return this.#log;
  }

  get state(): StateStore {
    return this.#state;
  }

  /** Throws `CorruptionError` or `IdentityMismatchError`: see recovery.ts. */
  static async open(
    options: OpenOptions,
    onCorruption: (error: unknown) => void,
  ): Promise<NodeStore> {
    return NodeStore.over(await recoverData(options), onCorruption);
  }

  /** Over data that was recovered already, from wherever. Takes the database and the floor over. */
  static over(recovered: RecoveredData, onCorruption: (error: unknown) => void): NodeStore {
    return new NodeStore(recovered, onCorruption);
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
    if (this.#isAddressBookNew) {
      pending.put(addressBookKey, frame(addressBookKey, encodeAddressBook(this.#addressBook)));
      this.#isAddressBookNew = false;
    }
    await this.#write(pending);
    landed();
  }

  /** Where other nodes were when they were last heard of: no more than a hint. */
  get addressBook(): AddressBook {
    return this.#addressBook;
  }

  /** Remembered with the next batch, whenever that comes. */
  rememberAddresses(book: AddressBook): void {
    this.#addressBook = book;
    this.#isAddressBookNew = true;
  }

  /** The state as it is on the disk now. Throws `CorruptionError`. */
  openSnapshot(snapshotId: string, chunkBytes?: number): SnapshotSource {
    return SnapshotSource.open(this.#database, this.#state.generation, { snapshotId, chunkBytes });
  }

  /**
   * Goes on receiving a snapshot, or begins to. Its rows are nobody's state until `install`. One
   * that is being received is retired, so that no row of it comes between those of this one.
   */
  stageSnapshot(meta: SnapshotMeta): Promise<SnapshotStage> {
    const opening = this.#staging.then(async (former) => {
      await former?.retire();
      return SnapshotStage.open(this.#database, this.#state.generation, meta);
    });
    this.#staging = opening.catch(() => undefined);
    return opening;
  }

  /**
   * Makes a complete snapshot the state, and its position the start of an empty log, by one write.
   * Nothing else may be under way. Throws `StorageWriteError`.
   */
  async install(stage: SnapshotStage, hardState: HardState): Promise<void> {
    assert(stage.isComplete(), "only a whole snapshot becomes the state");
    const { position, chain, configuration, digest, rowCount } = stage.meta;
    const former = this.#state.generation;
    const applied = { position, digest, rowCount, configuration };
    const pending = new PendingBatch();
    // What was compacted since the last batch goes as well.
    this.#log.writeTo(pending);
    const put = (key: Uint8Array, payload: Uint8Array): void => {
      pending.put(key, frame(key, payload));
    };
    for (let index = this.#log.start.index + 1; index <= this.#log.lastIndex; index += 1) {
      pending.del(entryKey(logIndex(index)));
    }
    this.#batch += 1;
    const start = { ...position, chain };
    const end = { start, lastIndex: position.index, lastChain: chain };
    const commitIndex = position.index;
    put(headKey, encodeHead({ batch: this.#batch, hardState, commitIndex, ...end }));
    put(appliedKey(stage.generation), encodeApplied(applied));
    put(generationKey, encodeGeneration(stage.generation));
    pending.del(appliedKey(former));
    pending.del(stagingKey);
    await stage.during(() => this.#write(pending));
    this.#log = new LogStore(this.#database, { ...end, entrySizes: [] });
    this.#state.replace({ generation: stage.generation, applied });
  }

  /** Reads all entries and state rows again, against chain and digest. Throws `CorruptionError`. */
  scrub(pace: Pace): Promise<Scrubbed> {
    return scrubRows(this.#database, pace);
  }

  /**
   * Removes what snapshots have replaced, and what was derived before it was made anew, a slice at
   * a time. Writes may go on meanwhile.
   */
  async dropFormerState(): Promise<void> {
    const { generation, derived } = this.#state;
    const former = [
      stateRowsOf({ from: 0, below: generation }),
      derivedRowsBefore(derived.live),
      progressRowsBefore(generation),
    ];
    try {
      for (const range of former) await dropRows(this.#database, range);
    } catch (error) {
      // The next start goes on with it.
      if (!this.#isClosed) throw error;
    }
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

  async #write(pending: PendingBatch): Promise<void> {
    try {
      await this.#database.write(pending.changes());
      this.#floor.write(this.#batch);
    } catch (cause) {
      throw new StorageWriteError("Cannot write to the data directory", { cause });
    }
  }
}
