// The search index of a state that was there before it, made a step at a time between commands.
import type { StateStore } from "./state-store.ts";

/** How many names are read at once. */
const stride = 100;

/**
 * Takes the next few secrets into the index, and the last of them makes it complete. The names are
 * read before and the secrets now, in one turn: what changes at any other time is told to the index
 * by the command that changes it. `isOver` says, after each secret, that others want their turn.
 *
 * Throws `CorruptionError`, `DiskError`.
 */
export async function buildIndexStep(state: StateStore, isOver: () => boolean): Promise<void> {
  const { derived } = state;
  const after = derived.builtThrough;
  const names = await state.namesByOrder({ direction: "ascending", after, limit: stride });
  // A snapshot has become the state meanwhile: these are the names of another one.
  if (state.derived !== derived) return;
  let through = after;
  for (const { order, name } of names) {
    const secret = state.secret(name);
    // Made anew under the same name it was indexed when it was made; once more does no harm.
    if (secret !== undefined) derived.build(secret);
    through = order;
    if (isOver()) break;
  }
  const isAll = names.length < stride && through === (names.at(-1)?.order ?? after);
  derived.built(through, isAll ? "complete" : "incomplete");
}
