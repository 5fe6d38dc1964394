// What DescribeSecret and ListSecrets show of a secret. What is absent here is absent on the wire:
// AWS leaves a member out rather than send it empty, with the one exception of `tags`.
import type { SecretArn } from "../../base/arn.ts";
import type { EpochMs } from "../../base/ids.ts";
import { labelsOn } from "../labels.ts";
import type { SecretRecord, StagingLabel, Tag, VersionId } from "../secret.ts";

export interface SecretDescription {
  readonly name: string;
  readonly arn: SecretArn;
  readonly description: string | undefined;
  readonly type: string | undefined;
  /** Absent for the region's default key. */
  readonly kmsKeyId: string | undefined;
  /** Absent if it was never tagged; empty once the last tag was removed. */
  readonly tags: readonly Tag[] | undefined;
  readonly createdAt: EpochMs;
  readonly changedAt: EpochMs;
  /** In whole days since the Unix epoch; absent when it was never read. */
  readonly accessedDay: number | undefined;
  /** `DeletedDate`: when the deletion was asked for. */
  readonly deletedAt: EpochMs | undefined;
  /** The end of the recovery window. */
  readonly purgeableAt: EpochMs | undefined;
  /** The versions with labels, oldest first. Absent when the secret has no version. */
  readonly labelledVersions: readonly LabelledVersion[] | undefined;
}

export interface LabelledVersion {
  readonly versionId: VersionId;
  /** Sorted; at least one. */
  readonly labels: readonly StagingLabel[];
}

/** Works on a secret marked for deletion too (AWS: DescribeSecret). */
export function describeSecret(secret: SecretRecord): SecretDescription {
  const labelled = [...secret.versions.keys()]
    .map((versionId) => ({ versionId, labels: labelsOn(secret.labels, versionId) }))
    .filter(({ labels }) => labels.length > 0);
  return {
    name: secret.name,
    arn: secret.arn,
    description: secret.description,
    type: secret.type,
    kmsKeyId: secret.kmsKeyId,
    tags: secret.tags,
    createdAt: secret.createdAt,
    changedAt: secret.changedAt,
    accessedDay: secret.accessedDay,
    deletedAt: secret.deletion?.requestedAt,
    purgeableAt: secret.deletion?.scheduledFor,
    labelledVersions: labelled.length === 0 ? undefined : labelled,
  };
}
