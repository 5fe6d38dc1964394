// PutSecretValue: add a version to a secret, and by default make it the current one.
import type { NewVersion, SecretLimits, SecretTarget, StagingLabel, VersionId } from "../secret.ts";

export interface PutSecretValue extends SecretTarget {
  readonly kind: "put_secret_value";
  readonly version: NewVersion;
  /** Absent: move AWSCURRENT here. */
  readonly stages: readonly StagingLabel[] | undefined;
  readonly limits: SecretLimits;
}

export interface PutSecretValueReply extends SecretTarget {
  readonly versionId: VersionId;
  readonly stages: readonly StagingLabel[];
}
