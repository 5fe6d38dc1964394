// BatchGetSecretValue: the current values of up to twenty secrets, named or searched for. What is
// wrong with one of them stands in the answer beside the values of the others.
import { describeRefusal, refuseCall, RefusedError, type RefusalCode } from "../base/errors.ts";
import type { SecretRecord } from "../secrets/secret.ts";
import { lookUpBehindBarrier } from "./find-secret.ts";
import { requireAllowed, type Handler, type OperationCall } from "./operation-call.ts";
import { encodeResponse } from "./operations/codec.ts";
import type { RequestOf, ResponseOf } from "./operations/operations.ts";
import { openPosition, sealPosition, type Listing } from "./page-token.ts";
import { readVersion } from "./read-version.ts";
import { completeFilters } from "./request-filters.ts";
import { searchSecrets } from "./search-secrets.ts";
import type { SecretPosition, SortedSearch } from "./sorted-search.ts";
import { WorkSlices } from "./work-slices.ts";

const mostValues = 20;

/**
 * The values of one answer, as JSON, which is the longer of the two encodings. With the token
 * beside them they stay below 3 MiB: a gRPC client takes 4 MiB unless told otherwise.
 */
const answerLimitBytes = 3 * 1024 * 1024 - 16 * 1024;

/** AWS: BatchGetSecretValue. Fewer values than were asked for come with a token for the rest. */
export const batchGetSecretValue: Handler<"BatchGetSecretValue"> = async (call, request) => {
  await call.parts.group.readBarrier(call.caller);
  requireAllowed(call, "BatchGetSecretValue", undefined);
  const isSearch = (request.filters ?? []).length > 0;
  if (isSearch) requireAllowed(call, "ListSecrets", undefined);

  const { clock } = call.parts;
  const slices = new WorkSlices(clock, call.caller.deadlineMs);
  const selection = isSearch
    ? await searched(call, request, slices)
    : named(call, request.secretIdList, request);
  return answered(call, selection, slices);
};

/** What an answer is made of, one after the other. */
interface Selection {
  readonly listing: Listing;
  readonly items: readonly SelectedItem[];
  /** Where the page after all of the items begins; absent when there is none. */
  readonly next: unknown;
}

interface SelectedItem {
  /** As an error names it. */
  readonly secretId: string;
  /** Where a page goes on that ends with it. */
  readonly place: unknown;
  /** Finds it anew, in the turn in which it is read; nothing when it is gone by then. */
  readonly find: () => SecretRecord | undefined;
}

type BatchRequest = RequestOf<"BatchGetSecretValue">;

/** In the order of the request. The position in a token is how many of the ids were answered. */
function named(
  call: OperationCall,
  secretIds: readonly string[] | undefined,
  { maxResults, nextToken }: BatchRequest,
): Selection {
  if (maxResults !== undefined) throw refuseCall("batch_page_without_filters", {});
  if (secretIds === undefined) throw refuseCall("batch_selection_invalid", {});

  const listing = { operation: "BatchGetSecretValue", query: { secretIds } } as const;
  // Sealed by this very module, for these very ids.
  const done = (openPosition(call, listing, nextToken) ?? 0) as number;
  const items = secretIds.map((secretId, at) => ({
    secretId,
    place: at + 1,
    find: () => {
      const { secret } = lookUpBehindBarrier(call, "GetSecretValue", secretId);
      if (secret === undefined) throw refuseCall("secret_not_found", {});
      return secret;
    },
  }));
  return { listing, items: items.slice(done), next: undefined };
}

async function searched(
  call: OperationCall,
  request: BatchRequest,
  slices: WorkSlices,
): Promise<Selection> {
  const { secretIdList, filters = [], maxResults = mostValues, nextToken } = request;
  if (secretIdList !== undefined) throw refuseCall("batch_selection_invalid", {});

  const search: SortedSearch = {
    filters: completeFilters(filters),
    includePlannedDeletion: false,
    sortBy: "created-date",
    direction: "ascending",
  };
  const listing = { operation: "BatchGetSecretValue", query: { search } } as const;
  // Sealed by this very module, for this very search.
  const after = openPosition(call, listing, nextToken) as SecretPosition | undefined;
  const { view } = call.parts.group;
  const page = await searchSecrets({ view, slices }, search, { after, limit: maxResults });
  const items = page.secrets.map(({ name, arn }, at) => ({
    secretId: arn,
    place: page.places[at],
    find: () => {
      requireAllowed(call, "GetSecretValue", { named: arn, arn });
      const secret = view.secret(name);
      // Deleted since it was found: the search would not find it any more.
      return secret?.arn === arn && secret.deletion === undefined ? secret : undefined;
    },
  }));
  return { listing, items, next: page.next };
}

type BatchResponse = ResponseOf<"BatchGetSecretValue">;

async function answered(
  call: OperationCall,
  { listing, items, next }: Selection,
  slices: WorkSlices,
): Promise<BatchResponse> {
  const secretValues: ResponseOf<"GetSecretValue">[] = [];
  const errors: BatchError[] = [];
  let bytes = 0;
  let last: SelectedItem | undefined;
  for (const item of items) {
    if (slices.isOver()) await slices.rest();
    const entry = read(call, item);
    bytes += lengthOf(entry);
    if (bytes > answerLimitBytes && last !== undefined) {
      wipe(entry);
      return { secretValues, errors, nextToken: sealPosition(call, listing, last.place) };
    }
    secretValues.push(...(entry.secretValues ?? []));
    errors.push(...(entry.errors ?? []));
    last = item;
  }
  const nextToken = next === undefined ? undefined : sealPosition(call, listing, next);
  return { secretValues, errors, nextToken };
}

/** One value, one error, or nothing at all. */
function read(call: OperationCall, { secretId, find }: SelectedItem): BatchResponse {
  try {
    const secret = find();
    if (secret === undefined) return {};
    const choice = { versionId: undefined, label: undefined };
    return { secretValues: [readVersion(call, secret, choice)] };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const { refusal } = error;
    const errorCode = errorCodes.get(refusal.code);
    // What is wrong with the node is wrong with the whole call.
    if (errorCode === undefined) throw error;
    return { errors: [{ secretId, errorCode, message: describeRefusal(refusal) }] };
  }
}

type BatchError = NonNullable<BatchResponse["errors"]>[number];

/** What can be wrong with one secret, under the names that AWS's own answer would have. */
export const errorCodes: ReadonlyMap<RefusalCode, string> = new Map<RefusalCode, string>([
  ["invalid_name", "ValidationException"],
  ["access_denied", "AccessDeniedException"],
  ["secret_not_found", "ResourceNotFoundException"],
  ["label_not_found", "ResourceNotFoundException"],
  ["secret_deleted", "InvalidRequestException"],
  ["decryption_failed", "DecryptionFailure"],
]);

function lengthOf(entry: BatchResponse): number {
  const json = encodeResponse("BatchGetSecretValue", entry);
  json.fill(0);
  return json.length;
}

function wipe({ secretValues = [] }: BatchResponse): void {
  for (const { secretBinary } of secretValues) secretBinary?.fill(0);
}
