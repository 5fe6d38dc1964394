// RestoreSecret: take back a planned deletion.
import type { SecretTarget } from "../secret.ts";

export interface RestoreSecret extends SecretTarget {
  readonly kind: "restore_secret";
}

export type RestoreSecretReply = SecretTarget;
