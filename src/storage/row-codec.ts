// State rows as bytes and back: the messages of records.proto. Equal records give equal bytes on
// every node, because everything in them has an order that the log decided.
import { epochMs } from "../base/ids.ts";
import { storedSecretArn } from "../base/arn.ts";
import type { KeyringRecord } from "../keys/keyring-record.ts";
import type { Counters } from "../machine/state-view.ts";
import type { PlannedDeletion, SealedValue, SecretRecord } from "../secrets/secret.ts";
import { counterOf, decodeAs, internal, type Fields } from "./internal-codec.ts";
import {
  accessedDayFrom,
  bytesOr,
  keyringFrom,
  keyringTo,
  optionalText,
  sealedValueFrom,
  sealedValueTo,
  tagsFrom,
  tagsTo,
  textOr,
} from "./message-fields.ts";

export function encodeSecret(secret: SecretRecord): Uint8Array {
  return internal.SecretRow.encode({
    name: secret.name,
    arn: secret.arn,
    order: secret.order,
    createdAtMs: secret.createdAt,
    changedAtMs: secret.changedAt,
    description: secret.description,
    type: secret.type,
    kmsKeyId: secret.kmsKeyId,
    tags: tagsTo(secret.tags),
    deletion: deletionTo(secret.deletion),
    versions: [...secret.versions].map(([versionId, version]) => ({
      versionId,
      createdAtMs: version.createdAt,
      keyRef: version.keyRef,
      fingerprint: version.fingerprint,
      accessedDay: version.accessedDay,
    })),
    labels: [...secret.labels].map(([label, versionId]) => ({ label, versionId })),
    creationToken: secret.creationToken,
    accessedDay: secret.accessedDay,
    hasResourcePolicy: secret.hasResourcePolicy,
  }).finish();
}

export function decodeSecret(bytes: Uint8Array): SecretRecord {
  const row = decodeAs(internal.SecretRow, bytes, "a secret's row");
  const creationToken = optionalText(row.creationToken);
  return {
    name: textOr(row.name),
    arn: storedSecretArn(textOr(row.arn)),
    order: counterOf(row.order, "a secret's order"),
    createdAt: epochMs(counterOf(row.createdAtMs, "a secret's creation")),
    changedAt: epochMs(counterOf(row.changedAtMs, "a secret's last change")),
    description: optionalText(row.description),
    type: optionalText(row.type),
    kmsKeyId: optionalText(row.kmsKeyId),
    tags: tagsFrom(row.tags),
    deletion: deletionFrom(row.deletion),
    versions: new Map(row.versions.map((version) => versionFrom(version))),
    labels: new Map(row.labels.map(({ label, versionId }) => [textOr(label), textOr(versionId)])),
    ...(creationToken !== undefined && { creationToken }),
    ...accessedDayFrom(row.accessedDay),
    ...(row.hasResourcePolicy === true && { hasResourcePolicy: true }),
  };
}

export function encodeValue(value: SealedValue): Uint8Array {
  return internal.SealedValue.encode(sealedValueTo(value)).finish();
}

export function decodeValue(bytes: Uint8Array): SealedValue {
  return sealedValueFrom(decodeAs(internal.SealedValue, bytes, "a value's row"));
}

export function encodePolicy(policy: string): Uint8Array {
  return internal.ResourcePolicyRow.encode({ policy }).finish();
}

export function decodePolicy(bytes: Uint8Array): string {
  return decodeAs(internal.ResourcePolicyRow, bytes, "a resource policy's row").policy;
}

export function encodeKeyring(keyring: KeyringRecord): Uint8Array {
  return internal.Keyring.encode(keyringTo(keyring)).finish();
}

export function decodeKeyring(bytes: Uint8Array): KeyringRecord {
  return keyringFrom(decodeAs(internal.Keyring, bytes, "the keyring's row"));
}

export function encodeCounters(counters: Counters): Uint8Array {
  const { lastAt, nextOrder, secretCount } = counters;
  return internal.CountersRow.encode({ lastAtMs: lastAt, nextOrder, secretCount }).finish();
}

export function decodeCounters(bytes: Uint8Array): Counters {
  const row = decodeAs(internal.CountersRow, bytes, "the counters' row");
  return {
    lastAt: epochMs(counterOf(row.lastAtMs, "the applied time")),
    nextOrder: counterOf(row.nextOrder, "the next order"),
    secretCount: counterOf(row.secretCount, "the count of secrets"),
  };
}

function versionFrom(row: Fields<"VersionRow">) {
  const version = {
    createdAt: epochMs(counterOf(row.createdAtMs, "a version's creation")),
    keyRef: textOr(row.keyRef),
    fingerprint: bytesOr(row.fingerprint),
    ...accessedDayFrom(row.accessedDay),
  };
  return [textOr(row.versionId), version] as const;
}

function deletionTo(deletion: PlannedDeletion | undefined): Fields<"PlannedDeletion"> | undefined {
  if (deletion === undefined) return undefined;
  return { requestedAtMs: deletion.requestedAt, scheduledForMs: deletion.scheduledFor };
}

function deletionFrom(
  row: Fields<"PlannedDeletion"> | null | undefined,
): PlannedDeletion | undefined {
  if (row === null || row === undefined) return undefined;
  return {
    requestedAt: epochMs(counterOf(row.requestedAtMs, "a deletion's request")),
    scheduledFor: epochMs(counterOf(row.scheduledForMs, "a deletion's date")),
  };
}
