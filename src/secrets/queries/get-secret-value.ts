// Which version GetSecretValue means. The sealed value is a row of its own, read afterwards.
import { accept, refuse, type Outcome } from "../../base/outcome.ts";
import { labelsOn } from "../labels.ts";
import {
  currentLabel,
  type SecretRecord,
  type StagingLabel,
  type VersionId,
  type VersionRecord,
} from "../secret.ts";

/** With neither, AWSCURRENT is meant; with both, they must agree. */
export interface VersionChoice {
  readonly versionId: VersionId | undefined;
  readonly label: StagingLabel | undefined;
}

export interface ChosenVersion {
  readonly versionId: VersionId;
  readonly version: VersionRecord;
  /** Sorted; empty for a deprecated version, which can still be read until it is pruned. */
  readonly labels: readonly StagingLabel[];
}

/**
 * Refuses `secret_deleted`, `version_not_found`, `label_not_on_version` and `label_not_found`.
 */
export function chooseVersion(
  secret: SecretRecord,
  { versionId, label }: VersionChoice,
): Outcome<undefined, ChosenVersion> {
  if (secret.deletion !== undefined) return refuse("secret_deleted", {});
  return versionId === undefined
    ? chooseByLabel(secret, label ?? currentLabel)
    : chooseById(secret, versionId, label);
}

function chooseById(
  secret: SecretRecord,
  versionId: VersionId,
  label: StagingLabel | undefined,
): Outcome<undefined, ChosenVersion> {
  const version = secret.versions.get(versionId);
  if (version === undefined) return refuse("version_not_found", { versionId });
  if (label !== undefined && secret.labels.get(label) !== versionId) {
    return refuse("label_not_on_version", {});
  }
  return accept(undefined, { versionId, version, labels: labelsOn(secret.labels, versionId) });
}

function chooseByLabel(
  secret: SecretRecord,
  label: StagingLabel,
): Outcome<undefined, ChosenVersion> {
  const versionId = secret.labels.get(label);
  const version = versionId === undefined ? undefined : secret.versions.get(versionId);
  if (versionId === undefined || version === undefined) return refuse("label_not_found", { label });
  return accept(undefined, { versionId, version, labels: labelsOn(secret.labels, versionId) });
}
