// DeleteSecret: mark a secret for deletion after a recovery window, or remove it at once.
import type { EpochMs } from "../../base/ids.ts";
import type { SecretTarget } from "../secret.ts";

export interface DeleteSecret extends SecretTarget {
  readonly kind: "delete_secret";
  /** Days until it may be purged; 0 removes it now, without recovery. */
  readonly recoveryWindowDays: number;
}

export interface DeleteSecretReply extends SecretTarget {
  readonly deletionDate: EpochMs;
}
