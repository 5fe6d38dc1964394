// What a page of ListSecrets takes in a region that holds very many: on one node, one call at a
// time over a kept connection to the AWS endpoint. TLS, signing and the client's own share are in
// the figures, so the server takes less than they say.
import { performance } from "node:perf_hooks";
import type { HoldfastClient } from "../../src/client/client.ts";
import { AwsCaller } from "./aws-call.ts";
import { BenchRegion } from "./bench-region.ts";
import { fillStores, type Appearance } from "./fill-stores.ts";
import { quantile } from "./load.ts";

export interface ListingResult {
  readonly name: string;
  /** In milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Secrets of the page. */
  readonly found: number;
}

export interface Listing {
  readonly secrets: number;
  readonly pageSize: number;
  readonly results: readonly ListingResult[];
}

const pageSize = 100;
const callsEach = { warmUp: 10, measured: 200 } as const;
const valueBytes = 64;
const longMs = 600_000;

const sortKeys = ["created-date", "name", "last-changed-date", "last-accessed-date"] as const;
type SortKey = (typeof sortKeys)[number];

interface Query {
  readonly sortBy?: SortKey;
  readonly filters?: readonly { readonly key: FilterKey; readonly values: readonly string[] }[];
}
type FilterKey = "name" | "tag-key" | "tag-value" | "description" | "all";

const words = ["database", "password", "payments", "orders", "billing", "cache", "queue", "batch"];

/** Fifty applications in three environments, a hundred teams, a rare tag on each thousandth. */
function appearance(place: number): Appearance {
  const number = String((place * 7_919) % 1_000_003).padStart(7, "0");
  const environment = ["prod", "test", "dev"][place % 3] ?? "";
  const rare = place % 1_000 === 0 ? [{ key: "rotated-by", value: "hand" }] : [];
  return {
    name: `app-${place % 50}/${environment}/secret-${number}`,
    description: `${words[place % 8] ?? ""} of the ${words[(place * 3 + 1) % 8] ?? ""}, number ${place}`,
    tags: [
      { key: "team", value: `team-${place % 100}` },
      { key: "environment", value: environment },
      ...rare,
    ],
  };
}

const queries: readonly (readonly [name: string, query: Query])[] = [
  ...sortKeys.map((sortBy): [string, Query] => [`first page by ${sortBy}`, { sortBy }]),
  ["name prefix", filtered("name", "app-7/prod/")],
  ["name prefix, by name", { ...filtered("name", "app-7/prod/"), sortBy: "name" }],
  ["tag value of one in a hundred", filtered("tag-value", "team-42")],
  ["the same, by name", { ...filtered("tag-value", "team-42"), sortBy: "name" }],
  ["the same, by change", { ...filtered("tag-value", "team-42"), sortBy: "last-changed-date" }],
  ["tag value of one in three", filtered("tag-value", "prod")],
  ["tag key of one in a thousand", filtered("tag-key", "rotated-by")],
  ["word anywhere, of one in four", filtered("all", "payments")],
  ["word of one description", filtered("description", "number 77777")],
  [
    "tag and name together",
    { filters: [...filterOf("tag-value", "prod"), ...filterOf("name", "app-7/")] },
  ],
];

function filterOf(key: FilterKey, value: string): NonNullable<Query["filters"]> {
  return [{ key, values: [value] }];
}

function filtered(key: FilterKey, value: string): Query {
  return { filters: filterOf(key, value) };
}

export async function measureListing(secrets: number): Promise<Listing> {
  await using region = await BenchRegion.open(1);
  await region.pauseFleet();
  console.log(`Making ${secrets} secrets …`);
  await fillStores(region.configFiles(), { count: secrets, valueBytes, appearance });
  await region.resumeFleet(longMs);
  using client = region.client();
  const caller = new AwsCaller(region.nodes()[0]?.https ?? "", region.access);
  const results: ListingResult[] = [];
  try {
    for (const [name, query] of queries) {
      results.push(await measure(client, caller, { name, query, nextToken: undefined }));
    }
    for (const sortBy of sortKeys) {
      const nextToken = await tokenHalfWay(client, { sortBy }, secrets / 2);
      const name = `deep page by ${sortBy}`;
      results.push(await measure(client, caller, { name, query: { sortBy }, nextToken }));
    }
  } finally {
    caller.close();
  }
  return { secrets, pageSize, results };
}

async function measure(
  client: HoldfastClient,
  caller: AwsCaller,
  {
    name,
    query,
    nextToken,
  }: { readonly name: string; readonly query: Query; readonly nextToken: string | undefined },
): Promise<ListingResult> {
  const body = JSON.stringify({
    MaxResults: pageSize,
    SortBy: query.sortBy,
    Filters: query.filters?.map(({ key, values }) => ({ Key: key, Values: values })),
    NextToken: nextToken,
  });
  const latencies: number[] = [];
  for (let call = -callsEach.warmUp; call < callsEach.measured; call += 1) {
    const asked = performance.now();
    const { status } = await caller.call("ListSecrets", body, longMs);
    if (status !== 200) throw new Error(`${name}: a call was answered with ${status}.`);
    if (call >= 0) latencies.push(performance.now() - asked);
  }
  const { secretList } = await client.listSecrets({ ...query, nextToken, maxResults: pageSize });
  const sorted = latencies.sort((one, other) => one - other);
  const [p50, p99, max] = [quantile(sorted, 0.5), quantile(sorted, 0.99), sorted.at(-1) ?? 0];
  return { name, p50, p99, max, found: secretList.length };
}

async function tokenHalfWay(
  client: HoldfastClient,
  query: Query,
  secrets: number,
): Promise<string | undefined> {
  let nextToken: string | undefined;
  for (let passed = 0; passed < secrets; passed += pageSize) {
    ({ nextToken } = await client.listSecrets({ ...query, nextToken, maxResults: pageSize }));
  }
  return nextToken;
}
