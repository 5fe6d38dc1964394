// The commands for backups: make one, prove it, and bring a region back from it.
import type { Command } from "commander";
import { saveBackup } from "../backup-download.ts";
import { runCommand } from "../run-command.ts";
import { runOffline } from "../run-offline.ts";

export function addBackupCommands(backup: Command): void {
  addCreate(backup);
  addVerify(backup);
  addRestore(backup);
}

function addCreate(backup: Command): void {
  backup
    .command("create")
    .description("write a backup of the whole region to a file, while the region goes on")
    .argument("<file>", "where to; must not be there yet")
    .option("--force", "replace the file if it is there")
    .action(async (file: string, { force }: { readonly force?: true }, command: Command) => {
      await runCommand(command, async (client) => ({
        kind: "message",
        name: "BackupSummary",
        message: await saveBackup(client.createBackup(), {
          file,
          existing: force === true ? "replaced" : "kept",
        }),
      }));
    });
}

interface VerifyOptions {
  readonly rootKeyFile?: string;
  readonly scratch?: string;
}

function addVerify(backup: Command): void {
  backup
    .command("verify")
    .description("prove a backup: restore it into scratch data, and open that as a node would")
    .argument("<file>", "the backup")
    .option("--root-key-file <file>", "prove too that this root key opens its keys")
    .option("--scratch <folder>", "where the scratch data is put, about as large as the backup")
    .action(async (file: string, { rootKeyFile, scratch }: VerifyOptions, command: Command) => {
      await runOffline(command, {
        kind: "verify_backup",
        file,
        rootKeyFile,
        scratchFolder: scratch,
      });
    });
}

interface RestoreOptions {
  readonly config?: string;
  readonly dataDir?: string;
  readonly nodeId?: string;
  readonly clusterId?: string;
  readonly rootKeyFile?: string;
}

function addRestore(backup: Command): void {
  backup
    .command("restore")
    .description("make the data of the first node of a new cluster from a backup")
    .argument("<file>", "the backup")
    .option("--config <file>", "the node's configuration, which says all of what follows")
    .option("--data-dir <folder>", "where the data goes: not there yet, or empty")
    .option("--node-id <id>", "the node whose data it becomes")
    .option("--cluster-id <id>", "the new cluster; minted unless given")
    .option("--root-key-file <file>", "prove first that this root key opens its keys")
    .action(async (file: string, options: RestoreOptions, command: Command) => {
      await runOffline(command, { kind: "restore_backup", file, ...options });
    });
}
