// The command line as a whole: its commands, its options, and how it ends.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { packageFolder } from "../base/package-folder.ts";
import { addBackupCommands } from "./commands/backup.ts";
import { addAtRestCommands } from "./commands/cluster-at-rest.ts";
import { addClusterCommands } from "./commands/cluster.ts";
import { addRandomPassword } from "./commands/random-password.ts";
import { addBatchGet } from "./commands/secret-batch.ts";
import { addCatalogueCommands } from "./commands/secret-catalogue.ts";
import { addList } from "./commands/secret-list.ts";
import { addPolicyCommands } from "./commands/secret-policy.ts";
import { addReplicationCommands } from "./commands/secret-replication.ts";
import { addRotationCommands } from "./commands/secret-rotation.ts";
import { addWatchCommand } from "./commands/secret-watch.ts";
import { addValueCommands } from "./commands/secret-values.ts";
import { addStatus } from "./commands/status.ts";
import { exitCodes, reportFailure, usageSentence } from "./failure-report.ts";

const environmentHelp = `
Environment:
  HOLDFAST_ENDPOINT   host:port of one or more nodes, with commas between
  HOLDFAST_TOKEN      an access token, hft_...
  HOLDFAST_CA_FILE    the authorities to trust, in PEM

Exit codes: 0 done, 1 refused or not wholly done, 2 mistyped, 3 cannot reach a node`;

/** Runs one command line and says what the process ends with. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let current: Command | undefined;
  const program = buildProgram((command) => {
    current = command;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCodes.success;
  } catch (error) {
    const { sentence, exitCode } = reportFailure(error, current ?? program);
    if (sentence !== "") process.stderr.write(`${sentence}\n`);
    return exitCode;
  }
}

function buildProgram(onAction: (command: Command) => void): Command {
  const program = new Command("holdfast")
    .description("keep secrets in a region of holdfast")
    .version(version())
    .addOption(
      new Option("--output <form>", "how to print answers")
        .choices(["table", "json"])
        .default("table"),
    )
    .option("--endpoint <host:port>", "in place of HOLDFAST_ENDPOINT")
    .option("--token-file <file>", "a file with the token, in place of HOLDFAST_TOKEN")
    .option("--ca-file <file>", "in place of HOLDFAST_CA_FILE")
    .addHelpText("after", environmentHelp)
    .hook("preAction", (_program, command) => {
      onAction(command);
    });

  const secret = program.command("secret").description("make, read, change and delete secrets");
  const cluster = program.command("cluster").description("see and change who is in the region");
  const backup = program.command("backup").description("make, prove and restore backups");
  addValueCommands(secret);
  addBatchGet(secret);
  addList(secret);
  addCatalogueCommands(secret);
  addPolicyCommands(secret.command("policy").description("see and change who may use a secret"));
  addRotationCommands(secret);
  addReplicationCommands(secret);
  addWatchCommand(secret);
  addClusterCommands(cluster);
  addAtRestCommands(cluster);
  addBackupCommands(backup);
  addRandomPassword(program);
  addStatus(program);
  withOurErrors(program);
  return program;
}

/** Commander's settings do not reach commands that exist already: each is told. */
function withOurErrors(command: Command): void {
  for (const inner of command.commands) withOurErrors(inner);
  command.exitOverride().configureOutput({
    outputError: (text, write) => {
      write(usageSentence(text, command));
    },
  });
}

function version(): string {
  const file = readFileSync(join(packageFolder(), "package.json"), "utf8");
  return (JSON.parse(file) as { readonly version: string }).version;
}
