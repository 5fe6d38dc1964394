// The region's open keys and what they do: seal values, open them, tell retries from other values,
// and keep page tokens honest. The keys never leave this object.
import { createHmac } from "node:crypto";
import { inspect } from "node:util";
import { assert } from "../base/assert.ts";
import type { SecretArn } from "../base/arn.ts";
import type { Entropy } from "../base/entropy.ts";
import { Plaintext } from "../base/plaintext.ts";
import { contextOf, u32be } from "./context.ts";
import type { KeyringHome } from "./keyring-fields.ts";
import { OpenError } from "./open-error.ts";
import { purposes } from "./purpose.ts";
import { keyRefOf, open, seal } from "./sealed-blob.ts";
import { keyBytes, SecretKey } from "./secret-key.ts";
import { pad, unpad } from "./value-padding.ts";

/** The version a value belongs to. Bound into it: it opens nowhere else. */
export interface ValueHome {
  readonly arn: SecretArn;
  readonly versionId: string;
  readonly kind: "string" | "binary";
}

/** What a fingerprint is bound to: the name, since a retried CreateSecret plans another ARN. */
export interface FingerprintHome {
  readonly name: string;
  readonly versionId: string;
  readonly kind: "string" | "binary";
}

export interface SealedVersion {
  /** The key version that wraps the data key: `<key id>#<version>`. */
  readonly keyRef: string;
  readonly sealedValue: Uint8Array;
  readonly sealedDataKey: Uint8Array;
}

/** What the keyring is made of once it is open. It takes the keys over. */
export interface OpenKeys {
  readonly defaultKeyId: string;
  /** Key material by key reference; the last seals, all open. */
  readonly material: ReadonlyMap<string, SecretKey>;
  readonly fingerprintKey: SecretKey;
  readonly pageTokenKey: SecretKey;
}

const pageTokenKeyRef = "page-token#1";

export class Keyring implements Disposable {
  readonly #home: KeyringHome;
  readonly #keys: OpenKeys;
  readonly #entropy: Entropy;

  constructor(home: KeyringHome, keys: OpenKeys, entropy: Entropy) {
    assert(keys.material.size > 0, "a key has a version");
    this.#home = home;
    this.#keys = keys;
    this.#entropy = entropy;
  }

  /** The region's default key, `alias/aws/secretsmanager`. */
  get defaultKeyId(): string {
    return this.#keys.defaultKeyId;
  }

  /** Seals a value under a fresh data key of its own, and that under the default key. */
  sealValue(home: ValueHome, plaintext: Plaintext): SealedVersion {
    const [keyRef, material] = [...this.#keys.material].at(-1) ?? [];
    assert(keyRef !== undefined && material !== undefined, "a key has a version");

    using dataKey = SecretKey.take(this.#entropy.bytes(keyBytes));
    const context = this.#valueContext(home, keyRef);
    using padded = Plaintext.take(pad(plaintext.reveal()));
    return {
      keyRef,
      sealedValue: seal(
        { key: dataKey, keyRef, context, plaintext: padded.reveal() },
        this.#entropy,
      ),
      sealedDataKey: seal(
        {
          key: material,
          keyRef,
          context: this.#dataKeyContext(home, keyRef),
          plaintext: dataKey.reveal(),
        },
        this.#entropy,
      ),
    };
  }

  /**
   * Opens a value of the version it was sealed for. Throws `OpenError`, whatever the bytes are.
   *
   * The value keeps the key reference it was sealed with; the data key may since have been sealed
   * again under a newer version, so each blob's own reference is asked.
   */
  openValue(
    home: ValueHome,
    sealed: Pick<SealedVersion, "sealedValue" | "sealedDataKey">,
  ): Plaintext {
    const dataKeyRef = keyRefOf(sealed.sealedDataKey);
    const material = this.#keys.material.get(dataKeyRef);
    if (material === undefined) throw new OpenError("not_authentic");

    using dataKey = openKey(material, this.#dataKeyContext(home, dataKeyRef), sealed.sealedDataKey);
    const context = this.#valueContext(home, keyRefOf(sealed.sealedValue));
    using padded = Plaintext.take(open(dataKey, context, sealed.sealedValue));
    return Plaintext.take(unpad(padded.reveal()));
  }

  /** A keyed digest: the same for the same value of the same version, useless without the key. */
  fingerprint(home: FingerprintHome, plaintext: Plaintext): Uint8Array {
    const value = plaintext.reveal();
    const context = contextOf(purposes.fingerprint, [home.name, home.versionId, home.kind]);
    const digest = createHmac("sha256", this.#keys.fingerprintKey.reveal())
      .update(context)
      .update(u32be(value.length))
      .update(value)
      .digest();
    return Uint8Array.from(digest);
  }

  /** Base64url, so that it survives every wire. */
  sealPageToken(content: Uint8Array): string {
    const blob = seal(
      {
        key: this.#keys.pageTokenKey,
        keyRef: pageTokenKeyRef,
        context: this.#pageTokenContext(),
        plaintext: content,
      },
      this.#entropy,
    );
    return Buffer.from(blob).toString("base64url");
  }

  /** Throws `OpenError` for anything that `sealPageToken` of this region did not make. */
  openPageToken(token: string): Uint8Array {
    // Buffer skips what it cannot read: two texts for one token would be one too many.
    const blob = Buffer.from(token, "base64url");
    if (blob.toString("base64url") !== token) throw new OpenError("malformed");
    return open(this.#keys.pageTokenKey, this.#pageTokenContext(), blob);
  }

  toJSON(): string {
    return "[keyring]";
  }

  [inspect.custom](): string {
    return "[keyring]";
  }

  [Symbol.dispose](): void {
    for (const key of this.#keys.material.values()) key[Symbol.dispose]();
    this.#keys.fingerprintKey[Symbol.dispose]();
    this.#keys.pageTokenKey[Symbol.dispose]();
  }

  #valueContext({ arn, versionId, kind }: ValueHome, keyRef: string): Uint8Array {
    const { clusterId, region } = this.#home;
    const fields = [clusterId, region, arn, versionId, kind, ...keyIdAndVersion(keyRef)];
    return contextOf(purposes.secretValue, fields);
  }

  #dataKeyContext({ arn, versionId }: ValueHome, keyRef: string): Uint8Array {
    const { clusterId, region } = this.#home;
    const fields = [clusterId, region, arn, versionId, ...keyIdAndVersion(keyRef)];
    return contextOf(purposes.dataKey, fields);
  }

  #pageTokenContext(): Uint8Array {
    return contextOf(purposes.pageToken, [this.#home.clusterId, this.#home.region]);
  }
}

/** Opens a sealed key. Throws `OpenError`, also when what was sealed is not a key. */
export function openKey(key: SecretKey, context: Uint8Array, blob: Uint8Array): SecretKey {
  const opened = open(key, context, blob);
  if (opened.length === keyBytes) return SecretKey.take(opened);
  opened.fill(0);
  throw new OpenError("malformed");
}

export function keyRefFor(keyId: string, version: number): string {
  return `${keyId}#${version}`;
}

/** Two fields always; a reference in another form gives a context that nothing was sealed with. */
function keyIdAndVersion(keyRef: string): readonly [string, string] {
  const at = keyRef.lastIndexOf("#");
  if (at === -1) return [keyRef, ""];
  return [keyRef.slice(0, at), keyRef.slice(at + 1)];
}
