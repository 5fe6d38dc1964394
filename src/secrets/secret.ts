// The record of one secret: what is known of it, its versions, and where its staging labels are.
// Values are not in it: each is a sealed row of its own, so that a description costs no decryption.
import type { SecretArn } from "../base/arn.ts";
import type { EpochMs } from "../base/ids.ts";

/** The client request token that made the version: 32 to 64 characters, mostly a UUID. */
export type VersionId = string;

export type StagingLabel = string;

export const currentLabel: StagingLabel = "AWSCURRENT";
export const previousLabel: StagingLabel = "AWSPREVIOUS";
export const pendingLabel: StagingLabel = "AWSPENDING";

export interface SecretRecord {
  /** Unique in the region, also while the secret waits for its deletion. Never changes. */
  readonly name: string;
  readonly arn: SecretArn;

  /** Place in the order of creation, counted by the region. Invariant: unique, never reused. */
  readonly order: number;

  readonly createdAt: EpochMs;
  /** Moves with every change but a read. */
  readonly changedAt: EpochMs;

  /** Absent when it was never given, or given as the empty string. */
  readonly description: string | undefined;

  /** The partner format of a managed external secret, as the caller named it. */
  readonly type: string | undefined;

  /** As the caller gave it; absent for the region's default key. */
  readonly kmsKeyId: string | undefined;

  /** In order of first appearance. Absent if never tagged; empty once the last tag was removed. */
  readonly tags: readonly Tag[] | undefined;

  readonly deletion: PlannedDeletion | undefined;

  /** Every version that has not been pruned, oldest first, with its labels or without any. */
  readonly versions: ReadonlyMap<VersionId, VersionRecord>;

  /**
   * Where each label is. Invariant: it names versions that exist; once there is a version, one of
   * them is AWSCURRENT. A label is on one version at a time because a map has one entry a key.
   */
  readonly labels: ReadonlyMap<StagingLabel, VersionId>;

  /**
   * The client request token of a creation without a value, by which its retry is known. Absent
   * when there was a value, whose version has the token for its name, and in records from before
   * the token was kept.
   */
  readonly creationToken?: VersionId;

  /**
   * The last day a value of it was read, in whole days since the Unix epoch (AWS:
   * LastAccessedDate). Absent until then.
   */
  readonly accessedDay?: number;

  /** Whether it has a resource policy, whose text is a row of its own. */
  readonly hasResourcePolicy?: true;
}

export interface VersionRecord {
  readonly createdAt: EpochMs;
  /** The key version that wraps the data key, such as `<key id>#1`. */
  readonly keyRef: string;
  /** Keyed digest of the value: tells a retry from another value without opening either. */
  readonly fingerprint: Uint8Array;
  /** As of the secret, of this version alone. */
  readonly accessedDay?: number;
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

export interface PlannedDeletion {
  readonly requestedAt: EpochMs;
  /** The end of the recovery window: from here on the secret may be purged. */
  readonly scheduledFor: EpochMs;
}

/** What the row of one version's value holds. Only crypto/ can open it. */
export interface SealedValue {
  readonly kind: ValueKind;
  readonly sealedValue: Uint8Array;
  readonly sealedDataKey: Uint8Array;
}

export type ValueKind = "string" | "binary";

/** A value as a command carries it: sealed by the node that proposed it, never in the clear. */
export interface NewVersion {
  readonly versionId: VersionId;
  readonly keyRef: string;
  readonly fingerprint: Uint8Array;
  readonly value: SealedValue;
}

/** The secret a command means. A secret made anew under the name has another ARN. */
export interface SecretTarget {
  readonly name: string;
  readonly arn: SecretArn;
}

/** What a command does to one secret and its values, as rows to write. */
export interface SecretChange {
  /** The successor; `undefined` removes the secret. */
  readonly secret: SecretRecord | undefined;
  readonly putValues: readonly { readonly versionId: VersionId; readonly value: SealedValue }[];
  readonly dropValues: readonly VersionId[];
  /** The text of its resource policy from now on; `null`: none any more; absent: as it was. */
  readonly policy?: string | null;
}

/** The limits that apply checks again. Part of the command, so that every node uses the same. */
export interface SecretLimits {
  readonly versions: number;
  readonly labels: number;
  readonly tags: number;
}
