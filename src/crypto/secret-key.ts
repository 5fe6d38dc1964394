// Thirty-two key bytes that cannot be printed by accident and are wiped when their owner is done.
import { inspect } from "node:util";
import { assert } from "../base/assert.ts";

export const keyBytes = 32;

const redacted = "[key]";

/** One key of 32 bytes. Whoever holds it disposes of it; nobody keeps what `reveal` gives. */
export class SecretKey implements Disposable {
  readonly #bytes: Uint8Array;
  #isWiped = false;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Takes the bytes over: they are wiped with the key. */
  static take(bytes: Uint8Array): SecretKey {
    assert(bytes.length === keyBytes, "a key has 32 bytes");
    return new SecretKey(bytes);
  }

  reveal(): Uint8Array {
    // A wiped key would seal under zeros, and anybody could open what it sealed.
    assert(!this.#isWiped, "a wiped key is not used");
    return this.#bytes;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }

  [Symbol.dispose](): void {
    this.#isWiped = true;
    this.#bytes.fill(0);
  }
}
