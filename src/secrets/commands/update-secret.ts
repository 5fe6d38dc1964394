// UpdateSecret: change what is known of a secret, and its value when one is given.
import type { NewVersion, SecretLimits, SecretTarget, VersionId } from "../secret.ts";

export interface UpdateSecret extends SecretTarget {
  readonly kind: "update_secret";
  /** Absent members keep their value; the empty string removes a description or a key choice. */
  readonly description: string | undefined;
  readonly type: string | undefined;
  readonly kmsKeyId: string | undefined;
  readonly version: NewVersion | undefined;
  readonly limits: SecretLimits;
}

export interface UpdateSecretReply extends SecretTarget {
  readonly versionId: VersionId | undefined;
}
