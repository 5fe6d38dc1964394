// The memory of a node that the bodies of strangers may take together: nobody can be told from
// anybody before the whole of a body is there to be checked against its signature.

/** Bytes that are there to be taken, and are given back. */
export class BodyBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Whether there were so many left; they are taken if so. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#left += bytes;
  }
}
