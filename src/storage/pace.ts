// How fast work that nobody waits for may go: in short slices, with pauses between them that keep
// both the disk and the processor free for what somebody does wait for.

export interface PaceParts {
  readonly bytesPerSecond: number;
  /** Of one processor, at most. */
  readonly share?: number;
  readonly monotonicMs: () => number;
  /** Rejects when the work is to end. */
  readonly pause: (ms: number) => Promise<void>;
}

/** Work for this long at a time. */
const sliceMs = 1.5;
const usualShare = 0.05;

export class Pace {
  readonly #parts: PaceParts;
  #begunMs: number;
  #bytes = 0;

  constructor(parts: PaceParts) {
    this.#parts = parts;
    this.#begunMs = parts.monotonicMs();
  }

  /** Call after each small step, with the bytes it has read. Pauses when the slice is over. */
  async step(bytes: number): Promise<void> {
    this.#bytes += bytes;
    const workedMs = this.#parts.monotonicMs() - this.#begunMs;
    const forBytesMs = (this.#bytes / this.#parts.bytesPerSecond) * 1000;
    // As few pauses as possible for the bytes' sake, and one for each slice of work.
    if (workedMs < sliceMs && forBytesMs < 10) return;
    const { share = usualShare } = this.#parts;
    await this.#parts.pause(Math.ceil(Math.max(forBytesMs, workedMs / share) - workedMs));
    this.#begunMs = this.#parts.monotonicMs();
    this.#bytes = 0;
  }
}
