// The commands that tell what secrets there are, tag them, delete them and bring them back.
import type { Command } from "commander";
import type { HoldfastClient } from "../../client/client.ts";
import type { Filter, SecretListEntry, Tag } from "../../generated/public-contract.ts";
import { collectFilter, collectTag, wholeNumber } from "../argument-values.ts";
import { runCommand } from "../run-command.ts";
import { UsageError } from "../usage-error.ts";

export function addCatalogueCommands(secret: Command): void {
  addDescribe(secret);
  addList(secret);
  addDelete(secret);
  addRestore(secret);
  addTag(secret);
  addUntag(secret);
}

function addDescribe(secret: Command): void {
  secret
    .command("describe")
    .description("tell all about a secret but its value")
    .argument("<id>", "name or ARN")
    .action(async (secretId: string, _options: object, command: Command) => {
      await runCommand(command, async (client) => ({
        kind: "message",
        name: "DescribeSecretResponse",
        message: await client.describeSecret({ secretId }),
      }));
    });
}

interface ListOptions {
  readonly filter?: readonly Filter[];
  readonly includeDeleted?: true;
  readonly limit?: number;
}

const filterHelp =
  "description, name, tag-key, tag-value, primary-region, owning-service or all; " +
  "may be given several times: all must hold";

function addList(secret: Command): void {
  secret
    .command("list")
    .description("list secrets, without their values")
    .option("--filter <key=value>", filterHelp, collectFilter)
    .option("--include-deleted", "those marked for deletion too")
    .option("--limit <count>", "at most so many", wholeNumber)
    .action(async (options: ListOptions, command: Command) => {
      await runCommand(command, async (client) => ({
        kind: "message",
        name: "ListSecretsResponse",
        message: { secretList: await listSecrets(client, options) },
        columns: {
          list: "SecretList",
          members: ["Name", "Description", "LastChangedDate", "DeletedDate", "Tags"],
        },
      }));
    });
}

const largestPage = 100;

async function listSecrets(
  client: HoldfastClient,
  { filter: filters, includeDeleted, limit = Infinity }: ListOptions,
): Promise<readonly SecretListEntry[]> {
  const secrets: SecretListEntry[] = [];
  const includePlannedDeletion = includeDeleted;
  let nextToken: string | undefined;
  do {
    const maxResults = Math.max(Math.min(limit - secrets.length, largestPage), 1);
    const request = { filters, includePlannedDeletion, maxResults, nextToken };
    const page = await client.listSecrets(request);
    secrets.push(...page.secretList);
    nextToken = page.nextToken;
  } while (nextToken !== undefined && secrets.length < limit);
  return secrets.slice(0, limit);
}

function addDelete(secret: Command): void {
  secret
    .command("delete")
    .description("mark a secret for deletion; it can be restored until the window ends")
    .argument("<id>", "name or ARN")
    .option("--window <days>", "7 to 30 days; 30 unless given", wholeNumber)
    .option("--force", "delete at once and for good")
    .action(
      async (
        secretId: string,
        options: { readonly window?: number; readonly force?: true },
        command: Command,
      ) => {
        if (options.window !== undefined && options.force !== undefined) {
          throw new UsageError("A forced deletion has no window: use --window or --force");
        }
        await runCommand(command, async (client) => ({
          kind: "message",
          name: "DeleteSecretResponse",
          message: await client.deleteSecret({
            secretId,
            recoveryWindowInDays: options.window,
            forceDeleteWithoutRecovery: options.force,
          }),
        }));
      },
    );
}

function addRestore(secret: Command): void {
  secret
    .command("restore")
    .description("take a deletion back while its window lasts")
    .argument("<id>", "name or ARN")
    .action(async (secretId: string, _options: object, command: Command) => {
      await runCommand(command, async (client) => ({
        kind: "message",
        name: "RestoreSecretResponse",
        message: await client.restoreSecret({ secretId }),
      }));
    });
}

function addTag(secret: Command): void {
  secret
    .command("tag")
    .description("put tags on a secret, or give them new values")
    .argument("<id>", "name or ARN")
    .argument("<key=value...>", "the tags", collectTag)
    .action(async (secretId: string, tags: readonly Tag[], _options: object, command: Command) => {
      await runCommand(command, async (client) => ({
        kind: "message",
        name: "TagResourceResponse",
        message: await client.tagResource({ secretId, tags }),
      }));
    });
}

function addUntag(secret: Command): void {
  secret
    .command("untag")
    .description("take tags off a secret")
    .argument("<id>", "name or ARN")
    .argument("<key...>", "the keys of the tags")
    .action(
      async (secretId: string, tagKeys: readonly string[], _options: object, command: Command) => {
        await runCommand(command, async (client) => ({
          kind: "message",
          name: "UntagResourceResponse",
          message: await client.untagResource({ secretId, tagKeys }),
        }));
      },
    );
}
