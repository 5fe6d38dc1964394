// The versions of one secret, newest first, a page at a time.
import type { EpochMs } from "../../base/ids.ts";
import { labelsOn } from "../labels.ts";
import type { SecretRecord, StagingLabel, VersionId, VersionRecord } from "../secret.ts";

export interface VersionPageRequest {
  readonly includeDeprecated: boolean;
  /** Where the page before ended; absent for the first page. */
  readonly after: VersionCursor | undefined;
  /** How many versions a page holds at most; at least 1. */
  readonly limit: number;
}

/**
 * Names the last version of a page, not a count of versions: what is written or pruned between two
 * pages neither repeats nor hides a version that was there all along.
 */
export interface VersionCursor {
  readonly versionId: VersionId;
  readonly createdAt: EpochMs;
}

export interface VersionPage {
  readonly versions: readonly ListedVersion[];
  /** Absent on the last page. */
  readonly next: VersionCursor | undefined;
}

export interface ListedVersion {
  readonly versionId: VersionId;
  readonly createdAt: EpochMs;
  /** In whole days since the Unix epoch; absent when it was never read. */
  readonly accessedDay: number | undefined;
  readonly keyRef: string;
  /** Sorted; absent for a deprecated version, which has none. */
  readonly labels: readonly StagingLabel[] | undefined;
}

/** Works on a secret marked for deletion too: AWS declares no refusal for it. */
export function listSecretVersionIds(
  secret: SecretRecord,
  { includeDeprecated, after, limit }: VersionPageRequest,
): VersionPage {
  const rest = [...secret.versions]
    .map(([versionId, version]) => listed(secret, versionId, version))
    .filter(({ labels }) => includeDeprecated || labels !== undefined)
    .sort(byAge)
    .filter((version) => after === undefined || byAge(version, after) > 0);
  const versions = rest.slice(0, limit);
  const last = versions.at(-1);
  const isLast = last === undefined || versions.length === rest.length;
  return {
    versions,
    next: isLast ? undefined : { versionId: last.versionId, createdAt: last.createdAt },
  };
}

function listed(
  secret: SecretRecord,
  versionId: VersionId,
  { createdAt, accessedDay, keyRef }: VersionRecord,
): ListedVersion {
  const held = labelsOn(secret.labels, versionId);
  const labels = held.length === 0 ? undefined : held;
  return { versionId, createdAt, accessedDay, keyRef, labels };
}

/** Newest first; versions of the same millisecond by id, so that a cursor has one place. */
function byAge(one: VersionCursor, other: VersionCursor): number {
  if (one.createdAt !== other.createdAt) return other.createdAt - one.createdAt;
  if (one.versionId === other.versionId) return 0;
  return one.versionId < other.versionId ? -1 : 1;
}
