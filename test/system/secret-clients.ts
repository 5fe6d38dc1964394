// Four ways to use a region, each with nothing but what the env file of the fleet holds: the AWS
// CLI, the SDK of AWS, the `holdfast` command, and gRPC by itself.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { PlainClient } from "./plain-client.ts";
import type { SdkAnswer } from "./sdk-program.ts";
import type { TestRegion } from "./test-region.ts";

export type Value = { readonly text: string } | { readonly bytes: Buffer };

export interface SecretClient extends Disposable {
  create(name: string, value: Value): Promise<void>;
  put(name: string, value: Value): Promise<void>;
  get(name: string): Promise<Value>;
  describe(name: string): Promise<{ readonly name: unknown; readonly isDeleted: boolean }>;
  /** The names that begin with `prefix`. */
  list(prefix: string): Promise<readonly string[]>;
  delete(name: string): Promise<void>;
  restore(name: string): Promise<void>;
}

type AwsReply = Readonly<Record<string, unknown>>;

const run = promisify(execFile);
const holdfastProgram = join(import.meta.dirname, "../../src/cli/main.js");

/** A shell as anybody's: it sources the file, and becomes the program. */
const sourcing = '. "$1"; shift; exec "$@"';
const sourcingWithoutEndpoint = '. "$1"; shift; unset AWS_ENDPOINT_URL_SECRETS_MANAGER; exec "$@"';

/** What a program prints that has nothing but the env file; rejects with what it complained of. */
export async function runSourced(
  region: TestRegion,
  words: readonly string[],
  script = sourcing,
): Promise<string> {
  const { stdout } = await run("sh", ["-c", script, "sh", region.envFile, ...words], {
    env: { ...process.env, ...nothingOfTheUsersOwn(region) },
    encoding: "utf8",
  });
  return stdout;
}

/** What a person may have set up for another endpoint, or another program. */
function nothingOfTheUsersOwn(region: TestRegion): Readonly<Record<string, string | undefined>> {
  const absent = join(region.home, "absent");
  return {
    AWS_CONFIG_FILE: absent,
    AWS_SHARED_CREDENTIALS_FILE: absent,
    AWS_PROFILE: undefined,
    AWS_SESSION_TOKEN: undefined,
    AWS_ENDPOINT_URL: undefined,
    AWS_PAGER: "",
    NODE_OPTIONS: undefined,
  };
}

export interface InstalledAwsCli {
  readonly program: string;
  /** Whether it takes AWS_ENDPOINT_URL_SECRETS_MANAGER: from 1.29 and 2.13 on. */
  readonly takesEndpointFromEnvironment: boolean;
}

/** Every AWS CLI there is: the one of the system, and the one that a shell finds first. */
export async function findAwsClis(): Promise<readonly InstalledAwsCli[]> {
  const found: InstalledAwsCli[] = [];
  for (const program of ["/usr/bin/aws", "aws"]) {
    if (program.startsWith("/") && !existsSync(program)) continue;
    try {
      const { stdout, stderr } = await run(program, ["--version"]);
      const [, major, minor] = /aws-cli\/(\d+)\.(\d+)/.exec(stdout + stderr) ?? [];
      const takesEndpointFromEnvironment = Number(minor) >= (major === "1" ? 29 : 13);
      found.push({ program, takesEndpointFromEnvironment });
    } catch {
      // Not there, or not whole: the other one may be.
    }
  }
  return found;
}

export function awsCli(
  region: TestRegion,
  program: string,
  endpoint: "from_environment" | { readonly url: string },
): SecretClient {
  const [script, options] =
    endpoint === "from_environment"
      ? [sourcing, []]
      : [sourcingWithoutEndpoint, ["--endpoint-url", endpoint.url]];
  const files = mkdtempSync(join(region.home, "aws-cli-"));
  const call = async (...words: readonly string[]): Promise<AwsReply> => {
    const line = [program, "--output", "json", ...options, "secretsmanager", ...words];
    return JSON.parse(await runSourced(region, line, script)) as AwsReply;
  };
  const valueWords = (value: Value): readonly string[] => {
    if ("text" in value) return ["--secret-string", value.text];
    const path = join(files, randomUUID());
    writeFileSync(path, value.bytes);
    return ["--secret-binary", `fileb://${path}`];
  };
  return {
    create: async (name, value) => {
      await call("create-secret", "--name", name, ...valueWords(value));
    },
    put: async (name, value) => {
      await call("put-secret-value", "--secret-id", name, ...valueWords(value));
    },
    get: async (name) => jsonValue(await call("get-secret-value", "--secret-id", name)),
    describe: async (name) => described(await call("describe-secret", "--secret-id", name)),
    list: async (prefix) => {
      return namesIn(await call("list-secrets", "--filters", `Key=name,Values=${prefix}`));
    },
    delete: async (name) => {
      await call("delete-secret", "--secret-id", name);
    },
    restore: async (name) => {
      await call("restore-secret", "--secret-id", name);
    },
    [Symbol.dispose]: () => undefined,
  };
}

