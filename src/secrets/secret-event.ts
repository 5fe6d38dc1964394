// What became of one secret, for whoever watches: names, versions and labels, never a value.
import type { SecretArn } from "../base/arn.ts";
import type { EpochMs } from "../base/ids.ts";
import type { SecretChange, SecretRecord, StagingLabel, Tag, VersionId } from "./secret.ts";

export type SecretEventKind =
  | "created"
  /** Labels moved, by a new version or by hand: what a reader of a label gets may be another. */
  | "value_changed"
  /** Description, key, tags, policy or other settings. */
  | "described"
  | "deletion_planned"
  | "restored"
  | "removed";

/** The secret as the change left it; for `removed`, as it was before. */
export interface SecretEvent {
  readonly kind: SecretEventKind;
  readonly name: string;
  readonly arn: SecretArn;
  /** When it happened, in the time of the state. */
  readonly at: EpochMs;
  readonly labels: ReadonlyMap<StagingLabel, VersionId>;
  readonly tags: readonly Tag[];
}

/** What a change is to whoever watches; nothing, if it changes nothing, or notes a read only. */
export function secretEventOf(
  before: SecretRecord | undefined,
  change: SecretChange,
  at: EpochMs,
): SecretEvent | undefined {
  const kind = kindOf(before, change);
  const shown = change.secret ?? before;
  if (kind === undefined || shown === undefined) return undefined;
  const { name, arn, labels, tags } = shown;
  return { kind, name, arn, at, labels, tags: tags ?? [] };
}

function kindOf(
  before: SecretRecord | undefined,
  change: SecretChange,
): SecretEventKind | undefined {
  const after = change.secret;
  if (before === undefined) return after === undefined ? undefined : "created";
  if (after === undefined) return "removed";
  if ((before.deletion === undefined) !== (after.deletion === undefined)) {
    return after.deletion === undefined ? "restored" : "deletion_planned";
  }
  if (change.putValues.length > 0 || !hasSameLabels(before, after)) return "value_changed";
  return isDescribed(before, change, after) ? "described" : undefined;
}

function hasSameLabels({ labels: one }: SecretRecord, { labels: other }: SecretRecord): boolean {
  return (
    one.size === other.size && [...one].every(([label, version]) => other.get(label) === version)
  );
}

/** Two changes may have one time, so the time alone does not tell. */
function isDescribed(before: SecretRecord, { policy }: SecretChange, after: SecretRecord): boolean {
  return (
    policy !== undefined ||
    (["changedAt", "description", "type", "kmsKeyId", "tags"] as const).some(
      (member) => before[member] !== after[member],
    )
  );
}
