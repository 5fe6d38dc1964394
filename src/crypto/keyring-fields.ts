// The sealed keys of a region as crypto makes and opens them. The replicated state has the same
// shape under its own name (keys/keyring-record.ts): neighbours do not import one another.
import type { ClusterId, EpochMs } from "../base/ids.ts";

export interface KeyringFields {
  readonly sealId: string;
  readonly unsealCommitment: Uint8Array;
  readonly sealedRootKey: Uint8Array;
  readonly sealedFingerprintKey: Uint8Array;
  readonly sealedPageTokenKey: Uint8Array;
  readonly defaultKey: {
    readonly keyId: string;
    readonly createdAt: EpochMs;
    readonly versions: readonly KeyVersionFields[];
  };
  /** The cluster id in every context, where it is not that of the cluster the record is in. */
  readonly sealedIn?: ClusterId;
}

export interface KeyVersionFields {
  readonly version: number;
  readonly createdAt: EpochMs;
  readonly sealedMaterial: Uint8Array;
}

/** What every context begins with: nothing sealed in one region opens in another. */
export interface KeyringHome {
  readonly clusterId: ClusterId;
  readonly region: string;
}

export type KeyringFailure = "wrong_unseal_key" | "damaged_record";

/** Why a keyring did not open. The record may be fine when the key is wrong: try the right one. */
export class KeyringError extends Error {
  override readonly name = "KeyringError";
  readonly failure: KeyringFailure;

  constructor(failure: KeyringFailure, options?: ErrorOptions) {
    super(sentences[failure], options);
    this.failure = failure;
  }
}

const sentences: Readonly<Record<KeyringFailure, string>> = {
  wrong_unseal_key: "Cannot open the keyring: the unseal key is not the one it was sealed with",
  damaged_record: "Cannot open the keyring: the unseal key fits, but the stored record is damaged",
};
