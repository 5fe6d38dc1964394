// Which key a `KmsKeyId` means. There is one: the region's default key, under all of its names.
import type { RegionIdentity } from "../base/arn.ts";
import { refuseCall } from "../base/errors.ts";
import { defaultKeyAlias } from "../keys/keyring-record.ts";

const keyArnForm = /^arn:aws:kms:([a-z0-9-]+):/;

/**
 * Accepts the names of the default key: none, the empty string, the alias, the key id, and the ARN
 * of either (AWS: CreateSecret, KmsKeyId). Throws `kms_key_not_found` for every other, and
 * `kms_key_elsewhere` for an ARN of another region.
 */
export function requireDefaultKey(
  kmsKeyId: string | undefined,
  defaultKeyId: string,
  { region, account }: RegionIdentity,
): void {
  if (kmsKeyId === undefined || kmsKeyId === "") return;
  const arnPrefix = `arn:aws:kms:${region}:${account}:`;
  const names = [
    defaultKeyAlias,
    defaultKeyId,
    `${arnPrefix}${defaultKeyAlias}`,
    `${arnPrefix}key/${defaultKeyId}`,
  ];
  if (names.includes(kmsKeyId)) return;
  const [, keyRegion] = keyArnForm.exec(kmsKeyId) ?? [];
  if (keyRegion !== undefined && keyRegion !== region) {
    throw refuseCall("kms_key_elsewhere", { region: keyRegion });
  }
  throw refuseCall("kms_key_not_found", { keyId: kmsKeyId });
}
