// UpdateSecretVersionStage: attach, move or detach one staging label.
import type { EpochMs } from "../../base/ids.ts";
import { accept, refuse, type Outcome } from "../../base/outcome.ts";
import { changeTo, identityOf, isTarget } from "../change.ts";
import { moveLabels } from "../labels.ts";
import type {
  SecretChange,
  SecretLimits,
  SecretRecord,
  SecretTarget,
  StagingLabel,
  VersionId,
} from "../secret.ts";

export interface UpdateVersionStage extends SecretTarget {
  readonly kind: "update_version_stage";
  readonly label: StagingLabel;
  readonly removeFrom: VersionId | undefined;
  readonly moveTo: VersionId | undefined;
  readonly limits: SecretLimits;
}

export type UpdateVersionStageReply = SecretTarget;

/** Refuses `secret_not_found`, `secret_deleted` and what moving a label by hand refuses. */
export function updateVersionStage(
  secret: SecretRecord | undefined,
  command: UpdateVersionStage,
  at: EpochMs,
): Outcome<SecretChange, UpdateVersionStageReply> {
  if (!isTarget(secret, command)) return refuse("secret_not_found", {});
  if (secret.deletion !== undefined) return refuse("secret_deleted", {});

  const { label, removeFrom, moveTo, limits } = command;
  const moved = moveLabels(
    secret,
    { kind: "stage_updated", label, removeFrom, moveTo },
    limits.labels,
  );
  if (!moved.ok) return moved;
  const labels = moved.state;
  const isSame = labels.get(label) === secret.labels.get(label);
  const successor = isSame ? secret : { ...secret, changedAt: at, labels };
  return accept(changeTo(successor), identityOf(secret));
}
