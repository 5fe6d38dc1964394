// The command that draws a password. Nothing is stored.
import type { Command } from "commander";
import { wholeNumber } from "../argument-values.ts";
import { runCommand, type GlobalOptions } from "../run-command.ts";

interface PasswordOptions {
  readonly length?: number;
  readonly excludeCharacters?: string;
  readonly excludeNumbers?: true;
  readonly excludePunctuation?: true;
  readonly excludeUppercase?: true;
  readonly excludeLowercase?: true;
  readonly includeSpace?: true;
  readonly anyTypes?: true;
}

export function addRandomPassword(program: Command): void {
  program
    .command("random-password")
    .description("draw a password; nothing is stored")
    .option("--length <count>", "1 to 4096; 32 unless given", wholeNumber)
    .option("--exclude-characters <characters>", "characters it must not have")
    .option("--exclude-numbers", "no 0-9")
    .option("--exclude-punctuation", "no punctuation")
    .option("--exclude-uppercase", "no A-Z")
    .option("--exclude-lowercase", "no a-z")
    .option("--include-space", "spaces may occur")
    .option("--any-types", "not every kind of character has to occur")
    .action(async (options: PasswordOptions, command: Command) => {
      const { length, anyTypes, ...rest } = options;
      const requireEachIncludedType = anyTypes === undefined ? undefined : false;
      await runCommand(command, async (client) => {
        const request = { ...rest, passwordLength: length, requireEachIncludedType };
        const message = await client.getRandomPassword(request);
        if (command.optsWithGlobals<GlobalOptions>().output === "table") {
          return { kind: "raw", bytes: `${message.randomPassword ?? ""}\n` };
        }
        return { kind: "message", name: "GetRandomPasswordResponse", message };
      });
    });
}
