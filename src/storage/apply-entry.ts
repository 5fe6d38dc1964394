// One entry of the log into the state, whatever kind it is of: what the driver does, and whoever
// replays a log without one.
import { unreachable } from "../base/assert.ts";
import { applyCommand } from "../machine/apply.ts";
import type { CommandOutcome } from "../machine/command.ts";
import { leaveJointChanges } from "../machine/membership.ts";
import type { Entry } from "../raft/input.ts";
import { decodeEnvelope } from "./command-codec.ts";
import { CorruptionError } from "./corruption.ts";
import type { StateStore } from "./state-store.ts";

/**
 * Applies the entry after the last applied one. Gives what a command came to; nothing for an entry
 * that carries none.
 *
 * Throws `UnknownCommandError` for what a later release wrote, `MalformedBytesError` for garbage,
 * and `CorruptionError` for a change of the membership that the core was not told of: skipped, or
 * taken for something else, it would make this node's state another.
 */
export function applyEntry(state: StateStore, entry: Entry): CommandOutcome | undefined {
  const position = { index: entry.index, term: entry.term };
  switch (entry.kind) {
    case "empty":
      state.absorb([], position);
      return undefined;
    case "leave_joint":
      state.absorb(leaveJointChanges(state), position);
      return undefined;
    case "command":
    case "membership": {
      const envelope = decodeEnvelope(entry.payload);
      const isMembership = envelope.command.kind === "change_membership";
      if (isMembership !== (entry.kind === "membership")) {
        throw new CorruptionError(`log entry ${entry.index}`, "its command is of another kind");
      }
      const { changes, outcome } = applyCommand(state, envelope);
      state.absorb(changes, position);
      return outcome;
    }
    default:
      return unreachable(entry.kind, "kind of entry");
  }
}
