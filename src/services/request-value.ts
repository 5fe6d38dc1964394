// The value in a request, from the wire to the seal: in the clear only inside a `using`.
import type { SecretArn } from "../base/arn.ts";
import { utf8 } from "../base/bytes.ts";
import { refuseCall } from "../base/errors.ts";
import { Plaintext } from "../base/plaintext.ts";
import type { Keyring } from "../crypto/keyring.ts";
import type { NewVersion, ValueKind, VersionId } from "../secrets/secret.ts";

/** The members that carry a value. A string cannot be wiped; bytes are. */
export interface ValueMembers {
  readonly secretString?: string | undefined;
  readonly secretBinary?: Uint8Array | undefined;
}

export interface RequestValue extends Disposable {
  readonly kind: ValueKind;
  readonly plaintext: Plaintext;
}

/** Takes the value over, if there is one. Throws `value_ambiguous` for two. */
export function takeValue(request: ValueMembers): RequestValue | undefined {
  const { secretString, secretBinary } = request;
  if (secretString !== undefined && secretBinary !== undefined) {
    throw refuseCall("value_ambiguous", {});
  }
  if (secretString !== undefined) return requestValue("string", utf8(secretString));
  if (secretBinary !== undefined) return requestValue("binary", secretBinary);
  return undefined;
}

/** The same, where a value has to be. Throws `value_missing` too. */
export function requireValue(request: ValueMembers): RequestValue {
  const value = takeValue(request);
  if (value === undefined) throw refuseCall("value_missing", {});
  return value;
}

/** The version a value is to become. */
export interface VersionHome {
  readonly name: string;
  readonly arn: SecretArn;
  readonly versionId: VersionId;
}

/** Seals the value for its version, with the digest that tells a retry from another value. */
export function sealVersion(
  keyring: Keyring,
  { name, arn, versionId }: VersionHome,
  { kind, plaintext }: RequestValue,
): NewVersion {
  const { keyRef, sealedValue, sealedDataKey } = keyring.sealValue(
    { arn, versionId, kind },
    plaintext,
  );
  return {
    versionId,
    keyRef,
    fingerprint: keyring.fingerprint({ name, versionId, kind }, plaintext),
    value: { kind, sealedValue, sealedDataKey },
  };
}

function requestValue(kind: ValueKind, bytes: Uint8Array): RequestValue {
  const plaintext = Plaintext.take(bytes);
  return {
    kind,
    plaintext,
    [Symbol.dispose]: () => {
      plaintext[Symbol.dispose]();
    },
  };
}
