// One committed command in, rows to write and one outcome out. Every node that applies the same log
// comes to the same rows: no clock, no chance, nothing but the view and the command.
import { unreachable } from "../base/assert.ts";
import type { EpochMs } from "../base/ids.ts";
import { accept, type Outcome } from "../base/outcome.ts";
import { createSecret } from "../secrets/commands/create-secret.ts";
import { deleteSecret } from "../secrets/commands/delete-secret.ts";
import { putSecretValue } from "../secrets/commands/put-secret-value.ts";
import { restoreSecret } from "../secrets/commands/restore-secret.ts";
import { tagResource } from "../secrets/commands/tag-resource.ts";
import { untagResource } from "../secrets/commands/untag-resource.ts";
import { updateSecret } from "../secrets/commands/update-secret.ts";
import { updateVersionStage } from "../secrets/commands/update-version-stage.ts";
import type { SecretChange, SecretRecord } from "../secrets/secret.ts";
import type { Command, CommandOutcome, Envelope, InitializeKeys, Reply } from "./command.ts";
import { changedRows } from "./changed-rows.ts";
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
  if (!isOfMembers(command)) return applyToSecret(view, command, counters);
  const applied = applyToMembers(view, command, counters.lastAt);
  return { ...applied, changes: [...applied.changes, ...countersRow(view, counters)] };
}

type SecretCommand = Exclude<Command, InitializeKeys | MembershipCommand>;

function applyToSecret(view: StateView, command: SecretCommand, counters: Counters): Applied {
  const { name } = command;
  const secret = view.secret(name);
  const outcome = run(secret, command, counters.lastAt, counters);
  if (!outcome.ok) return { changes: countersRow(view, counters), outcome };

  const changed = changedRows(name, secret, outcome.state);
  return {
    changes: [...changed, ...countersRow(view, count(counters, secret, outcome.state.secret))],
    outcome: accept(undefined, outcome.reply),
  };
}

function run(
  secret: SecretRecord | undefined,
  command: SecretCommand,
  at: EpochMs,
  counters: Counters,
): Outcome<SecretChange, Reply> {
  switch (command.kind) {
    case "create_secret":
      return createSecret(secret, command, at, counters);
    case "put_secret_value":
      return putSecretValue(secret, command, at);
    case "update_secret":
      return updateSecret(secret, command, at);
    case "update_version_stage":
      return updateVersionStage(secret, command, at);
    case "delete_secret":
      return deleteSecret(secret, command, at);
    case "restore_secret":
      return restoreSecret(secret, command, at);
    case "tag_resource":
      return tagResource(secret, command, at);
    case "untag_resource":
      return untagResource(secret, command, at);
    default:
      return unreachable(command, "command kind");
  }
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

function count(
  counters: Counters,
  before: SecretRecord | undefined,
  after: SecretRecord | undefined,
): Counters {
  const { lastAt, nextOrder, secretCount } = counters;
  if (before === undefined && after !== undefined) {
    return { lastAt, nextOrder: nextOrder + 1, secretCount: secretCount + 1 };
  }
  if (before !== undefined && after === undefined) {
    return { lastAt, nextOrder, secretCount: secretCount - 1 };
  }
  return counters;
}

function countersRow(view: StateView, counters: Counters): readonly RowChange[] {
  const before = view.counters();
  const isSame =
    before.lastAt === counters.lastAt &&
    before.nextOrder === counters.nextOrder &&
    before.secretCount === counters.secretCount;
  return isSame ? [] : [{ row: "counters", counters }];
}
