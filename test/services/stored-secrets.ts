// Secrets put into a state past the log, with all that a command would have written: for tests that
// need many of them.
import type { MemoryState } from "../../src/machine/memory-state.ts";
import { indexChange } from "../../src/secrets/queries/index-entries.ts";
import type { SecretRecord } from "../../src/secrets/secret.ts";

export function storeSecret(view: MemoryState, record: SecretRecord): void {
  const { name, order } = record;
  const before = view.secret(name);
  if (before !== undefined && before.order !== order) removeSecret(view, name);
  view.absorb([
    { row: "secret", name, record },
    { row: "order", order, name },
    { row: "index", name, order, ...indexChange(view.secret(name), record) },
  ]);
}

export function removeSecret(view: MemoryState, name: string): void {
  const before = view.secret(name);
  if (before === undefined) return;
  const { order } = before;
  view.absorb([
    { row: "secret", name, record: undefined },
    { row: "order", order, name: undefined },
    { row: "index", name, order, ...indexChange(before, undefined) },
  ]);
}
