// A secret as DescribeSecret and ListSecrets answer it: the same members under the same names,
// but for the labels.
import { epochMs, type EpochMs } from "../base/ids.ts";
import { dayMs } from "../secrets/limits.ts";
import type { SecretDescription } from "../secrets/queries/describe-secret.ts";
import type { ResponseOf } from "./operations/operations.ts";

/** What both answers show alike. An absent member is left out on the wire. */
export function describedMembers(
  description: SecretDescription,
): Omit<ResponseOf<"DescribeSecret">, "versionIdsToStages" | "replicationStatus"> {
  const { arn, name, type, kmsKeyId, tags } = description;
  return {
    arn,
    name,
    type,
    description: description.description,
    kmsKeyId,
    lastChangedDate: description.changedAt,
    lastAccessedDate: shownDay(description.accessedDay),
    deletedDate: description.deletedAt,
    tags,
    createdDate: description.createdAt,
  };
}

/** The day of a read as AWS shows it: midnight UTC, when it began (AWS: LastAccessedDate). */
export function shownDay(day: number | undefined): EpochMs | undefined {
  return day === undefined ? undefined : epochMs(day * dayMs);
}

/** Labelled versions only; absent when there is none (AWS: VersionIdsToStages). */
export function stagesByVersion({
  labelledVersions,
}: SecretDescription): ReadonlyMap<string, readonly string[]> | undefined {
  if (labelledVersions === undefined) return undefined;
  return new Map(labelledVersions.map(({ versionId, labels }) => [versionId, labels]));
}
