// Makes the search index of a state that came without one: data of an earlier release, a snapshot,
// a restored backup. Nobody waits for it, so it goes slowly: short slices, with rests between them
// that are longer, in the batches that are written anyway.
import { setTimeout as pause } from "node:timers/promises";
import { buildIndexStep } from "../storage/build-index.ts";
import type { StateStore } from "../storage/state-store.ts";

export interface IndexBuildingParts {
  readonly state: StateStore;
  readonly monotonicMs: () => number;
  /** Has the next batch written soon. */
  readonly write: () => void;
  /** Whether the disk has room for what can wait. */
  readonly hasRoom: () => boolean;
  readonly onFatal: (error: unknown) => void;
}

/** Work for this long at a time. */
const sliceMs = 4;
/** A quarter of one processor, and time for a batch to land. */
const restPerWork = 3;
const restMsMin = 10;
/** Between two looks at a disk that is low on space. */
const lowSpaceRestMs = 250;
/** What waits for the disk: more is not added to it. */
const unlandedMax = 10_000;

export class IndexBuilding {
  readonly #parts: IndexBuildingParts;
  readonly #ending = new AbortController();
  #isBuilding = false;
  #building: Promise<void> = Promise.resolve();

  constructor(parts: IndexBuildingParts) {
    this.#parts = parts;
  }

  /** Called when the state may have come without its index. */
  start(): void {
    if (this.#isBuilding) return;
    this.#isBuilding = true;
    this.#building = this.#build().catch((error: unknown) => {
      if (!this.#ending.signal.aborted) this.#parts.onFatal(error);
    });
  }

  /** Resolves when nothing reads the data any more. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#building;
  }

  async #build(): Promise<void> {
    const { state, monotonicMs, write, hasRoom } = this.#parts;
    const { signal } = this.#ending;
    while (!state.isIndexComplete()) {
      if (!hasRoom()) {
        await pause(lowSpaceRestMs, undefined, { signal });
        continue;
      }
      const begunMs = monotonicMs();
      if (state.unlandedCount < unlandedMax) {
        await buildIndexStep(state, () => monotonicMs() - begunMs >= sliceMs);
        signal.throwIfAborted();
        write();
      }
      const restMs = Math.max(restMsMin, restPerWork * (monotonicMs() - begunMs));
      await pause(restMs, undefined, { signal });
    }
    // In the turn of the last look: whoever starts it after that is not taken for too early.
    this.#isBuilding = false;
  }
}
