// A change to one secret as rows: the record, its values, and its place in the order of creation.
import type { SecretChange, SecretRecord } from "../secrets/secret.ts";
import type { RowChange } from "./state-view.ts";

/** The rows by which `change` differs from the record that was found under `name`; maybe none. */
export function changedRows(
  name: string,
  before: SecretRecord | undefined,
  change: SecretChange,
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
  ];
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
