// How the parts that commands and rows share are written down and read back. Absence is kept apart
// from emptiness everywhere: a secret never tagged is not one whose last tag was removed.
import { storedSecretArn } from "../base/arn.ts";
import { clusterId, epochMs } from "../base/ids.ts";
import type { KeyringRecord } from "../keys/keyring-record.ts";
import type { NoteAccesses } from "../secrets/commands/note-accesses.ts";
import type {
  NewVersion,
  SealedValue,
  SecretLimits,
  SecretTarget,
  Tag,
  ValueKind,
} from "../secrets/secret.ts";
import {
  counterOf,
  internal,
  MalformedBytesError,
  present,
  type Fields,
} from "./internal-codec.ts";

type Maybe<Field> = Field | null | undefined;

/** The day something was read, as the member that a record has only once it was. */
export function accessedDayFrom(field: Maybe<number>): { readonly accessedDay?: number } {
  if (field === null || field === undefined) return {};
  return { accessedDay: counterOf(field, "the day of a read") };
}

/** A string field of proto3 without presence: absent is the empty string. */
export function textOr(field: Maybe<string>): string {
  return field ?? "";
}

/** An optional string field. */
export function optionalText(field: Maybe<string>): string | undefined {
  return field ?? undefined;
}

export function bytesOr(field: Maybe<Uint8Array>): Uint8Array {
  return field ?? new Uint8Array();
}

export function targetTo({ name, arn }: SecretTarget): Fields<"SecretTarget"> {
  return { name, arn };
}

export function targetFrom(field: Maybe<Fields<"SecretTarget">>): SecretTarget {
  const target = present(field, "the target of a command");
  return { name: textOr(target.name), arn: storedSecretArn(textOr(target.arn)) };
}

export function accessesTo({ day, reads }: NoteAccesses): Fields<"NoteAccesses"> {
  return {
    day,
    reads: reads.map((read) => ({ target: targetTo(read), versionIds: [...read.versionIds] })),
  };
}

export function accessesFrom(field: Maybe<Fields<"NoteAccesses">>): NoteAccesses {
  const { day, reads } = present(field, "a command");
  return {
    kind: "note_accesses",
    day: counterOf(day, "a day"),
    reads: (reads ?? []).map(({ target, versionIds }) => ({
      ...targetFrom(target),
      versionIds: versionIds ?? [],
    })),
  };
}

export function limitsFrom(field: Maybe<Fields<"SecretLimits">>): SecretLimits {
  return {
    versions: counterOf(field?.versions, "a limit of versions"),
    labels: counterOf(field?.labels, "a limit of labels"),
    tags: counterOf(field?.tags, "a limit of tags"),
  };
}

export function tagsTo(tags: readonly Tag[] | undefined): Fields<"Tags"> | undefined {
  return tags === undefined ? undefined : { tags: [...tags] };
}

export function tagsFrom(field: Maybe<Fields<"Tags">>): readonly Tag[] | undefined {
  return field === null || field === undefined ? undefined : tagListFrom(field.tags);
}

export function tagListFrom(field: Maybe<readonly Fields<"Tag">[]>): readonly Tag[] {
  return (field ?? []).map((tag) => ({ key: textOr(tag.key), value: textOr(tag.value) }));
}

export function sealedValueTo(value: SealedValue): Fields<"SealedValue"> {
  const { sealedValue, sealedDataKey } = value;
  return { kind: valueKindTo[value.kind], sealedValue, sealedDataKey };
}

export function sealedValueFrom(field: Maybe<Fields<"SealedValue">>): SealedValue {
  const value = present(field, "a sealed value");
  return {
    kind: valueKindFrom(value.kind),
    sealedValue: bytesOr(value.sealedValue),
    sealedDataKey: bytesOr(value.sealedDataKey),
  };
}

export function newVersionTo(version: NewVersion | undefined): Fields<"NewVersion"> | undefined {
  if (version === undefined) return undefined;
  const { versionId, keyRef, fingerprint, value } = version;
  return { versionId, keyRef, fingerprint, value: sealedValueTo(value) };
}

export function newVersionFrom(field: Fields<"NewVersion">): NewVersion {
  return {
    versionId: textOr(field.versionId),
    keyRef: textOr(field.keyRef),
    fingerprint: bytesOr(field.fingerprint),
    value: sealedValueFrom(field.value),
  };
}

export function optionalVersionFrom(field: Maybe<Fields<"NewVersion">>): NewVersion | undefined {
  return field === null || field === undefined ? undefined : newVersionFrom(field);
}

export function keyringTo(keyring: KeyringRecord): Fields<"Keyring"> {
  const { defaultKey, ...fields } = keyring;
  return {
    ...fields,
    defaultKey: {
      keyId: defaultKey.keyId,
      createdAtMs: defaultKey.createdAt,
      versions: defaultKey.versions.map(({ version, createdAt, sealedMaterial }) => ({
        version,
        createdAtMs: createdAt,
        sealedMaterial,
      })),
    },
  };
}

export function keyringFrom(field: Maybe<Fields<"Keyring">>): KeyringRecord {
  const keyring = present(field, "a keyring");
  const key = present(keyring.defaultKey, "a region's default key");
  return {
    sealId: textOr(keyring.sealId),
    unsealCommitment: bytesOr(keyring.unsealCommitment),
    sealedRootKey: bytesOr(keyring.sealedRootKey),
    sealedFingerprintKey: bytesOr(keyring.sealedFingerprintKey),
    sealedPageTokenKey: bytesOr(keyring.sealedPageTokenKey),
    defaultKey: {
      keyId: textOr(key.keyId),
      createdAt: epochMs(counterOf(key.createdAtMs, "a key's creation")),
      versions: (key.versions ?? []).map((version) => ({
        version: counterOf(version.version, "a key version"),
        createdAt: epochMs(counterOf(version.createdAtMs, "a key version's creation")),
        sealedMaterial: bytesOr(version.sealedMaterial),
      })),
    },
    ...(keyring.sealedIn ? { sealedIn: clusterId(keyring.sealedIn) } : {}),
  };
}

const valueKindTo: Readonly<Record<ValueKind, NonNullable<Fields<"SealedValue">["kind"]>>> = {
  string: internal.ValueKind.VALUE_KIND_STRING,
  binary: internal.ValueKind.VALUE_KIND_BINARY,
};

function valueKindFrom(field: Fields<"SealedValue">["kind"]): ValueKind {
  if (field === internal.ValueKind.VALUE_KIND_STRING) return "string";
  if (field === internal.ValueKind.VALUE_KIND_BINARY) return "binary";
  throw new MalformedBytesError("Cannot read a sealed value: its kind is not known");
}
