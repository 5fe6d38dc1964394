// UpdateSecretVersionStage: attach, move or detach one staging label.
import type { SecretLimits, SecretTarget, StagingLabel, VersionId } from "../secret.ts";

export interface UpdateVersionStage extends SecretTarget {
  readonly kind: "update_version_stage";
  readonly label: StagingLabel;
  readonly removeFrom: VersionId | undefined;
  readonly moveTo: VersionId | undefined;
  readonly limits: SecretLimits;
}

export type UpdateVersionStageReply = SecretTarget;
