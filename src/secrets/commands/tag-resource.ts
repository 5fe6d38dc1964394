// TagResource: add tags, or give known keys new values.
import type { SecretLimits, SecretTarget, Tag } from "../secret.ts";

export interface TagResource extends SecretTarget {
  readonly kind: "tag_resource";
  readonly tags: readonly Tag[];
  readonly limits: SecretLimits;
}

export type TagResourceReply = SecretTarget;
