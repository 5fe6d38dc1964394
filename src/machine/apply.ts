// One committed command in, rows to write and one outcome out. Every node that applies the same log
// comes to the same rows: no clock, no chance, nothing but the view and the command.
import { assert } from "../base/assert.ts";
import type { EpochMs } from "../base/ids.ts";
import { accept, type Outcome } from "../base/outcome.ts";
import { createSecret } from "../secrets/commands/create-secret.ts";
import { deleteResourcePolicy } from "../secrets/commands/delete-resource-policy.ts";
import { deleteSecret } from "../secrets/commands/delete-secret.ts";
import { putResourcePolicy } from "../secrets/commands/put-resource-policy.ts";
import { putSecretValue } from "../secrets/commands/put-secret-value.ts";
import { restoreSecret } from "../secrets/commands/restore-secret.ts";
import { tagResource } from "../secrets/commands/tag-resource.ts";
import { untagResource } from "../secrets/commands/untag-resource.ts";
import { updateSecret } from "../secrets/commands/update-secret.ts";
import { updateVersionStage } from "../secrets/commands/update-version-stage.ts";
import type { SecretChange, SecretRecord } from "../secrets/secret.ts";
import type { Command, CommandOutcome, Envelope, InitializeKeys, Reply } from "./command.ts";
import { applyToMany, isOfMany, type ManyCommand } from "./apply-to-many.ts";
import { changedRows, countersAfter } from "./changed-rows.ts";
import { applyToMembers, isOfMembers, type MembershipCommand } from "./membership.ts";
import type { Counters, RowChange, StateView } from "./state-view.ts";

export interface Applied {
  /** To be written together, or not at all. */
  readonly changes: readonly RowChange[];
  readonly outcome: CommandOutcome;
}

/**
 * Applies one command.
 *
 * Time never goes back: a command is applied at its own stamp or at the latest one before it,
 * whichever is later, so a new leader with a slow clock cannot undo a day. Every command moves that
 * time on, a refused one too: what it was refused at is history like anything else. Besides the
 * counters a refusal and a retry write nothing.
 *
 * Total: no content of a command makes it throw. A *kind* that this build does not know does, and
 * that halts the node, which must never skip what others apply.
 */
export function applyCommand(view: StateView, { at, command }: Envelope): Applied {
  const before = view.counters();
  const counters = { ...before, lastAt: at > before.lastAt ? at : before.lastAt };
  if (command.kind === "initialize_keys") return initializeKeys(view, command, counters);
  if (isOfMembers(command)) {
    const applied = applyToMembers(view, command, counters.lastAt);
    return { ...applied, changes: [...applied.changes, ...countersRow(view, counters)] };
  }
  if (!isOfMany(command)) return applyToSecret(view, command, counters);
  const applied = applyToMany(view, command, counters);
  return {
    changes: [...applied.changes, ...countersRow(view, applied.counters)],
    outcome: applied.outcome,
  };
}

type SecretCommand = Exclude<Command, InitializeKeys | MembershipCommand | ManyCommand>;

function applyToSecret(view: StateView, command: SecretCommand, counters: Counters): Applied {
  const { name } = command;
  const before = view.secret(name);
  const outcome = handlerOf(command)(before, command, counters.lastAt, counters);
  if (!outcome.ok) return { changes: countersRow(view, counters), outcome };

  const changed = changedRows({ name, before }, outcome.state, counters.lastAt);
  const counted = countersAfter(counters, before, outcome.state.secret);
  return {
    changes: [...changed, ...countersRow(view, counted)],
    outcome: accept(undefined, outcome.reply),
  };
}

type Handler<C> = (
  secret: SecretRecord | undefined,
  command: C,
  at: EpochMs,
  counters: Counters,
) => Outcome<SecretChange, Reply>;

const handlers: {
  readonly [Kind in SecretCommand["kind"]]: Handler<Extract<SecretCommand, { kind: Kind }>>;
} = {
  create_secret: createSecret,
  put_secret_value: putSecretValue,
  update_secret: updateSecret,
  update_version_stage: updateVersionStage,
  delete_secret: deleteSecret,
  restore_secret: restoreSecret,
  tag_resource: tagResource,
  untag_resource: untagResource,
  put_resource_policy: putResourcePolicy,
  delete_resource_policy: deleteResourcePolicy,
};

function handlerOf({ kind }: SecretCommand): Handler<SecretCommand> {
  assert(Object.hasOwn(handlers, kind), "the kind of a command is known");
  return handlers[kind] as Handler<SecretCommand>;
}

/** The first keys stay: whoever comes later is told what there is, and uses that. */
function initializeKeys(view: StateView, command: InitializeKeys, counters: Counters): Applied {
  const existing = view.keyring();
  const keyring = existing ?? command.keyring;
  const written: readonly RowChange[] =
    existing === undefined ? [{ row: "keyring", record: keyring }] : [];
  return {
    changes: [...written, ...countersRow(view, counters)],
    outcome: accept(undefined, { keyring }),
  };
}

function countersRow(view: StateView, counters: Counters): readonly RowChange[] {
  const before = view.counters();
  const isSame =
    before.lastAt === counters.lastAt &&
    before.nextOrder === counters.nextOrder &&
    before.secretCount === counters.secretCount;
  return isSame ? [] : [{ row: "counters", counters }];
}
