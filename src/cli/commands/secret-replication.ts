// The commands that say in which regions there are copies of a secret.
import type { Command } from "commander";
import type { ReplicaRegion } from "../../generated/public-contract.ts";
import { collectRegion, collectReplica } from "../argument-values.ts";
import { runCommand } from "../run-command.ts";

const columns = {
  list: "ReplicationStatus",
  members: ["Region", "Status", "StatusMessage", "KmsKeyId", "LastAccessedDate"],
};

export function addReplicationCommands(secret: Command): void {
  addReplicate(secret);
  addRemoveRegions(secret);
  addStop(secret);
}

function addReplicate(secret: Command): void {
  secret
    .command("replicate")
    .description("copy a secret to more regions; asked in its home region")
    .argument("<id>", "name or ARN")
    .argument(
      "<region...>",
      "such as eu-west-1, or region=key to seal the copy with",
      collectReplica,
    )
    .option("--overwrite", "a copy may replace a secret of the same name there")
    .action(
      async (
        secretId: string,
        addReplicaRegions: readonly ReplicaRegion[],
        { overwrite }: { readonly overwrite?: true },
        command: Command,
      ) => {
        await runCommand(command, async (client) => ({
          kind: "message",
          name: "ReplicateSecretToRegionsResponse",
          message: await client.replicateSecretToRegions({
            secretId,
            addReplicaRegions,
            forceOverwriteReplicaSecret: overwrite,
          }),
          columns,
        }));
      },
    );
}

function addRemoveRegions(secret: Command): void {
  secret
    .command("remove-regions")
    .description("delete the copies of a secret in some regions; asked in its home region")
    .argument("<id>", "name or ARN")
    .argument("<region...>", "such as eu-west-1", collectRegion)
    .action(
      async (
        secretId: string,
        removeReplicaRegions: readonly string[],
        _options: object,
        command: Command,
      ) => {
        await runCommand(command, async (client) => ({
          kind: "message",
          name: "RemoveRegionsFromReplicationResponse",
          message: await client.removeRegionsFromReplication({ secretId, removeReplicaRegions }),
          columns,
        }));
      },
    );
}

function addStop(secret: Command): void {
  secret
    .command("stop-replication")
    .description("make a copy a secret of its own; asked in the region of the copy")
    .argument("<id>", "name or ARN of the copy")
    .action(async (secretId: string, _options: object, command: Command) => {
      await runCommand(command, async (client) => ({
        kind: "message",
        name: "StopReplicationToReplicaResponse",
        message: await client.stopReplicationToReplica({ secretId }),
      }));
    });
}
