// A new version of a secret: told from a retry, labelled, and room made for it.
import { hasSameBytes } from "../base/bytes.ts";
import type { EpochMs } from "../base/ids.ts";
import { accept, refuse, type Outcome } from "../base/outcome.ts";
import { labelledVersions, moveLabels, type Labels } from "./labels.ts";
import { pruneAgeMs } from "./limits.ts";
import type {
  NewVersion,
  SecretChange,
  SecretLimits,
  SecretRecord,
  StagingLabel,
  VersionId,
  VersionRecord,
} from "./secret.ts";

export interface ValueWrite {
  readonly version: NewVersion;
  /** Absent: move AWSCURRENT here. */
  readonly stages: readonly StagingLabel[] | undefined;
  readonly limits: SecretLimits;
}

/** A change that leaves the secret in place. */
export interface WrittenValue extends SecretChange {
  readonly secret: SecretRecord;
}

/**
 * What a client request token is to a secret: new, a retry of what it did before, or a clash.
 *
 * Content is compared by its keyed digest; nothing is opened. No content at all is never a retry.
 */
export function tokenUse(
  secret: SecretRecord,
  token: VersionId,
  content: Pick<NewVersion, "fingerprint"> | undefined,
): "unseen" | "retry" | "clash" {
  const existing = secret.versions.get(token);
  if (existing === undefined) return "unseen";
  if (content === undefined) return "clash";
  return hasSameBytes(existing.fingerprint, content.fingerprint) ? "retry" : "clash";
}

/**
 * Adds a version that the secret does not have, moves the labels and prunes what is too many.
 * Refuses `too_many_labels` and `too_many_versions`.
 */
export function writeValue(
  secret: SecretRecord,
  { version, stages, limits }: ValueWrite,
  at: EpochMs,
): Outcome<WrittenValue, undefined> {
  const { versionId, keyRef, fingerprint, value } = version;
  const moved = moveLabels(secret, { kind: "value_written", versionId, stages }, limits.labels);
  if (!moved.ok) return moved;

  const labels = moved.state;
  const versions = new Map(secret.versions);
  versions.set(versionId, { createdAt: at, keyRef, fingerprint });
  const dropValues = prunable({ versions, labels }, limits.versions, at);
  for (const dropped of dropValues) versions.delete(dropped);
  if (versions.size > limits.versions) {
    return refuse("too_many_versions", { limit: limits.versions });
  }

  const successor = { ...secret, changedAt: at, versions, labels };
  return accept({ secret: successor, putValues: [{ versionId, value }], dropValues }, undefined);
}

/**
 * The oldest versions without a label, as many as there are too many. None younger than a day: AWS
 * keeps those and refuses the write instead.
 */
function prunable(
  secret: { versions: ReadonlyMap<VersionId, VersionRecord>; labels: Labels },
  limit: number,
  at: EpochMs,
): readonly VersionId[] {
  const excess = secret.versions.size - limit;
  if (excess <= 0) return [];
  const labelled = labelledVersions(secret.labels);
  return [...secret.versions]
    .filter(([id, { createdAt }]) => !labelled.has(id) && at - createdAt >= pruneAgeMs)
    .slice(0, excess)
    .map(([id]) => id);
}
