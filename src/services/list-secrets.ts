// ListSecrets and ListSecretVersionIds: a page at a time.
import { describeSecret } from "../secrets/queries/describe-secret.ts";
import {
  listSecretVersionIds as listVersions,
  type VersionCursor,
} from "../secrets/queries/list-secret-version-ids.ts";
import type { SecretRecord } from "../secrets/secret.ts";
import { findSecret } from "./find-secret.ts";
import { requireAllowed, type Handler } from "./operation-call.ts";
import type { RequestOf, ResponseOf } from "./operations/operations.ts";
import { encodeResponse } from "./operations/codec.ts";
import { openPosition, sealPosition } from "./page-token.ts";
import { completeFilters } from "./request-filters.ts";
import { searchSecrets } from "./search-secrets.ts";
import { describedMembers, shownDay, stagesByVersion } from "./shown-secret.ts";
import type { SecretPosition, SortedSearch } from "./sorted-search.ts";
import { WorkSlices } from "./work-slices.ts";

const standardPageSize = 100;

/**
 * The secrets of one page, as JSON, which is the longer of the two encodings. With the token beside
 * them they stay below 3 MiB: a gRPC client takes 4 MiB unless told otherwise.
 */
const pageLimitBytes = 3 * 1024 * 1024 - 16 * 1024;

/** AWS names no key of ours in its lists: the default key has this name there. */
const defaultKeyShown = "DefaultEncryptionKey";

/** AWS: ListSecrets. A page may be empty and still have a token: the search goes on from there. */
export const listSecrets: Handler<"ListSecrets"> = async (call, request) => {
  const search = searchOf(request);
  await call.parts.group.readBarrier(call.caller);
  requireAllowed(call, "ListSecrets", undefined);

  const listing = { operation: "ListSecrets", query: search } as const;
  const after = openPosition(call, listing, request.nextToken);
  const { group, clock, accessNotes } = call.parts;
  const slices = new WorkSlices(clock, call.caller.deadlineMs);
  const { secrets, places, next } = await searchSecrets({ view: group.view, slices }, search, {
    // Sealed by this very function, for this very search.
    after: after as SecretPosition | undefined,
    limit: request.maxResults ?? standardPageSize,
  });
  const secretList = fitting(secrets.map((secret) => listed(accessNotes.shown(secret))));
  const goesOnAt = secretList.length < secrets.length ? places[secretList.length - 1] : next;
  return {
    secretList,
    nextToken: goesOnAt === undefined ? undefined : sealPosition(call, listing, goesOnAt),
  };
};

/** AWS: ListSecretVersionIds. Works on a secret marked for deletion. */
export const listSecretVersionIds: Handler<"ListSecretVersionIds"> = async (call, request) => {
  const found = await findSecret(call, "ListSecretVersionIds", request.secretId);
  const secret = call.parts.accessNotes.shown(found);
  const includeDeprecated = request.includeDeprecated ?? false;
  const listing = {
    operation: "ListSecretVersionIds",
    query: [secret.arn, includeDeprecated],
  } as const;
  const { versions, next } = listVersions(secret, {
    includeDeprecated,
    // Sealed by this very function, for this very secret.
    after: openPosition(call, listing, request.nextToken) as VersionCursor | undefined,
    limit: request.maxResults ?? standardPageSize,
  });
  return {
    arn: secret.arn,
    name: secret.name,
    versions: versions.map(({ versionId, createdAt, accessedDay, labels }) => ({
      versionId,
      versionStages: labels,
      lastAccessedDate: shownDay(accessedDay),
      createdDate: createdAt,
      kmsKeyIds: [defaultKeyShown],
    })),
    nextToken: next === undefined ? undefined : sealPosition(call, listing, next),
  };
};

/** As many as the page has room for. One alone is never too much: the model bounds its texts. */
function fitting(entries: readonly ListedSecret[]): readonly ListedSecret[] {
  let bytes = 0;
  const tooMany = entries.findIndex((entry) => {
    bytes += encodeResponse("ListSecrets", { secretList: [entry] }).length;
    return bytes > pageLimitBytes;
  });
  return tooMany === -1 ? entries : entries.slice(0, tooMany);
}

function searchOf(request: RequestOf<"ListSecrets">): SortedSearch {
  return {
    filters: completeFilters(request.filters ?? []),
    includePlannedDeletion: request.includePlannedDeletion ?? false,
    sortBy: request.sortBy ?? "created-date",
    direction: request.sortOrder === "desc" ? "descending" : "ascending",
  };
}

type ListedSecret = NonNullable<ResponseOf<"ListSecrets">["secretList"]>[number];

function listed(secret: SecretRecord): ListedSecret {
  const description = describeSecret(secret);
  return { ...describedMembers(description), secretVersionsToStages: stagesByVersion(description) };
}
