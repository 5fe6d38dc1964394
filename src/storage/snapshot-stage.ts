// A snapshot on its way in: its rows go into a generation of their own, beside the one that is
// live, and are nobody's state until all of them are there and add up. What has arrived outlasts a
// crash.
import { assert } from "../base/assert.ts";
import type { Change, Database, KeyRange } from "./database.ts";
import { frame, unframe } from "./frame.ts";
import { allStateRows, stagingKey, stateKey } from "./keys.ts";
import type { SnapshotMeta } from "./snapshot-meta.ts";
import { unpackRows } from "./snapshot-rows.ts";
import { decodeStaging, encodeStaging, type Staging } from "./staging-row.ts";
import { emptyDigest, withRow } from "./state-digest.ts";

const dropAtOnce = 1000;

export class SnapshotStage {
  readonly meta: SnapshotMeta;
  readonly #database: Database;
  #staging: Staging;
  #isRetired = false;
  /** What is being done with it: a write of rows, or its installation. */
  #underWay: Promise<unknown> = Promise.resolve();

  private constructor(database: Database, meta: SnapshotMeta, staging: Staging) {
    this.#database = database;
    this.meta = meta;
    this.#staging = staging;
  }

  /** Goes on with the snapshot that was begun, or drops it and begins this one. */
  static async open(
    database: Database,
    liveGeneration: number,
    meta: SnapshotMeta,
  ): Promise<SnapshotStage> {
    const generation = liveGeneration + 1;
    const begun = readStaging(database);
    if (begun?.snapshotId === meta.snapshotId && begun.generation === generation) {
      return new SnapshotStage(database, meta, begun);
    }
    await forget(database, generation);
    const staging: Staging = {
      snapshotId: meta.snapshotId,
      generation,
      nextChunk: 0,
      digest: emptyDigest,
      rowCount: 0,
    };
    await database.write([put(stagingKey, encodeStaging(staging))]);
    return new SnapshotStage(database, meta, staging);
  }

  get generation(): number {
    return this.#staging.generation;
  }

  get nextChunk(): number {
    return this.#staging.nextChunk;
  }

  /** Takes the next chunk; durable when it resolves. Throws `MalformedBytesError`. */
  async add(chunk: Uint8Array): Promise<void> {
    const rows = unpackRows(chunk);
    let { digest } = this.#staging;
    for (const { key, payload } of rows) digest = withRow(digest, key, payload);
    const staging: Staging = {
      ...this.#staging,
      nextChunk: this.#staging.nextChunk + 1,
      digest,
      rowCount: this.#staging.rowCount + rows.length,
    };
    await this.during(() =>
      this.#database.write([
        ...rows.map(({ key, payload }) => put(stateKey(staging.generation, key), payload)),
        put(stagingKey, encodeStaging(staging)),
      ]),
    );
    this.#staging = staging;
  }

  /** Forgets what has arrived: it is not what was offered. */
  async discard(): Promise<void> {
    await this.during(() => forget(this.#database, this.generation));
  }

  /** Another snapshot takes its place. Resolves when nothing is written for this one any more. */
  async retire(): Promise<void> {
    this.#isRetired = true;
    // Whoever did it hears of a failure; here only the end of it counts.
    await Promise.allSettled([this.#underWay]);
  }

  get isRetired(): boolean {
    return this.#isRetired;
  }

  /** Keeps the place of this snapshot until `work` has ended. */
  async during(work: () => Promise<void>): Promise<void> {
    assert(!this.#isRetired, "nothing is written for a snapshot that was replaced");
    const underWay = work();
    this.#underWay = underWay;
    await underWay;
  }

  /** Whether every row of the snapshot is here, as it was sent. */
  isComplete(): boolean {
    const { digest, rowCount } = this.#staging;
    return rowCount === this.meta.rowCount && digest === this.meta.digest;
  }
}

/** Removes rows that are nobody's, such as those of generations before, a slice at a time. */
export async function dropRows(database: Database, range: KeyRange): Promise<void> {
  for (;;) {
    const rows = await database.page(range, { limit: dropAtOnce, reverse: false });
    if (rows.length === 0) return;
    await database.write(rows.map(([key]) => ({ type: "del", key })));
  }
}

/**
 * First that there is something to go on from, then the rows: after a crash in between nobody takes
 * what is left for the beginning of a snapshot.
 */
async function forget(database: Database, generation: number): Promise<void> {
  await database.write([{ type: "del", key: stagingKey }]);
  await dropRows(database, allStateRows(generation));
}

function readStaging(database: Database): Staging | undefined {
  const framed = database.get(stagingKey);
  return framed === undefined
    ? undefined
    : decodeStaging(unframe(stagingKey, framed, "the staging row"));
}

function put(key: Uint8Array, payload: Uint8Array): Change {
  return { type: "put", key, value: frame(key, payload) };
}
