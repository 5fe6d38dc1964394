// What comes from a file or from standard input, to the byte and up to a limit.
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { concat } from "../base/bytes.ts";
import { UsageError } from "./usage-error.ts";

/** What is read: how sentences call it, and how long it may be. */
export interface Given {
  /** Such as `the value`. */
  readonly what: string;
  readonly limitBytes: number;
}

/** The bytes of a file. Throws a `UsageError`. */
export async function readGivenFile(file: string, given: Given): Promise<Uint8Array> {
  try {
    await using handle = await open(file);
    return await readGiven(handle.createReadStream(), given);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new UsageError(`Cannot read ${given.what} from "${file}": ${code}`, { cause: error });
  }
}

/** All that comes. Throws a `UsageError` when it is too long: endless input fills no memory. */
export async function readGiven(
  source: Readable | AsyncIterable<unknown>,
  { what, limitBytes }: Given,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    const bytes = chunk as Uint8Array;
    length += bytes.length;
    if (length > limitBytes) {
      throw new UsageError(`Cannot store ${what}: it is longer than ${limitBytes} bytes`);
    }
    chunks.push(bytes);
  }
  return concat(chunks);
}
