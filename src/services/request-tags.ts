// The tags in a request: complete, and each key once.
import { refuseCall } from "../base/errors.ts";
import type { Tag } from "../secrets/secret.ts";

/**
 * The model makes both members optional. A tag without a value has the empty one; a tag without a
 * key throws `validation_failed`, a key given twice `duplicate_tag_key`.
 */
export function requireTags(
  tags: readonly { readonly key?: string | undefined; readonly value?: string | undefined }[],
): readonly Tag[] {
  const seen = new Set<string>();
  return tags.map(({ key, value }, at) => {
    if (key === undefined) {
      const path = `tags.${at + 1}.member.key`;
      throw refuseCall("validation_failed", {
        violations: [
          `Value null at '${path}' failed to satisfy constraint: Member must not be null`,
        ],
      });
    }
    if (seen.has(key)) throw refuseCall("duplicate_tag_key", { key });
    seen.add(key);
    return { key, value: value ?? "" };
  });
}
