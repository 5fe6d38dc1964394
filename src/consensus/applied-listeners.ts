// Who wants to know that the state has moved on.

export class AppliedListeners {
  readonly #listeners = new Set<() => void>();

  /** Returns how to be told no more. Whoever comes twice is told twice. */
  add(listener: () => void): () => void {
    const tell = (): void => {
      listener();
    };
    this.#listeners.add(tell);
    return () => {
      this.#listeners.delete(tell);
    };
  }

  tell(): void {
    for (const tell of this.#listeners) tell();
  }
}
