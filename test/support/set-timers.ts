// Timers that go off when they are told to.

export class SetTimers {
  readonly #waiting = new Map<() => void, number>();

  /** How long each that has not gone off was to wait, in milliseconds. */
  get waits(): readonly number[] {
    return [...this.#waiting.values()];
  }

  readonly later = (ms: number, callback: () => void): (() => void) => {
    this.#waiting.set(callback, ms);
    return () => {
      this.#waiting.delete(callback);
    };
  };

  /**
   * Has every timer go off, and waits until what they began has set a timer again: for so many
   * turns, which is forever for what waits for a disk.
   */
  async run(turns = 200): Promise<void> {
    const due = [...this.#waiting.keys()];
    this.#waiting.clear();
    for (const callback of due) callback();
    for (let turn = 0; turn < turns && this.#waiting.size === 0; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
