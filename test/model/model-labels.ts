// The rules of semantics.md 3.3.1, one after the other.
import { dayMs, type ModelLimits, type ModelSecret, type ModelVersion } from "./model-state.ts";
import { refusals } from "./model-texts.ts";

type Labels = ModelSecret["labels"];

/** A new version comes: rows 1 to 9, 11 and 12, and the quotas of 3.2 and 3.3. */
export function addVersion(
  secret: ModelSecret,
  version: ModelVersion,
  stages: readonly string[] | undefined,
  limits: ModelLimits,
): void {
  const labels: Labels = new Map(secret.labels);
  const former = labels.get("AWSCURRENT");
  for (const label of stages ?? []) labels.set(label, version.id);
  // Rows 1, 2, 4, 5: without stages it becomes current. Row 3: so does the first one of all.
  if (stages === undefined || former === undefined) labels.set("AWSCURRENT", version.id);
  if (former !== undefined && labels.get("AWSCURRENT") !== former) {
    // Row 11: a value that becomes current takes AWSPENDING off the former current one.
    if (labels.get("AWSPENDING") === former) labels.delete("AWSPENDING");
    labels.set("AWSPREVIOUS", former);
  }
  checkLabels(secret, labels, limits);

  const versions = pruned([...secret.versions, version], labels, limits);
  if (versions.length > limits.versions) throw refusals.limit();
  secret.versions = versions;
  secret.labels = labels;
  secret.changedAt = version.createdAt;
}

/** 3.2: unlabelled ones make room beyond the quota, oldest first, none of them within a day. */
function pruned(versions: ModelVersion[], labels: Labels, limits: ModelLimits): ModelVersion[] {
  const now = versions.at(-1)?.createdAt ?? 0;
  const left = [...versions];
  for (const old of versions) {
    const isLabelled = [...labels.values()].includes(old.id);
    const isOld = now - old.createdAt >= dayMs;
    if (left.length > limits.versions && !isLabelled && isOld) left.splice(left.indexOf(old), 1);
  }
  return left;
}

export interface LabelMove {
  readonly label: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** UpdateSecretVersionStage: rows 10, 13 to 15. */
export function moveLabel(secret: ModelSecret, move: LabelMove, limits: ModelLimits): void {
  checkMove(secret, move);
  const { label, to } = move;
  const holder = secret.labels.get(label);
  const labels: Labels = new Map(secret.labels);
  if (to === undefined) labels.delete(label);
  else labels.set(label, to);
  if (label === "AWSCURRENT" && holder !== undefined && holder !== to) {
    labels.set("AWSPREVIOUS", holder);
  }
  checkLabels(secret, labels, limits);
  secret.labels = labels;
}

/** The table of 5.11. */
function checkMove(secret: ModelSecret, { label, from, to }: LabelMove): void {
  const ids = [from, to].filter((id) => id !== undefined);
  if (ids.length === 0) throw refusals.parameter();
  for (const id of ids) {
    if (!hasVersion(secret, id)) throw refusals.stageVersion(id);
  }
  const holder = secret.labels.get(label);
  if (from !== undefined && from !== holder) throw refusals.parameter();
  if (from === undefined) checkFree(label, holder, to);
  if (to === undefined && label === "AWSCURRENT") throw refusals.parameter();
}

function checkFree(label: string, holder: string | undefined, to: string | undefined): void {
  if (holder !== undefined && holder !== to) throw refusals.holder(label, holder);
}

/** 3.3: twenty on all versions together; one that only moves is no more than there were. */
function checkLabels(secret: ModelSecret, labels: Labels, limits: ModelLimits): void {
  if (labels.size > limits.labels && labels.size > secret.labels.size) throw refusals.limit();
}

export function hasVersion(secret: ModelSecret, id: string): boolean {
  return secret.versions.some((version) => version.id === id);
}

/** The labels on one version. */
export function labelsOn(secret: ModelSecret, id: string): string[] {
  return [...secret.labels].flatMap(([label, holder]) => (holder === id ? [label] : []));
}
