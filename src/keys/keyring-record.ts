// The region's keys as the replicated state holds them: every one sealed, none readable without the
// unseal key that stays outside the store.
import type { ClusterId, EpochMs } from "../base/ids.ts";

/**
 * Written once, by the first leader that holds an unseal key.
 *
 * unseal key ─seals─► root key ─seals─► key material, fingerprint key, page token key.
 */
export interface KeyringRecord {
  /** Names this sealing of the root key; bound into it. */
  readonly sealId: string;
  /** Tells a wrong unseal key from a damaged record, before anything is opened. */
  readonly unsealCommitment: Uint8Array;
  readonly sealedRootKey: Uint8Array;
  readonly sealedFingerprintKey: Uint8Array;
  readonly sealedPageTokenKey: Uint8Array;
  /** The region's default key, `alias/aws/secretsmanager`. */
  readonly defaultKey: KmsKeyRecord;
  /**
   * The cluster whose id everything was sealed with, and goes on being sealed with. Absent: the one
   * the record is in. Present where a backup was restored or a survivor went on alone.
   */
  readonly sealedIn?: ClusterId;
}

/** One KMS-like key: versions of material, of which the last seals and all open. */
export interface KmsKeyRecord {
  readonly keyId: string;
  readonly createdAt: EpochMs;
  readonly versions: readonly KmsKeyVersion[];
}

export interface KmsKeyVersion {
  /** 1 for the first; ascending. */
  readonly version: number;
  readonly createdAt: EpochMs;
  readonly sealedMaterial: Uint8Array;
}

/** The alias under which AWS knows the key that a secret without a key of its own uses. */
export const defaultKeyAlias = "alias/aws/secretsmanager";
