// A change to one secret as rows: the record, its values, its place in the order of creation, its
// policy, and what is derived of it; and what it does to what the region counts.
import type { EpochMs } from "../base/ids.ts";
import { indexChange } from "../secrets/queries/index-entries.ts";
import { secretEventOf } from "../secrets/secret-event.ts";
import type { SecretChange, SecretRecord } from "../secrets/secret.ts";
import type { Counters, RowChange } from "./state-view.ts";

/** What was found under a name. */
export interface FoundSecret {
  readonly name: string;
  readonly before: SecretRecord | undefined;
}

/** The rows by which `change` differs from what was found; maybe none. */
export function changedRows(
  { name, before }: FoundSecret,
  change: SecretChange,
  at: EpochMs,
): readonly RowChange[] {
  return [
    ...recordRows(name, before, change.secret),
    ...change.putValues.map(({ versionId, value }): RowChange => ({
      row: "value",
      name,
      versionId,
      value,
    })),
    ...change.dropValues.map((versionId): RowChange => ({
      row: "value",
      name,
      versionId,
      value: undefined,
    })),
    ...policyRows(name, change),
    ...derivedRows({ name, before }, change, at),
  ];
}

/** What the region counts once `before` has become `after`. */
export function countersAfter(
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

function recordRows(
  name: string,
  before: SecretRecord | undefined,
  after: SecretRecord | undefined,
): readonly RowChange[] {
  // The very same record is how a command says that nothing is to be written.
  if (before === after) return [];
  const record: RowChange = { row: "secret", name, record: after };
  if (before === undefined && after !== undefined) {
    return [record, { row: "order", order: after.order, name }];
  }
  if (before !== undefined && after === undefined) {
    return [record, { row: "order", order: before.order, name: undefined }];
  }
  return [record];
}

function policyRows(name: string, { policy }: SecretChange): readonly RowChange[] {
  return policy === undefined ? [] : [{ row: "policy", name, policy: policy ?? undefined }];
}

function derivedRows(
  { name, before }: FoundSecret,
  change: SecretChange,
  at: EpochMs,
): readonly RowChange[] {
  const after = change.secret;
  const order = after?.order ?? before?.order;
  if (order === undefined || before === after) return [];
  const { added, dropped } = indexChange(before, after);
  const isIndexed = added.length > 0 || dropped.length > 0;
  const event = secretEventOf(before, change, at);
  return [
    ...(isIndexed ? [{ row: "index", name, order, added, dropped } as const] : []),
    ...(event === undefined ? [] : [{ row: "event", event } as const]),
  ];
}
