// Where a value comes from: a file or standard input, to the byte. Never from an argument: those
// stand in the process list and in the history of the shell.
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { Option, type Command } from "commander";
import { concat, textOf } from "../base/bytes.ts";
import { UsageError } from "./usage-error.ts";

export interface ValueOptions {
  readonly valueFile?: string;
  readonly valueStdin?: true;
  readonly binary?: true;
  readonly value?: unknown;
}

export type GivenValue =
  { readonly secretString: string } | { readonly secretBinary: Uint8Array } | Record<string, never>;

/** The quota of AWS; the server holds it too. Read here so that no endless input fills memory. */
const valueLimitBytes = 65_536;

export function addValueOptions(command: Command): Command {
  return command
    .option("--value-file <file>", "read the value from a file, to the byte")
    .option("--value-stdin", "read the value from standard input, a last line break included")
    .option("--binary", "store the value as bytes, not as text")
    .addOption(new Option("--value [text]").hideHelp());
}

/** The value the options name, or nothing when they name none. Throws a `UsageError`. */
export async function givenValue(options: ValueOptions, stdin: Readable): Promise<GivenValue> {
  if (options.value !== undefined) {
    throw new UsageError(
      "Cannot take a value from the command line, where the process list and the history of the " +
        "shell show it: use --value-file or --value-stdin",
    );
  }
  if (options.valueFile !== undefined && options.valueStdin !== undefined) {
    throw new UsageError("Cannot read a value twice: use one of --value-file and --value-stdin");
  }
  const bytes = await valueBytes(options, stdin);
  if (bytes === undefined && options.binary !== undefined) {
    throw new UsageError("There are no bytes to store: use --value-file or --value-stdin");
  }
  if (bytes === undefined) return {};
  if (options.binary !== undefined) return { secretBinary: bytes };
  const secretString = textOf(bytes);
  if (secretString === undefined) {
    throw new UsageError("Cannot store the value as text: it is not UTF-8; use --binary for bytes");
  }
  return { secretString };
}

/** As `givenValue`, for commands that need one. */
export async function requiredValue(options: ValueOptions, stdin: Readable): Promise<GivenValue> {
  const value = await givenValue(options, stdin);
  if (Object.keys(value).length > 0) return value;
  throw new UsageError("No value was given: use --value-file or --value-stdin");
}

async function valueBytes(
  { valueFile, valueStdin }: ValueOptions,
  stdin: Readable,
): Promise<Uint8Array | undefined> {
  if (valueStdin !== undefined) return await readLimited(stdin);
  if (valueFile === undefined) return undefined;
  try {
    await using file = await open(valueFile);
    return await readLimited(file.createReadStream());
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new UsageError(`Cannot read the value from "${valueFile}": ${code}`, { cause: error });
  }
}

async function readLimited(source: AsyncIterable<unknown>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    const bytes = chunk as Uint8Array;
    length += bytes.length;
    if (length > valueLimitBytes) {
      throw new UsageError(`Cannot store the value: it is longer than ${valueLimitBytes} bytes`);
    }
    chunks.push(bytes);
  }
  return concat(chunks);
}
