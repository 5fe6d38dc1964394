// Reads the varints and slices that LevelDB's files are made of.

/** Bytes ended, or a number did, before what should be there. */
export class UnexpectedEndError extends Error {
  override readonly name = "UnexpectedEndError";
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = this.#bytes[this.#offset];
      if (byte === undefined) break;
      this.#offset += 1;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new UnexpectedEndError("Cannot read a number: it does not end");
  }

  slice(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw new UnexpectedEndError("Cannot read on: the bytes end");
    const slice = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return slice;
  }

  /** Bytes behind their length. */
  prefixed(): Uint8Array {
    return this.slice(this.varint());
  }
}
