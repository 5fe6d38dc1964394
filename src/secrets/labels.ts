// How staging labels move. Every rule is here; commands only say what happened.
import type { Refusal } from "../base/errors.ts";
import { accept, refuse, type Outcome } from "../base/outcome.ts";
import {
  currentLabel,
  pendingLabel,
  previousLabel,
  type SecretRecord,
  type StagingLabel,
  type VersionId,
} from "./secret.ts";

/** Where each label is; see `SecretRecord.labels` for what always holds. */
export type Labels = SecretRecord["labels"];

/** What happened to the versions of one secret. */
export type LabelEvent = ValueWritten | StageUpdated;

/** A new version is about to exist. */
export interface ValueWritten {
  readonly kind: "value_written";
  readonly versionId: VersionId;
  /** Absent: the new version becomes the current one. */
  readonly stages: readonly StagingLabel[] | undefined;
}

/** A caller moves one label by hand (AWS: UpdateSecretVersionStage). */
export interface StageUpdated {
  readonly kind: "stage_updated";
  readonly label: StagingLabel;
  readonly removeFrom: VersionId | undefined;
  readonly moveTo: VersionId | undefined;
}

/**
 * Says where the labels are after an event.
 *
 * AWSPREVIOUS always follows AWSCURRENT: the version that AWSCURRENT leaves gets it, whatever else
 * was asked for. All other labels stay where they are unless the event names them, with one
 * exception: a *value* that takes over AWSCURRENT also takes AWSPENDING off the version that had
 * it, while a move by hand leaves AWSPENDING alone (both recorded from AWS).
 *
 * `limit` bounds the labels of all versions together, those that move by themselves included. A
 * secret that is over it already, because the limit was lowered, may still move what it has.
 *
 * Refuses `too_many_labels`; of a move by hand also `label_change_missing`, `version_not_found`,
 * `label_not_held`, `label_holder_required` and `current_label_required`.
 */
export function moveLabels(
  secret: Pick<SecretRecord, "versions" | "labels">,
  event: LabelEvent,
  limit: number,
): Outcome<Labels, undefined> {
  const moved =
    event.kind === "value_written"
      ? accept(labelsAfterWrite(secret.labels, event), undefined)
      : labelsAfterUpdate(secret, event);
  if (!moved.ok) return moved;
  const count = moved.state.size;
  if (count > limit && count > secret.labels.size) return refuse("too_many_labels", { limit });
  return moved;
}

/** The labels on one version, sorted: AWS promises no order, and a stable one is easier to read. */
export function labelsOn(labels: Labels, versionId: VersionId): readonly StagingLabel[] {
  return [...labels].flatMap(([label, holder]) => (holder === versionId ? [label] : [])).sort();
}

/** The versions that carry a label. The others are deprecated and may be pruned. */
export function labelledVersions(labels: Labels): ReadonlySet<VersionId> {
  return new Set(labels.values());
}

function labelsAfterWrite(before: Labels, { versionId, stages }: ValueWritten): Labels {
  const after = new Map(before);
  const former = before.get(currentLabel);
  for (const label of stages ?? []) after.set(label, versionId);

  // A secret with a version always has a current one, even if the caller named other labels only.
  const becomesCurrent =
    stages === undefined || stages.includes(currentLabel) || former === undefined;
  if (!becomesCurrent) return after;
  if (after.get(pendingLabel) === former) after.delete(pendingLabel);
  makeCurrent(after, former, versionId);
  return after;
}

function labelsAfterUpdate(
  secret: Pick<SecretRecord, "versions" | "labels">,
  event: StageUpdated,
): Outcome<Labels, undefined> {
  const refusal = versionRefusal(secret, event) ?? holderRefusal(secret.labels, event);
  if (refusal !== undefined) return { ok: false, refusal };

  const { label, moveTo } = event;
  const after = new Map(secret.labels);
  if (moveTo === undefined) after.delete(label);
  else if (label === currentLabel) makeCurrent(after, secret.labels.get(label), moveTo);
  else after.set(label, moveTo);
  return accept(after, undefined);
}

function versionRefusal(
  { versions }: Pick<SecretRecord, "versions">,
  { removeFrom, moveTo }: StageUpdated,
): Refusal | undefined {
  const named = [removeFrom, moveTo].filter((versionId) => versionId !== undefined);
  if (named.length === 0) return { code: "label_change_missing", facts: {} };
  const unknown = named.find((versionId) => !versions.has(versionId));
  return unknown === undefined
    ? undefined
    : { code: "version_not_found", facts: { versionId: unknown } };
}

/** A label is only taken from a version that the caller named: nobody moves one by mistake. */
function holderRefusal(
  labels: Labels,
  { label, removeFrom, moveTo }: StageUpdated,
): Refusal | undefined {
  const holder = labels.get(label);
  if (removeFrom === undefined) {
    const isFree = holder === undefined || holder === moveTo;
    if (isFree) return undefined;
    return { code: "label_holder_required", facts: { label, versionId: holder } };
  }
  if (removeFrom !== holder) {
    return { code: "label_not_held", facts: { label, versionId: removeFrom } };
  }
  if (moveTo === undefined && label === currentLabel) {
    return { code: "current_label_required", facts: {} };
  }
  return undefined;
}

function makeCurrent(
  labels: Map<StagingLabel, VersionId>,
  former: VersionId | undefined,
  versionId: VersionId,
): void {
  labels.set(currentLabel, versionId);
  if (former !== undefined && former !== versionId) labels.set(previousLabel, former);
}
