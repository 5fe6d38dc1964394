// Where a value comes from: a file or standard input, to the byte. Never from an argument: those
// stand in the process list and in the history of the shell.
import type { Readable } from "node:stream";
import { Option, type Command } from "commander";
import { textOf } from "../base/bytes.ts";
import { readGiven, readGivenFile, type Given } from "./given-file.ts";
import { UsageError } from "./usage-error.ts";

export interface ValueOptions {
  readonly valueFile?: string;
  readonly valueStdin?: true;
  readonly binary?: true;
  readonly value?: unknown;
}

export type GivenValue =
  { readonly secretString: string } | { readonly secretBinary: Uint8Array } | Record<string, never>;

/** The quota of AWS; the server holds it too. */
const value: Given = { what: "the value", limitBytes: 65_536 };

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
  if (valueStdin !== undefined) return await readGiven(stdin, value);
  return valueFile === undefined ? undefined : await readGivenFile(valueFile, value);
}
