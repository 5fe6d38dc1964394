// CreateSecret: a new secret, with its first version when the caller gave a value.
import type { NewVersion, SecretLimits, SecretTarget, Tag, VersionId } from "../secret.ts";

export interface CreateSecret extends SecretTarget {
  readonly kind: "create_secret";
  readonly token: VersionId;
  readonly description: string | undefined;
  readonly type: string | undefined;
  readonly kmsKeyId: string | undefined;
  readonly tags: readonly Tag[] | undefined;
  readonly version: NewVersion | undefined;
  readonly limits: SecretLimits;
}

export interface CreateSecretReply extends SecretTarget {
  readonly versionId: VersionId | undefined;
}
