// The commands that tell all about a secret, tag it, delete it and bring it back.
import type { Command } from "commander";
import type { Tag } from "../../generated/public-contract.ts";
import { collectTag, wholeNumber } from "../argument-values.ts";
import { runCommand } from "../run-command.ts";
import { UsageError } from "../usage-error.ts";

export function addCatalogueCommands(secret: Command): void {
  addDescribe(secret);
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
