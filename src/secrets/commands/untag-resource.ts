// UntagResource: remove tags by key; a key that is not there is no error.
import type { SecretTarget } from "../secret.ts";

export interface UntagResource extends SecretTarget {
  readonly kind: "untag_resource";
  readonly tagKeys: readonly string[];
}

export type UntagResourceReply = SecretTarget;
