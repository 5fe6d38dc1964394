// What rows add up to: the digest and the count that a state is known by, and what is counted in it
// for people.
import { rowKindOf } from "./keys.ts";
import type { SnapshotRow } from "./snapshot-rows.ts";
import { emptyDigest, withRow, type StateDigest } from "./state-digest.ts";

export class StateTally {
  digest: StateDigest = emptyDigest;
  rowCount = 0;
  secretCount = 0;
  valueCount = 0;

  add({ key, payload }: SnapshotRow): void {
    this.digest = withRow(this.digest, key, payload);
    this.rowCount += 1;
    const kind = rowKindOf(key);
    if (kind === "secret") this.secretCount += 1;
    if (kind === "value") this.valueCount += 1;
  }
}
