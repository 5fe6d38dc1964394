// What tests of derived rows share: a state over a database of its own, and the index as it should
// be.
import { logIndex, term } from "../../src/base/ids.ts";
import { applyCommand } from "../../src/machine/apply.ts";
import type { Envelope } from "../../src/machine/command.ts";
import type { IndexedName, QueryView } from "../../src/machine/state-view.ts";
import { votersOnly } from "../../src/raft/configuration.ts";
import { beforeLog } from "../../src/raft/log-terms.ts";
import { indexEntriesOf, type IndexName } from "../../src/secrets/queries/index-entries.ts";
import type { SecretRecord } from "../../src/secrets/secret.ts";
import { decodeApplied } from "../../src/storage/applied-row.ts";
import type { Database } from "../../src/storage/database.ts";
import { unframe } from "../../src/storage/frame.ts";
import { appliedKey, derivedRowsOf, firstGeneration, progressKey } from "../../src/storage/keys.ts";
import { PendingBatch } from "../../src/storage/pending-batch.ts";
import { emptyDigest } from "../../src/storage/state-digest.ts";
import { StateStore } from "../../src/storage/state-store.ts";

export const indexNames: readonly IndexName[] = [
  "name",
  "changed",
  "accessed",
  "deletion",
  "description",
  "word",
  "tag-key",
  "tag-value",
];

/** The state that a database holds, as a node would open it. */
export function stateIn(database: Database, eventsKept = 1_000): StateStore {
  const key = appliedKey(firstGeneration);
  const framed = database.get(key);
  const configuration = votersOnly([]);
  const nothing = { position: beforeLog, digest: emptyDigest, rowCount: 0, configuration };
  const applied = framed ? decodeApplied(unframe(key, framed, "the applied row")) : nothing;
  const onCorruption = (): void => undefined;
  return new StateStore(database, {
    generation: firstGeneration,
    applied,
    onCorruption,
    eventsKept,
  });
}

export function applyTo(state: StateStore, envelope: Envelope): void {
  const index = logIndex(state.applied.position.index + 1);
  state.absorb(applyCommand(state, envelope).changes, { index, term: term(1) });
}

export async function land(database: Database, state: StateStore): Promise<void> {
  const batch = new PendingBatch();
  const landed = state.writeTo(batch);
  await database.write(batch.changes());
  landed();
}

/** Leaves what a release without derived rows would have left. */
export async function forgetDerived(database: Database, make = 1): Promise<void> {
  const generation = firstGeneration;
  const keys = [progressKey(generation)];
  for await (const [key] of database.scan(derivedRowsOf({ generation, make }))) keys.push(key);
  await database.write(keys.map((key) => ({ type: "del", key })));
}

/** Every entry of every index, a few at a time. */
export async function wholeIndex(view: QueryView, limit = 7): Promise<readonly string[]> {
  const entries: string[] = [];
  for (const index of indexNames) {
    let after: IndexedName | undefined;
    for (;;) {
      const range = { index, prefix: "", direction: "ascending", after, limit } as const;
      const page = await view.indexed(range);
      for (const { term: text, order, name } of page) {
        entries.push(entryText(index, text, order, name));
      }
      after = page.at(-1);
      if (after === undefined) break;
    }
  }
  return entries;
}

/** The same, made of the records alone. */
export function indexOf(secrets: Iterable<SecretRecord>): readonly string[] {
  return [...secrets].flatMap((secret) =>
    indexEntriesOf(secret).map(({ index, term: text }) =>
      entryText(index, text, secret.order, secret.name),
    ),
  );
}

/** Four values, so that two entries are told apart whatever their terms hold. */
function entryText(...parts: [IndexName, string, number, string]): string {
  return JSON.stringify(parts);
}
