// What all commands share: settings, a client that is closed again, and the answer printed.
import type { Command } from "commander";
import { HoldfastClient, type ClientOptions } from "../client/client.ts";
import { optionsFromEnvironment, readSetting } from "../client/environment.ts";
import { awsJson } from "./aws-json.ts";
import { tableOf, type Columns } from "./tables.ts";

export interface GlobalOptions {
  readonly output: "table" | "json";
  readonly endpoint?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
}

/** What a command has to say. */
export type Output =
  | {
      readonly kind: "message";
      /** Name of the message in the contract. */
      readonly name: string;
      readonly message: object;
      readonly columns?: Columns;
      /** In place of a table. */
      readonly text?: string;
    }
  /** Exactly these bytes, for a pipe. */
  | { readonly kind: "raw"; readonly bytes: Uint8Array | string };

/** Runs `action` with a client made from the options and the environment, and prints. */
export async function runCommand(
  command: Command,
  action: (client: HoldfastClient) => Promise<Output>,
  patience: Pick<ClientOptions, "deadlineMs"> = {},
): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const settled = { ...optionsFromEnvironment(settings(options)), ...patience };
  using client = new HoldfastClient(settled);
  await print(await action(client), options);
}

/** One line of a command that goes on. */
export interface LineOutput {
  readonly text: string;
  readonly json: object;
}

/** Prints what comes, a line each, until it ends or nobody reads it any more. */
export async function runListing(
  command: Command,
  lines: (client: HoldfastClient) => AsyncIterable<LineOutput>,
): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  using client = new HoldfastClient(optionsFromEnvironment(settings(options)));
  for await (const { text, json } of lines(client)) {
    const line = options.output === "table" ? text : JSON.stringify(json);
    if ((await writeUnlessClosed(`${line}\n`)) === "closed") return;
  }
}

/** The environment, with what the options put in its place. */
function settings(options: GlobalOptions): Record<string, string | undefined> {
  const { endpoint, tokenFile, caFile } = options;
  return {
    ...process.env,
    ...(endpoint === undefined ? {} : { HOLDFAST_ENDPOINT: endpoint }),
    ...(tokenFile === undefined ? {} : { HOLDFAST_TOKEN: readSetting("--token-file", tokenFile) }),
    ...(caFile === undefined ? {} : { HOLDFAST_CA_FILE: caFile }),
  };
}

function print(output: Output, options: GlobalOptions): Promise<void> {
  if (output.kind === "raw") return write(output.bytes);
  const { name, message, columns, text } = output;
  if (options.output === "table") return write(text ?? tableOf(name, message, columns));
  return write(`${JSON.stringify(awsJson(name, message), undefined, 2)}\n`);
}

/** Who reads only the first lines closes the pipe: that is their good right. */
async function writeUnlessClosed(text: string): Promise<"written" | "closed"> {
  try {
    await write(text);
    return "written";
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EPIPE") return "closed";
    throw error;
  }
}

/** A pipe takes its time: the process must not end before. */
function write(bytes: Uint8Array | string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => {
      if (error === undefined || error === null) resolve();
      else reject(error);
    });
  });
}
