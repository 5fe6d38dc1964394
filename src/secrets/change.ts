// What a command made of one secret, in the few shapes that occur.
import type { SecretChange, SecretRecord, SecretTarget } from "./secret.ts";

/**
 * A change that touches no version. Of the very record that was found it writes nothing at all,
 * which is the answer to a retry and to a request for what is so already.
 */
export function changeTo(secret: SecretRecord): SecretChange {
  return { secret, putValues: [], dropValues: [] };
}

/** The end of a secret, of all its values and of its policy. */
export function removed(secret: SecretRecord): SecretChange {
  return {
    secret: undefined,
    putValues: [],
    dropValues: [...secret.versions.keys()],
    ...(secret.hasResourcePolicy && { policy: null }),
  };
}

/** Whether the record found under a name is the secret that a command means. */
export function isTarget(
  secret: SecretRecord | undefined,
  target: SecretTarget,
): secret is SecretRecord {
  return secret?.arn === target.arn;
}

/** The identity that every reply carries. */
export function identityOf({ name, arn }: SecretRecord): SecretTarget {
  return { name, arn };
}
