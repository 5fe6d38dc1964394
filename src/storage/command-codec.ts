// A command as the payload of a log entry: a version byte, then the Envelope of log.proto. What
// this release cannot read stops the node; skipped, it would make this node's state another.
import { epochMs } from "../base/ids.ts";
import type { Command, CommandKind, Envelope } from "../machine/command.ts";
import { counterOf, decodeAs, internal, present, type Fields } from "./internal-codec.ts";
import {
  announcementFrom,
  announcementTo,
  changeFrom,
  changeTo,
  joinTokenFrom,
  joinTokenTo,
} from "./member-fields.ts";
import {
  accessesFrom,
  accessesTo,
  keyringFrom,
  keyringTo,
  limitsFrom,
  newVersionFrom,
  newVersionTo,
  optionalText,
  optionalVersionFrom,
  tagListFrom,
  tagsFrom,
  tagsTo,
  targetFrom,
  targetTo,
  textOr,
} from "./message-fields.ts";

/** Bumped, never reused. */
export const commandFormat = 1;

/** The entry was made by a release that knows more than this one. */
export class UnknownCommandError extends Error {
  override readonly name = "UnknownCommandError";
}

export function encodeEnvelope(envelope: Envelope): Uint8Array {
  const { command } = envelope;
  const encode = codecs[command.kind].encode as (command: Command) => Fields<"Envelope">;
  const body = internal.Envelope.encode({ atMs: envelope.at, ...encode(command) }).finish();
  const payload = new Uint8Array(1 + body.length);
  payload[0] = commandFormat;
  payload.set(body, 1);
  return payload;
}

/** Throws `UnknownCommandError` for a newer format or kind, `MalformedBytesError` for garbage. */
export function decodeEnvelope(payload: Uint8Array): Envelope {
  if (payload[0] !== commandFormat) {
    throw new UnknownCommandError(`Cannot apply a command of format ${payload[0] ?? "none"}`);
  }
  const message = decodeAs(internal.Envelope, payload.subarray(1), "a command");
  const field = message.command;
  if (field === undefined) throw new UnknownCommandError("Cannot apply a command of unknown kind");
  const at = epochMs(counterOf(message.atMs, "a command's time"));
  return { at, command: decoders[field](message) };
}

type CommandOf<Kind extends CommandKind> = Extract<Command, { kind: Kind }>;
type Decoded = ReturnType<typeof internal.Envelope.decode>;
type Field = NonNullable<Decoded["command"]>;

interface CommandCodec<Kind extends CommandKind> {
  readonly encode: (command: CommandOf<Kind>) => Fields<"Envelope">;
}

const codecs: { readonly [Kind in CommandKind]: CommandCodec<Kind> } = {
  initialize_keys: {
    encode: ({ keyring }) => ({ initializeKeys: { keyring: keyringTo(keyring) } }),
  },
  create_secret: {
    encode: (command) => ({
      createSecret: {
        target: targetTo(command),
        token: command.token,
        description: command.description,
        type: command.type,
        kmsKeyId: command.kmsKeyId,
        tags: tagsTo(command.tags),
        version: newVersionTo(command.version),
        limits: command.limits,
        regionSecretLimit: command.regionSecretLimit,
        keepsToken: command.keepsToken,
      },
    }),
  },
  put_secret_value: {
    encode: (command) => ({
      putSecretValue: {
        target: targetTo(command),
        version: newVersionTo(command.version),
        stages: command.stages === undefined ? undefined : { stages: [...command.stages] },
        limits: command.limits,
      },
    }),
  },
  update_secret: {
    encode: (command) => ({
      updateSecret: {
        target: targetTo(command),
        description: command.description,
        type: command.type,
        kmsKeyId: command.kmsKeyId,
        version: newVersionTo(command.version),
        limits: command.limits,
      },
    }),
  },
  update_version_stage: {
    encode: (command) => ({
      updateVersionStage: {
        target: targetTo(command),
        label: command.label,
        removeFrom: command.removeFrom,
        moveTo: command.moveTo,
        limits: command.limits,
      },
    }),
  },
  delete_secret: {
    encode: (command) => ({
      deleteSecret: {
        target: targetTo(command),
        recoveryWindowDays: command.recoveryWindowDays,
      },
    }),
  },
  restore_secret: {
    encode: (command) => ({ restoreSecret: { target: targetTo(command) } }),
  },
  tag_resource: {
    encode: (command) => ({
      tagResource: {
        target: targetTo(command),
        tags: [...command.tags],
        limits: command.limits,
      },
    }),
  },
  untag_resource: {
    encode: (command) => ({
      untagResource: { target: targetTo(command), tagKeys: [...command.tagKeys] },
    }),
  },
  put_resource_policy: {
    encode: (command) => ({
      putResourcePolicy: { target: targetTo(command), policy: command.policy },
    }),
  },
  delete_resource_policy: {
    encode: (command) => ({ deleteResourcePolicy: { target: targetTo(command) } }),
  },
  note_accesses: { encode: (command) => ({ noteAccesses: accessesTo(command) }) },
  purge_secrets: {
    encode: (command) => ({ purgeSecrets: { targets: command.targets.map(targetTo) } }),
  },
  create_join_token: { encode: (command) => ({ createJoinToken: joinTokenTo(command) }) },
  change_membership: { encode: (command) => ({ changeMembership: changeTo(command) }) },
  announce_member: { encode: (command) => ({ announceMember: announcementTo(command) }) },
};

