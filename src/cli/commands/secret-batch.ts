// The command that reads many values at once: those that are named, or those that a filter finds.
import type { Command } from "commander";
import type { HoldfastClient } from "../../client/client.ts";
import type {
  BatchError,
  BatchGetSecretValueRequest,
  BatchGetSecretValueResponse,
  Filter,
  SecretValueEntry,
} from "../../generated/public-contract.ts";
import { AnsweredNo } from "../answered-no.ts";
import { collectFilter, filterHelp, wholeNumber } from "../argument-values.ts";
import { runCommand } from "../run-command.ts";
import { UsageError } from "../usage-error.ts";

interface BatchOptions {
  readonly filter?: readonly Filter[];
  readonly pageSize?: number;
}

/** One request reads so many at most. */
const largestBatch = 20;

export function addBatchGet(secret: Command): void {
  secret
    .command("batch-get")
    .description("read many current values; ends with 1 when some could not be read")
    .argument("[id...]", "names or ARNs, any number of them; or use --filter")
    .option("--filter <key=value>", filterHelp, collectFilter)
    .option("--page-size <count>", "with --filter: ask for so many at a time, 1 to 20", wholeNumber)
    .action(async (ids: readonly string[], options: BatchOptions, command: Command) => {
      const requests = requestsFor(ids, options);
      let errorCount = 0;
      await runCommand(command, async (client) => {
        const message = await readAll(client, requests);
        errorCount = message.errors.length;
        const members = ["Name", "VersionId", "SecretString", "SecretBinary", "VersionStages"];
        const columns = { list: "SecretValues", members };
        return { kind: "message", name: "BatchGetSecretValueResponse", message, columns };
      });
      if (errorCount > 0) throw new AnsweredNo();
    });
}

function requestsFor(
  ids: readonly string[],
  { filter: filters, pageSize: maxResults }: BatchOptions,
): readonly BatchGetSecretValueRequest[] {
  if (filters === undefined) return requestsForIds(ids, maxResults);
  if (ids.length > 0) {
    throw new UsageError("Cannot read by name and by filter at once: use ids or --filter");
  }
  if (maxResults !== undefined && (maxResults < 1 || maxResults > largestBatch)) {
    throw new UsageError(`Cannot ask for pages of ${maxResults}: expected 1 to ${largestBatch}`);
  }
  return [{ filters, maxResults }];
}

function requestsForIds(
  ids: readonly string[],
  maxResults: number | undefined,
): readonly BatchGetSecretValueRequest[] {
  if (ids.length === 0) throw new UsageError("Nothing to read: expected names, ARNs or --filter");
  if (maxResults !== undefined) {
    throw new UsageError("Only what a filter finds comes in pages: use --page-size with --filter");
  }
  const count = Math.ceil(ids.length / largestBatch);
  return Array.from({ length: count }, (_, at) => ({
    secretIdList: ids.slice(at * largestBatch, (at + 1) * largestBatch),
  }));
}

async function readAll(
  client: HoldfastClient,
  requests: readonly BatchGetSecretValueRequest[],
): Promise<BatchGetSecretValueResponse> {
  const secretValues: SecretValueEntry[] = [];
  const errors: BatchError[] = [];
  for (const request of requests) {
    let nextToken: string | undefined;
    do {
      const page = await client.batchGetSecretValue({ ...request, nextToken });
      secretValues.push(...page.secretValues);
      errors.push(...page.errors);
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  }
  return { secretValues, errors };
}
