// Secrets for tests, written the way the reference table writes them: `v1[P] v2[C,N]`.
import { storedSecretArn } from "../../src/base/arn.ts";
import { utf8 } from "../../src/base/bytes.ts";
import { epochMs, type EpochMs } from "../../src/base/ids.ts";
import { labelsOn } from "../../src/secrets/labels.ts";
import { dayMs, defaultSecretLimits } from "../../src/secrets/limits.ts";
import type {
  NewVersion,
  SecretRecord,
  StagingLabel,
  VersionId,
  VersionRecord,
} from "../../src/secrets/secret.ts";

export const arn = storedSecretArn(
  "arn:aws:secretsmanager:us-east-1:000000000000:secret:db-abCD12",
);
export const otherArn = storedSecretArn(
  "arn:aws:secretsmanager:us-east-1:000000000000:secret:db-zzZZ99",
);
export const target = { name: "db", arn } as const;
export const limits = defaultSecretLimits;

export const noon = epochMs(1_700_000_000_000);
export const born = epochMs(noon - 10 * dayMs);

/** The moment `days` after the secret was made. */
export function daysLater(days: number): EpochMs {
  return epochMs(born + days * dayMs);
}

const shortNames: Readonly<Record<string, StagingLabel>> = {
  C: "AWSCURRENT",
  P: "AWSPREVIOUS",
  N: "AWSPENDING",
};

export function label(short: string): StagingLabel {
  return shortNames[short] ?? short;
}

export function labels(short: string): readonly StagingLabel[] {
  return short === "" ? [] : short.split(",").map(label);
}

/** A secret in the given state, all of its versions made when it was. `""` has no version. */
export function secretIn(notation: string, more: Partial<SecretRecord> = {}): SecretRecord {
  const versions = new Map<VersionId, VersionRecord>();
  const holders = new Map<StagingLabel, VersionId>();
  for (const part of notation.split(" ").filter((text) => text !== "")) {
    const [, versionId = "", held = ""] = /^(\w+)\[(.*)\]$/.exec(part) ?? [];
    versions.set(versionId, versionRecord(versionId));
    for (const one of labels(held)) holders.set(one, versionId);
  }
  return {
    ...target,
    order: 1,
    createdAt: born,
    changedAt: born,
    description: undefined,
    type: undefined,
    kmsKeyId: undefined,
    tags: undefined,
    deletion: undefined,
    versions,
    labels: holders,
    ...more,
  };
}

/** The state of a secret, as `secretIn` reads it. */
export function stateOf(secret: Pick<SecretRecord, "versions" | "labels">): string {
  return [...secret.versions.keys()]
    .map((versionId) => {
      const held = labelsOn(secret.labels, versionId).map(shorten).sort();
      return `${versionId}[${held.join(",")}]`;
    })
    .join(" ");
}

function shorten(long: StagingLabel): string {
  return Object.keys(shortNames).find((short) => shortNames[short] === long) ?? long;
}

export function versionRecord(content: string): VersionRecord {
  return { createdAt: born, keyRef: "key#1", fingerprint: utf8(content) };
}

/** A version whose content is its id, unless another is given. */
export function newVersion(versionId: VersionId, content: string = versionId): NewVersion {
  return {
    versionId,
    keyRef: "key#1",
    fingerprint: utf8(content),
    value: { kind: "string", sealedValue: utf8(`sealed ${content}`), sealedDataKey: utf8("key") },
  };
}

export const deletion = { requestedAt: born, scheduledFor: daysLater(30) };
