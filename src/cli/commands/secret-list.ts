// The command that tells what secrets there are: filtered, in an order, whole or a page at a time.
import { Option, type Command } from "commander";
import type { HoldfastClient } from "../../client/client.ts";
import type {
  Filter,
  ListSecretsRequest,
  ListSecretsResponse,
  SecretListEntry,
} from "../../generated/public-contract.ts";
import { collectFilter, filterHelp, wholeNumber } from "../argument-values.ts";
import { runCommand } from "../run-command.ts";
import { UsageError } from "../usage-error.ts";

interface ListOptions {
  readonly filter?: readonly Filter[];
  readonly includeDeleted?: true;
  readonly sortBy?: string;
  readonly order?: string;
  readonly limit?: number;
  readonly pageSize?: number;
  readonly onePage?: true;
  readonly nextToken?: string;
}

const largestPage = 100;
const sortMembers = ["created-date", "last-accessed-date", "last-changed-date", "name"];

export function addList(secret: Command): void {
  secret
    .command("list")
    .description("list secrets, without their values")
    .option("--filter <key=value>", filterHelp, collectFilter)
    .option("--include-deleted", "those marked for deletion too")
    .addOption(new Option("--sort-by <member>", "created-date unless given").choices(sortMembers))
    .addOption(
      new Option("--order <order>", "by the region's choice unless given").choices(["asc", "desc"]),
    )
    .option("--limit <count>", "at most so many", wholeNumber)
    .option(
      "--page-size <count>",
      "ask for so many at a time: 1 to 100, 100 unless given",
      wholeNumber,
    )
    .option("--one-page", "one page, and the NextToken of the next")
    .option(
      "--next-token <token>",
      "go on after the page that told it; with the same filters and order",
    )
    .action(async (options: ListOptions, command: Command) => {
      checkPaging(options);
      await runCommand(command, async (client) => ({
        kind: "message",
        name: "ListSecretsResponse",
        message: await listed(client, options),
        columns: {
          list: "SecretList",
          members: ["Name", "Description", "LastChangedDate", "DeletedDate", "Tags"],
        },
      }));
    });
}

function checkPaging({ limit, pageSize, onePage }: ListOptions): void {
  if (pageSize !== undefined && (pageSize < 1 || pageSize > largestPage)) {
    throw new UsageError(`Cannot ask for pages of ${pageSize}: expected 1 to ${largestPage}`);
  }
  if (limit === 0) throw new UsageError("Cannot list nothing: expected --limit 1 or more");
  if (onePage !== undefined && limit !== undefined) {
    throw new UsageError("A page is as long as its size: use --page-size in place of --limit");
  }
}

async function listed(client: HoldfastClient, options: ListOptions): Promise<ListSecretsResponse> {
  const { filter: filters, includeDeleted: includePlannedDeletion } = options;
  const { sortBy, order: sortOrder, nextToken, pageSize = largestPage } = options;
  const asked = { filters, includePlannedDeletion, sortBy, sortOrder };
  if (options.onePage !== undefined) {
    return await client.listSecrets({ ...asked, maxResults: pageSize, nextToken });
  }
  const { limit = Infinity } = options;
  return { secretList: await allSecrets(client, { ...asked, nextToken }, { limit, pageSize }) };
}

async function allSecrets(
  client: HoldfastClient,
  request: ListSecretsRequest,
  { limit, pageSize }: { readonly limit: number; readonly pageSize: number },
): Promise<readonly SecretListEntry[]> {
  const secrets: SecretListEntry[] = [];
  let { nextToken } = request;
  do {
    const maxResults = Math.max(Math.min(limit - secrets.length, pageSize), 1);
    const page = await client.listSecrets({ ...request, maxResults, nextToken });
    secrets.push(...page.secretList);
    nextToken = page.nextToken;
  } while (nextToken !== undefined && secrets.length < limit);
  return secrets.slice(0, limit);
}
