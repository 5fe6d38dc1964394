// The command line against a real listener whose answers the test writes, and files to name.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveRegion, token, type GrpcRegion, type RegionOptions } from "../support/grpc-region.ts";
import { runHoldfast, type Run, type RunOptions } from "./run-holdfast.ts";

export const arn = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:prod/db-AbCdEf";
export const policy = '{"Version": "2012-10-17"}\n';

/** Members of requests that answers depend on. */
export interface Asked {
  readonly secretId?: string;
  readonly secretIdList?: readonly string[];
  readonly filters?: readonly { readonly values: readonly string[] }[];
  readonly nextToken?: string;
}

export class CommandBench implements AsyncDisposable {
  readonly region: GrpcRegion;
  readonly #folder: string;
  /** What the last command asked for. */
  readonly requests: [operation: string, request: object][];

  private constructor(region: GrpcRegion, folder: string, requests: [string, object][]) {
    this.region = region;
    this.#folder = folder;
    this.requests = requests;
  }

  static async open(
    answer: (operation: string, request: Asked) => Promise<object>,
    options: RegionOptions = {},
  ): Promise<CommandBench> {
    const requests: [string, object][] = [];
    const region = await serveRegion((operation, _caller, request) => {
      requests.push([operation, request]);
      return answer(operation, request);
    }, options);
    const folder = await mkdtemp(join(tmpdir(), "holdfast-cli-"));
    await writeFile(join(folder, "ca.pem"), region.ca);
    await writeFile(join(folder, "token"), `${token}\n`);
    await writeFile(join(folder, "value"), "hunter2\n");
    await writeFile(join(folder, "marked"), "\ufeffhunter2\r\n");
    await writeFile(join(folder, "bytes"), Buffer.of(0, 255, 1));
    await writeFile(join(folder, "policy"), policy);
    return new CommandBench(region, folder, requests);
  }

  /** Runs one command line; FOLDER in a word is where the files are. */
  holdfast(line: string | readonly string[], options: RunOptions = {}): Promise<Run> {
    const words = typeof line === "string" ? line.split(" ") : line;
    const environment = {
      HOLDFAST_ENDPOINT: this.region.endpoint,
      HOLDFAST_TOKEN: token,
      HOLDFAST_CA_FILE: join(this.#folder, "ca.pem"),
      ...options.environment,
    };
    this.requests.length = 0;
    return runHoldfast(
      words.map((word) => word.replace("FOLDER", this.#folder)),
      { ...options, environment },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.region[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true });
  }
}
