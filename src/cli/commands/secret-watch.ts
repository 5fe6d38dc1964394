// The command that tells what becomes of secrets, a line a change, until it is interrupted.
import type { Command } from "commander";
import type { HoldfastClient, WatchEvent } from "../../client/client.ts";
import type { Tag } from "../../generated/public-contract.ts";
import { collect, collectTag } from "../argument-values.ts";
import { awsJson } from "../aws-json.ts";
import { runListing, type LineOutput } from "../run-command.ts";
import { printable } from "../tables.ts";

interface WatchCommandOptions {
  readonly prefix?: readonly string[];
  readonly tag?: readonly Tag[];
  readonly from?: string;
}

export function addWatchCommand(secret: Command): void {
  secret
    .command("watch")
    .description("tell what becomes of secrets as it happens, a line each; never a value")
    .option("--prefix <name>", "only names that begin so; may be given several times", collect)
    .option(
      "--tag <key=value>",
      "only secrets with this tag; may be given several times",
      collectTag,
    )
    .option("--from <position>", "go on where a line printed before says; from now on unless given")
    .action(async (options: WatchCommandOptions, command: Command) => {
      await runListing(command, (client) => linesOf(client, options));
    });
}

async function* linesOf(
  client: HoldfastClient,
  { prefix, tag, from }: WatchCommandOptions,
): AsyncGenerator<LineOutput> {
  const watched = client.watch({ namePrefixes: prefix, tags: tag?.map(asWatched), position: from });
  for await (const { event } of watched) {
    if (event !== undefined) yield { text: lineOf(event), json: awsJson("WatchEvent", event) };
  }
}

/** The parser of tags lets neither be absent. */
function asWatched({ key = "", value }: Tag): { readonly key: string; readonly value?: string } {
  return value === undefined ? { key } : { key, value };
}

function lineOf({ time = 0, kind, name, versionIdsToStages, position }: WatchEvent): string {
  const versions = Object.entries(versionIdsToStages).map(
    ([versionId, stages]) => `${stages.join(",")}=${versionId}`,
  );
  const words = [new Date(time).toISOString(), kind, name, ...versions, position];
  return words.map((word) => printable(word ?? "-")).join("  ");
}
