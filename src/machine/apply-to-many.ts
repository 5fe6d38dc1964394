// Commands that concern many secrets: the same small change to each, in the order they are named.
// They refuse nothing: what does not fit a secret leaves that one alone.
import { unreachable } from "../base/assert.ts";
import { accept } from "../base/outcome.ts";
import { noteAccess, type NoteAccesses } from "../secrets/commands/note-accesses.ts";
import { purgeSecret, type PurgeSecrets } from "../secrets/commands/purge-secrets.ts";
import type { SecretChange, SecretRecord, SecretTarget } from "../secrets/secret.ts";
import { changedRows, countersAfter } from "./changed-rows.ts";
import type { Command, CommandOutcome } from "./command.ts";
import type { Counters, RowChange, StateView } from "./state-view.ts";

export type ManyCommand = NoteAccesses | PurgeSecrets;

export interface AppliedToMany {
  readonly changes: readonly RowChange[];
  readonly counters: Counters;
  readonly outcome: CommandOutcome;
}

export function isOfMany(command: Command): command is ManyCommand {
  return command.kind === "note_accesses" || command.kind === "purge_secrets";
}

export function applyToMany(
  view: StateView,
  command: ManyCommand,
  counters: Counters,
): AppliedToMany {
  const start = { view, counters };
  switch (command.kind) {
    case "note_accesses": {
      const { day, reads } = command;
      const changed = changeEach(start, reads, (secret, read) => noteAccess(secret, read, day));
      return { ...changed, outcome: accept(undefined, {}) };
    }
    case "purge_secrets": {
      const { lastAt } = counters;
      const changed = changeEach(start, command.targets, (secret, target) =>
        purgeSecret(secret, target, lastAt),
      );
      return { ...changed, outcome: accept(undefined, { purged: changed.changedCount }) };
    }
    default:
      return unreachable(command, "command kind");
  }
}

interface ChangedMany extends Pick<AppliedToMany, "changes" | "counters"> {
  readonly changedCount: number;
}

/** A secret that is named twice is met as the first time left it. */
function changeEach<Target extends SecretTarget>(
  { view, counters }: { readonly view: StateView; readonly counters: Counters },
  targets: readonly Target[],
  change: (secret: SecretRecord | undefined, target: Target) => SecretChange | undefined,
): ChangedMany {
  const left = new Map<string, SecretRecord | undefined>();
  const changes: RowChange[] = [];
  let counted = counters;
  let changedCount = 0;
  for (const target of targets) {
    const { name } = target;
    const before = left.has(name) ? left.get(name) : view.secret(name);
    const changed = change(before, target);
    if (changed === undefined) continue;
    left.set(name, changed.secret);
    changes.push(...changedRows({ name, before }, changed, counters.lastAt));
    counted = countersAfter(counted, before, changed.secret);
    changedCount += 1;
  }
  return { changes, counters: counted, changedCount };
}