const decoders: Readonly<Record<Field, (message: Decoded) => Command>> = {
  initializeKeys: ({ initializeKeys }) => ({
    kind: "initialize_keys",
    keyring: keyringFrom(initializeKeys?.keyring),
  }),
  createSecret: ({ createSecret }) => {
    const field = present(createSecret, "a command");
    const limit = field.regionSecretLimit ?? undefined;
    return {
      kind: "create_secret",
      ...targetFrom(field.target),
      token: textOr(field.token),
      description: optionalText(field.description),
      type: optionalText(field.type),
      kmsKeyId: optionalText(field.kmsKeyId),
      tags: tagsFrom(field.tags),
      version: optionalVersionFrom(field.version),
      limits: limitsFrom(field.limits),
      regionSecretLimit:
        limit === undefined ? undefined : counterOf(limit, "a region's limit of secrets"),
      ...(field.keepsToken === true && { keepsToken: true }),
    };
  },
  putSecretValue: ({ putSecretValue }) => {
    const field = present(putSecretValue, "a command");
    return {
      kind: "put_secret_value",
      ...targetFrom(field.target),
      version: newVersionFrom(present(field.version, "the version of a command")),
      stages: field.stages?.stages ?? (field.stages ? [] : undefined),
      limits: limitsFrom(field.limits),
    };
  },
  updateSecret: ({ updateSecret }) => {
    const field = present(updateSecret, "a command");
    return {
      kind: "update_secret",
      ...targetFrom(field.target),
      description: optionalText(field.description),
      type: optionalText(field.type),
      kmsKeyId: optionalText(field.kmsKeyId),
      version: optionalVersionFrom(field.version),
      limits: limitsFrom(field.limits),
    };
  },
  updateVersionStage: ({ updateVersionStage }) => {
    const field = present(updateVersionStage, "a command");
    return {
      kind: "update_version_stage",
      ...targetFrom(field.target),
      label: textOr(field.label),
      removeFrom: optionalText(field.removeFrom),
      moveTo: optionalText(field.moveTo),
      limits: limitsFrom(field.limits),
    };
  },
  deleteSecret: ({ deleteSecret }) => ({
    kind: "delete_secret",
    ...targetFrom(deleteSecret?.target),
    recoveryWindowDays: counterOf(deleteSecret?.recoveryWindowDays, "a recovery window"),
  }),
  restoreSecret: ({ restoreSecret }) => ({
    kind: "restore_secret",
    ...targetFrom(restoreSecret?.target),
  }),
  tagResource: ({ tagResource }) => ({
    kind: "tag_resource",
    ...targetFrom(tagResource?.target),
    tags: tagListFrom(tagResource?.tags),
    limits: limitsFrom(tagResource?.limits),
  }),
  untagResource: ({ untagResource }) => ({
    kind: "untag_resource",
    ...targetFrom(untagResource?.target),
    tagKeys: untagResource?.tagKeys ?? [],
  }),
  putResourcePolicy: ({ putResourcePolicy }) => ({
    kind: "put_resource_policy",
    ...targetFrom(putResourcePolicy?.target),
    policy: textOr(putResourcePolicy?.policy),
  }),
  deleteResourcePolicy: ({ deleteResourcePolicy }) => ({
    kind: "delete_resource_policy",
    ...targetFrom(deleteResourcePolicy?.target),
  }),
  noteAccesses: ({ noteAccesses }) => accessesFrom(noteAccesses),
  purgeSecrets: ({ purgeSecrets }) => ({
    kind: "purge_secrets",
    targets: (purgeSecrets?.targets ?? []).map(targetFrom),
  }),
  createJoinToken: ({ createJoinToken }) => joinTokenFrom(createJoinToken),
  changeMembership: ({ changeMembership }) => changeFrom(changeMembership),
  announceMember: ({ announceMember }) => announcementFrom(announceMember),
};
