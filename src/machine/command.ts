// Everything the log can carry, and what each comes to. A command is complete: whoever applies it
// needs no clock, no chance and no key.
import type { EpochMs } from "../base/ids.ts";
import type { Outcome } from "../base/outcome.ts";
import type { KeyringRecord } from "../keys/keyring-record.ts";
import type { CreateSecret, CreateSecretReply } from "../secrets/commands/create-secret.ts";
import type {
  DeleteResourcePolicy,
  DeleteResourcePolicyReply,
} from "../secrets/commands/delete-resource-policy.ts";
import type { DeleteSecret, DeleteSecretReply } from "../secrets/commands/delete-secret.ts";
import type { NoteAccesses, NoteAccessesReply } from "../secrets/commands/note-accesses.ts";
import type { PurgeSecrets, PurgeSecretsReply } from "../secrets/commands/purge-secrets.ts";
import type {
  PutResourcePolicy,
  PutResourcePolicyReply,
} from "../secrets/commands/put-resource-policy.ts";
import type { PutSecretValue, PutSecretValueReply } from "../secrets/commands/put-secret-value.ts";
import type { RestoreSecret, RestoreSecretReply } from "../secrets/commands/restore-secret.ts";
import type { TagResource, TagResourceReply } from "../secrets/commands/tag-resource.ts";
import type { UntagResource, UntagResourceReply } from "../secrets/commands/untag-resource.ts";
import type { UpdateSecret, UpdateSecretReply } from "../secrets/commands/update-secret.ts";
import type {
  UpdateVersionStage,
  UpdateVersionStageReply,
} from "../secrets/commands/update-version-stage.ts";

import type {
  AnnounceMember,
  AnnounceMemberReply,
  ChangeMembership,
  ChangeMembershipReply,
  CreateJoinToken,
  CreateJoinTokenReply,
} from "./membership.ts";

/** Gives the region its keys. The first one wins; a later one is answered with what is there. */
export interface InitializeKeys {
  readonly kind: "initialize_keys";
  readonly keyring: KeyringRecord;
}

export interface InitializeKeysReply {
  readonly keyring: KeyringRecord;
}

/** Each command with its reply: the one table from which the unions below are made. */
export interface CommandReplies {
  initialize_keys: [InitializeKeys, InitializeKeysReply];
  create_secret: [CreateSecret, CreateSecretReply];
  put_secret_value: [PutSecretValue, PutSecretValueReply];
  update_secret: [UpdateSecret, UpdateSecretReply];
  update_version_stage: [UpdateVersionStage, UpdateVersionStageReply];
  delete_secret: [DeleteSecret, DeleteSecretReply];
  restore_secret: [RestoreSecret, RestoreSecretReply];
  tag_resource: [TagResource, TagResourceReply];
  untag_resource: [UntagResource, UntagResourceReply];
  put_resource_policy: [PutResourcePolicy, PutResourcePolicyReply];
  delete_resource_policy: [DeleteResourcePolicy, DeleteResourcePolicyReply];
  note_accesses: [NoteAccesses, NoteAccessesReply];
  purge_secrets: [PurgeSecrets, PurgeSecretsReply];
  create_join_token: [CreateJoinToken, CreateJoinTokenReply];
  change_membership: [ChangeMembership, ChangeMembershipReply];
  announce_member: [AnnounceMember, AnnounceMemberReply];
}

export type CommandKind = keyof CommandReplies;
export type Command = CommandReplies[CommandKind][0];
export type Reply = CommandReplies[CommandKind][1];
export type ReplyTo<C extends Command> = CommandReplies[C["kind"]][1];

/** A command as it is proposed. */
export interface Envelope {
  /** The proposing leader's wall clock. Applied time never goes back: see apply.ts. */
  readonly at: EpochMs;
  readonly command: Command;
}

/** What a command came to: the reply, or the refusal. The rows it wrote are not told here. */
export type CommandOutcome<R = Reply> = Outcome<undefined, R>;
