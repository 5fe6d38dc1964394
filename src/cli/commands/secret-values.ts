// The commands that write and read values, and look at versions and labels.
import type { Command } from "commander";
import type { HoldfastClient } from "../../client/client.ts";
import type {
  ReplicaRegion,
  SecretVersionsListEntry,
  Tag,
} from "../../generated/public-contract.ts";
import { collect, collectReplica, collectTag } from "../argument-values.ts";
import { runCommand, type Output } from "../run-command.ts";
import { addValueOptions, givenValue, requiredValue, type ValueOptions } from "../secret-value.ts";
import { UsageError } from "../usage-error.ts";

interface MetadataOptions extends ValueOptions {
  readonly description?: string;
  readonly kmsKey?: string;
  readonly type?: string;
  readonly token?: string;
}

const tokenHelp = "the ClientRequestToken, 32 to 64 characters; minted unless given";

export function addValueCommands(secret: Command): void {
  addCreate(secret);
  addGet(secret);
  addPut(secret);
  addUpdate(secret);
  addVersions(secret);
  addMoveLabel(secret);
}

function addCreate(secret: Command): void {
  addValueOptions(secret.command("create").description("make a secret"))
    .argument("<name>", "1 to 512 characters of A-Z a-z 0-9 / _ + = . @ - !")
    .option("--description <text>", "for people")
    .option("--kms-key <id>", "the key that seals the value")
    .option("--tag <key=value>", "a tag; may be given several times", collectTag)
    .option("--type <type>", "the format of a secret that a partner manages")
    .option(
      "--replica <region>",
      "a region for a copy, or region=key; may be given several times",
      collectReplica,
    )
    .option("--overwrite-replica", "a copy may replace a secret of the same name there")
    .option("--token <token>", tokenHelp)
    .action(async (name: string, options: CreateOptions, command: Command) => {
      const value = await givenValue(options, process.stdin);
      const { description, kmsKey: kmsKeyId, tag: tags, type, token: clientRequestToken } = options;
      const copies = {
        addReplicaRegions: options.replica,
        forceOverwriteReplicaSecret: options.overwriteReplica,
      };
      const facts = { name, description, kmsKeyId, tags, type, clientRequestToken };
      const request = { ...facts, ...copies, ...value };
      await runCommand(command, async (client) =>
        reply("CreateSecretResponse", await client.createSecret(request)),
      );
    });
}

interface CreateOptions extends MetadataOptions {
  readonly tag?: readonly Tag[];
  readonly replica?: readonly ReplicaRegion[];
  readonly overwriteReplica?: true;
}

interface GetOptions {
  readonly versionId?: string;
  readonly stage?: string;
  readonly valueOnly?: true;
}

function addGet(secret: Command): void {
  secret
    .command("get")
    .description("read a value: the current one unless a version or a label is named")
    .argument("<id>", "name or ARN")
    .option("--version-id <id>", "the version")
    .option("--stage <label>", "the label of the version, such as AWSPREVIOUS")
    .option("--value-only", "print the value and nothing else, to the byte")
    .action(async (secretId: string, options: GetOptions, command: Command) => {
      const { versionId, stage: versionStage, valueOnly } = options;
      await runCommand(command, async (client) => {
        const found = await client.getSecretValue({ secretId, versionId, versionStage });
        if (valueOnly === undefined) return reply("GetSecretValueResponse", found);
        return { kind: "raw", bytes: found.secretBinary ?? found.secretString ?? "" };
      });
    });
}

interface PutOptions extends ValueOptions {
  readonly stage?: readonly string[];
  readonly token?: string;
}

function addPut(secret: Command): void {
  addValueOptions(secret.command("put").description("add a version, by default the current one"))
    .argument("<id>", "name or ARN")
    .option("--stage <label>", "a label for the version; may be given several times", collect)
    .option("--token <token>", tokenHelp)
    .action(async (secretId: string, options: PutOptions, command: Command) => {
      const value = await requiredValue(options, process.stdin);
      const { stage: versionStages, token: clientRequestToken } = options;
      const request = { secretId, versionStages, clientRequestToken, ...value };
      await runCommand(command, async (client) =>
        reply("PutSecretValueResponse", await client.putSecretValue(request)),
      );
    });
}

function addUpdate(secret: Command): void {
  addValueOptions(
    secret.command("update").description("change a secret's description, key or value"),
  )
    .argument("<id>", "name or ARN")
    .option("--description <text>", "for people; empty takes it away")
    .option("--kms-key <id>", "the key that seals the value; empty goes back to the default")
    .option("--type <type>", "the format of a secret that a partner manages")
    .option("--token <token>", tokenHelp)
    .action(async (secretId: string, options: MetadataOptions, command: Command) => {
      const value = await givenValue(options, process.stdin);
      const { description, kmsKey: kmsKeyId, type, token: clientRequestToken } = options;
      const request = { secretId, description, kmsKeyId, type, clientRequestToken, ...value };
      await runCommand(command, async (client) =>
        reply("UpdateSecretResponse", await client.updateSecret(request)),
      );
    });
}

function addVersions(secret: Command): void {
  secret
    .command("versions")
    .description("list the versions that have a label")
    .argument("<id>", "name or ARN")
    .option("--all", "those without a label too")
    .action(async (secretId: string, options: { readonly all?: true }, command: Command) => {
      const includeDeprecated = options.all !== undefined;
      await runCommand(command, async (client) => {
        const message = await allVersions(client, { secretId, includeDeprecated });
        const members = ["VersionId", "VersionStages", "CreatedDate", "LastAccessedDate"];
        const columns = { list: "Versions", members };
        return { ...reply("ListSecretVersionIdsResponse", message), columns };
      });
    });
}

async function allVersions(
  client: HoldfastClient,
  which: { readonly secretId: string; readonly includeDeprecated: boolean },
): Promise<object> {
  const versions: SecretVersionsListEntry[] = [];
  let page = await client.listSecretVersionIds(which);
  versions.push(...page.versions);
  while (page.nextToken !== undefined) {
    page = await client.listSecretVersionIds({ ...which, nextToken: page.nextToken });
    versions.push(...page.versions);
  }
  return { ...page, versions };
}

function addMoveLabel(secret: Command): void {
  secret
    .command("move-label")
    .description("move a staging label from one version to another, put it on, or take it off")
    .argument("<id>", "name or ARN")
    .argument("<label>", "such as AWSCURRENT")
    .option("--from <version>", "the version that has it now")
    .option("--to <version>", "the version that is to have it")
    .action(
      async (
        secretId: string,
        versionStage: string,
        options: { readonly from?: string; readonly to?: string },
        command: Command,
      ) => {
        const { from: removeFromVersionId, to: moveToVersionId } = options;
        if (removeFromVersionId === undefined && moveToVersionId === undefined) {
          throw new UsageError("Nothing would move: expected --from, --to or both");
        }
        const request = { secretId, versionStage, removeFromVersionId, moveToVersionId };
        await runCommand(command, async (client) =>
          reply("UpdateSecretVersionStageResponse", await client.updateSecretVersionStage(request)),
        );
      },
    );
}

function reply(name: string, message: object): Extract<Output, { readonly kind: "message" }> {
  return { kind: "message", name, message };
}
