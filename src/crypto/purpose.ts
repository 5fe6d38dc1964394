// What a key may be used for: every label that enters a derivation, a seal or a digest, in one
// list.

/**
 * One key, one purpose, one algorithm, one label. A label is never reused for another meaning, not
 * even after its first meaning is gone: old bytes would come to mean something else.
 */
export const purposes = {
  /** The unseal key's check value: HKDF, then HMAC. */
  unsealCommitment: "seal-commit",
  /** The unseal key seals the root key. */
  rootKey: "root-key",
  /** The root key seals one version of a KMS key's material. */
  keyMaterial: "cmk",
  /** The root key seals the key that fingerprints are made with. */
  fingerprintKey: "fingerprint-key",
  /** The root key seals the key that page tokens are sealed with. */
  pageTokenKey: "page-token-key",
  /** Key material seals the data key of one secret version. */
  dataKey: "data-key",
  /** A data key seals one value. */
  secretValue: "secret-value",
  /** The fingerprint key digests one value: HMAC. */
  fingerprint: "fingerprint",
  /** The page token key seals where a listing goes on. */
  pageToken: "page-token",
  /** Stands before the digest of a context that is too long for a derivation. */
  longContext: "long-context",
} as const;

export type Purpose = (typeof purposes)[keyof typeof purposes];

const domain = "holdfast/v1/";

/** The purpose as it enters a derivation. Nothing else is ever prefixed with our domain. */
export function labelOf(purpose: Purpose): string {
  return `${domain}${purpose}`;
}