/** The SDK in a process of its own, whose only settings are its environment. */
export function awsSdk(region: TestRegion): SecretClient {
  const program = spawn(
    "sh",
    ["-c", sourcing, "sh", region.envFile, process.execPath, sdkProgram],
    {
      env: { ...process.env, ...nothingOfTheUsersOwn(region) },
      stdio: ["ignore", "inherit", "ignore", "ipc"],
      serialization: "advanced",
    },
  );
  const call = async (operation: string, request: object): Promise<AwsReply> => {
    program.send({ operation, request });
    const [answer] = (await once(program, "message")) as [SdkAnswer];
    if ("exception" in answer) throw new Error(answer.exception);
    return answer.reply;
  };
  const members = (value: Value): object =>
    "text" in value ? { SecretString: value.text } : { SecretBinary: value.bytes };
  return {
    create: async (Name, value) => {
      await call("CreateSecret", { Name, ...members(value) });
    },
    put: async (SecretId, value) => {
      await call("PutSecretValue", { SecretId, ...members(value) });
    },
    get: async (SecretId) => {
      const { SecretString, SecretBinary } = await call("GetSecretValue", { SecretId });
      return valueOf(SecretString, SecretBinary);
    },
    describe: async (SecretId) => described(await call("DescribeSecret", { SecretId })),
    list: async (prefix) => {
      return namesIn(await call("ListSecrets", { Filters: [{ Key: "name", Values: [prefix] }] }));
    },
    delete: async (SecretId) => {
      await call("DeleteSecret", { SecretId });
    },
    restore: async (SecretId) => {
      await call("RestoreSecret", { SecretId });
    },
    [Symbol.dispose]: () => {
      program.kill();
    },
  };
}

const sdkProgram = join(import.meta.dirname, "sdk-program.js");

export function holdfastCommand(region: TestRegion): SecretClient {
  const files = mkdtempSync(join(region.home, "holdfast-cli-"));
  const call = async (...words: readonly string[]): Promise<AwsReply> => {
    const line = [process.execPath, holdfastProgram, "--output", "json", "secret", ...words];
    return JSON.parse(await runSourced(region, line)) as AwsReply;
  };
  const valueWords = (value: Value): readonly string[] => {
    const path = join(files, randomUUID());
    writeFileSync(path, "text" in value ? value.text : value.bytes);
    return ["--value-file", path, ...("text" in value ? [] : ["--binary"])];
  };
  return {
    create: async (name, value) => {
      await call("create", name, ...valueWords(value));
    },
    put: async (name, value) => {
      await call("put", name, ...valueWords(value));
    },
    get: async (name) => jsonValue(await call("get", name)),
    describe: async (name) => described(await call("describe", name)),
    list: async (prefix) => namesIn(await call("list", "--filter", `name=${prefix}`)),
    delete: async (name) => {
      await call("delete", name);
    },
    restore: async (name) => {
      await call("restore", name);
    },
    [Symbol.dispose]: () => undefined,
  };
}

export function plainGrpc({ environment }: TestRegion): SecretClient {
  const [first = ""] = (environment["HOLDFAST_ENDPOINT"] ?? "").split(",");
  const client = new PlainClient(first, {
    ca: readFileSync(environment["HOLDFAST_CA_FILE"] ?? "", "utf8"),
    token: environment["HOLDFAST_TOKEN"] ?? "",
  });
  const written = (value: Value): object => ({
    clientRequestToken: randomUUID(),
    ...("text" in value ? { secretString: value.text } : { secretBinary: value.bytes }),
  });
  return {
    create: async (name, value) => {
      await client.call("CreateSecret", { name, ...written(value) });
    },
    put: async (secretId, value) => {
      await client.call("PutSecretValue", { secretId, ...written(value) });
    },
    get: async (secretId) => {
      const { secretString, secretBinary } = await client.call("GetSecretValue", { secretId });
      return valueOf(secretString, secretBinary);
    },
    describe: async (secretId) => {
      const { name, deletedDate } = await client.call("DescribeSecret", { secretId });
      return { name, isDeleted: (deletedDate ?? null) !== null };
    },
    list: async (prefix) => {
      const filters = [{ key: "name", values: [prefix] }];
      const { secretList } = await client.call("ListSecrets", { filters });
      return ((secretList ?? []) as readonly { name: string }[]).map(({ name }) => name);
    },
    delete: async (secretId) => {
      await client.call("DeleteSecret", { secretId });
    },
    restore: async (secretId) => {
      await client.call("RestoreSecret", { secretId });
    },
    [Symbol.dispose]: () => {
      client[Symbol.dispose]();
    },
  };
}

/** As JSON has it: bytes in base64. */
function jsonValue({ SecretString, SecretBinary }: AwsReply): Value {
  return valueOf(
    SecretString,
    typeof SecretBinary === "string" ? Buffer.from(SecretBinary, "base64") : SecretBinary,
  );
}

function valueOf(text: unknown, bytes: unknown): Value {
  if (typeof text === "string") return { text };
  assert.ok(bytes instanceof Uint8Array, "a value is a text or bytes");
  return { bytes: Buffer.from(bytes) };
}

function described(reply: AwsReply): { readonly name: unknown; readonly isDeleted: boolean } {
  return { name: reply["Name"], isDeleted: reply["DeletedDate"] !== undefined };
}

function namesIn({ SecretList }: AwsReply): readonly string[] {
  return (SecretList as readonly { Name: string }[]).map(({ Name }) => Name);
}
