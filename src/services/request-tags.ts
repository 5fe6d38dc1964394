// The tags in a request: complete, and each key once.
import { refuseCall } from "../base/errors.ts";
import type { Tag } from "../secrets/secret.ts";

/**
 * The model makes both members optional. A tag without a value has the empty one; a tag without a
 * key throws `validation_failed`.
 */
export function completeTags(
  tags: readonly { readonly key?: string | undefined; readonly value?: string | undefined }[],
): readonly Tag[] {
  return tags.map(({ key, value }, at) => {
    if (key === undefined) {
      const path = `tags.${at + 1}.member.key`;
      throw refuseCall("validation_failed", {
        violations: [
          `Value null at '${path}' failed to satisfy constraint: Member must not be null`,
        ],
      });
    }
    return { key, value: value ?? "" };
  });
}

/** Throws `duplicate_tag_key` for a key that is given twice. */
export function requireDistinctKeys(tags: readonly Tag[]): void {
  const seen = new Set<string>();
  for (const { key } of tags) {
    if (seen.has(key)) throw refuseCall("duplicate_tag_key", { key });
    seen.add(key);
  }
}
