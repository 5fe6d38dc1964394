// ListSecrets and ListSecretVersionIds: a page at a time.
import { refuseCall } from "../base/errors.ts";
import { describeSecret } from "../secrets/queries/describe-secret.ts";
import {
  listSecretVersionIds as listVersions,
  type VersionCursor,
} from "../secrets/queries/list-secret-version-ids.ts";
import type { SecretFilter } from "../secrets/queries/list-secrets.ts";
import type { SecretRecord } from "../secrets/secret.ts";
import { findSecret } from "./find-secret.ts";
import { requireAllowed, type Handler } from "./operation-call.ts";
import type { RequestOf, ResponseOf } from "./operations/operations.ts";
import { openPosition, sealPosition } from "./page-token.ts";
import { searchSecrets, type SecretPosition, type SortedSearch } from "./search-secrets.ts";
import { describedMembers, stagesByVersion } from "./shown-secret.ts";

const standardPageSize = 100;

/** AWS names no key of ours in its lists: the default key has this name there. */
const defaultKeyShown = "DefaultEncryptionKey";

/** AWS: ListSecrets. A page may be empty and still have a token: the search goes on from there. */
export const listSecrets: Handler<"ListSecrets"> = async (call, request) => {
  const search = searchOf(request);
  await call.parts.group.readBarrier(call.caller);
  requireAllowed(call, "ListSecrets", undefined);

  const listing = { operation: "ListSecrets", query: search } as const;
  const after = openPosition(call, listing, request.nextToken);
  const { secrets, next } = await searchSecrets(call.parts.group.view, search, {
    // Sealed by this very function, for this very search.
    after: after as SecretPosition | undefined,
    limit: request.maxResults ?? standardPageSize,
  });
  return {
    secretList: secrets.map(listed),
    nextToken: next === undefined ? undefined : sealPosition(call, listing, next),
  };
};

/** AWS: ListSecretVersionIds. Works on a secret marked for deletion. */
export const listSecretVersionIds: Handler<"ListSecretVersionIds"> = async (call, request) => {
  const secret = await findSecret(call, "ListSecretVersionIds", request.secretId);
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
    versions: versions.map(({ versionId, createdAt, labels }) => ({
      versionId,
      versionStages: labels,
      createdDate: createdAt,
      kmsKeyIds: [defaultKeyShown],
    })),
    nextToken: next === undefined ? undefined : sealPosition(call, listing, next),
  };
};

function searchOf(request: RequestOf<"ListSecrets">): SortedSearch {
  return {
    filters: (request.filters ?? []).map(filterOf),
    includePlannedDeletion: request.includePlannedDeletion ?? false,
    sortBy: request.sortBy ?? "created-date",
    direction: request.sortOrder === "desc" ? "descending" : "ascending",
  };
}

type RequestFilter = NonNullable<RequestOf<"ListSecrets">["filters"]>[number];

/** The model makes both members optional; AWS refuses a filter without either. */
function filterOf({ key, values }: RequestFilter): SecretFilter {
  if (key === undefined) throw refuseCall("invalid_filter", { reason: "Invalid filter key" });
  if (values === undefined) {
    throw refuseCall("invalid_filter", { reason: `Invalid filter values for key: ${key}` });
  }
  return { key, values };
}

type ListedSecret = NonNullable<ResponseOf<"ListSecrets">["secretList"]>[number];

function listed(secret: SecretRecord): ListedSecret {
  const description = describeSecret(secret);
  return { ...describedMembers(description), secretVersionsToStages: stagesByVersion(description) };
}
