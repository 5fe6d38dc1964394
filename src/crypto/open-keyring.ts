// Making a region's keys and opening them: unseal key, root key, and what the root key seals.
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { Entropy } from "../base/entropy.ts";
import type { EpochMs } from "../base/ids.ts";
import { contextOf } from "./context.ts";
import { utf8 } from "../base/bytes.ts";
import {
  KeyringError,
  type KeyringFields,
  type KeyringHome,
  type KeyVersionFields,
} from "./keyring-fields.ts";
import { Keyring, keyRefFor, openKey } from "./keyring.ts";
import { OpenError } from "./open-error.ts";
import { purposes, type Purpose } from "./purpose.ts";
import { seal } from "./sealed-blob.ts";
import { keyBytes, SecretKey } from "./secret-key.ts";

const firstVersion = 1;
const unsealKeyRef = "unseal";
const rootKeyRef = "root#1";
const commitmentBytes = 32;

export interface NewKeyring extends KeyringHome {
  /** Stays the caller's. */
  readonly unsealKey: SecretKey;
  readonly now: EpochMs;
  readonly entropy: Entropy;
}

/** Draws every key a region begins with, and gives them back sealed: plain data for the log. */
export function createKeyring(options: NewKeyring): KeyringFields {
  const { unsealKey, now, entropy } = options;
  using rootKey = SecretKey.take(entropy.bytes(keyBytes));
  const sealId = entropy.uuid();
  const keyId = entropy.uuid();

  const sealFresh = (context: Uint8Array): Uint8Array => {
    using key = SecretKey.take(entropy.bytes(keyBytes));
    const plaintext = key.reveal();
    return seal({ key: rootKey, keyRef: rootKeyRef, context, plaintext }, entropy);
  };
  return {
    sealId,
    unsealCommitment: commitTo(unsealKey, sealId),
    sealedRootKey: seal(
      {
        key: unsealKey,
        keyRef: unsealKeyRef,
        context: homeContext(purposes.rootKey, options, [sealId]),
        plaintext: rootKey.reveal(),
      },
      entropy,
    ),
    sealedFingerprintKey: sealFresh(homeContext(purposes.fingerprintKey, options)),
    sealedPageTokenKey: sealFresh(homeContext(purposes.pageTokenKey, options)),
    defaultKey: {
      keyId,
      createdAt: now,
      versions: [
        {
          version: firstVersion,
          createdAt: now,
          sealedMaterial: sealFresh(materialContext(options, keyId, firstVersion)),
        },
      ],
    },
  };
}

export interface StoredKeyring extends KeyringHome {
  /** Stays the caller's. */
  readonly unsealKey: SecretKey;
  readonly record: KeyringFields;
  /** For what the keyring will seal. */
  readonly entropy: Entropy;
}

/** Throws `KeyringError`: a wrong unseal key is told apart from a damaged record. */
export function openKeyring(stored: StoredKeyring): Keyring {
  const { unsealKey, record } = stored;
  if (record.unsealCommitment.length !== commitmentBytes) throw new KeyringError("damaged_record");
  // Checked before anything is opened: a wrong key is common and must not look like damage.
  if (!timingSafeEqual(commitTo(unsealKey, record.sealId), record.unsealCommitment)) {
    throw new KeyringError("wrong_unseal_key");
  }
  // A key that opened before another failed is wiped; one that was handed to the keyring is not.
  const opened: SecretKey[] = [];
  try {
    return openAll(stored, opened);
  } catch (cause) {
    for (const key of opened) key[Symbol.dispose]();
    if (cause instanceof OpenError) throw new KeyringError("damaged_record", { cause });
    throw cause;
  }
}

function openAll(stored: StoredKeyring, opened: SecretKey[]): Keyring {
  const { unsealKey, record, entropy } = stored;
  const { keyId, versions } = record.defaultKey;
  if (versions.length === 0) throw new OpenError("malformed");

  const rootContext = homeContext(purposes.rootKey, stored, [record.sealId]);
  using rootKey = openKey(unsealKey, rootContext, record.sealedRootKey);
  const keep = (context: Uint8Array, blob: Uint8Array): SecretKey => {
    const key = openKey(rootKey, context, blob);
    opened.push(key);
    return key;
  };
  const openVersion = ({ version, sealedMaterial }: KeyVersionFields): [string, SecretKey] => [
    keyRefFor(keyId, version),
    keep(materialContext(stored, keyId, version), sealedMaterial),
  ];
  return new Keyring(
    { clusterId: stored.clusterId, region: stored.region },
    {
      defaultKeyId: keyId,
      material: new Map(versions.map(openVersion)),
      fingerprintKey: keep(
        homeContext(purposes.fingerprintKey, stored),
        record.sealedFingerprintKey,
      ),
      pageTokenKey: keep(homeContext(purposes.pageTokenKey, stored), record.sealedPageTokenKey),
    },
    entropy,
  );
}

/** Proves which unseal key a record was sealed with, without opening anything. */
function commitTo(unsealKey: SecretKey, sealId: string): Uint8Array {
  const context = contextOf(purposes.unsealCommitment, []);
  const key = new Uint8Array(
    hkdfSync("sha256", unsealKey.reveal(), new Uint8Array(0), context, keyBytes),
  );
  const digest = createHmac("sha256", key).update(utf8(sealId)).digest();
  key.fill(0);
  return Uint8Array.from(digest);
}

function homeContext(
  purpose: Purpose,
  { clusterId, region }: KeyringHome,
  more: readonly string[] = [],
): Uint8Array {
  return contextOf(purpose, [clusterId, region, ...more]);
}

function materialContext(home: KeyringHome, keyId: string, version: number): Uint8Array {
  return homeContext(purposes.keyMaterial, home, [keyId, String(version)]);
}
