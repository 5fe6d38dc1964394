// Whether a state makes sense beyond its checksums: what belongs together is all there.
import type { OrderedName, StateView } from "../../machine/state-view.ts";
import type { BackupCounts } from "../../storage/backup-header.ts";
import type { NodeStore } from "../../storage/node-store.ts";
import { OfflineRefusal } from "./report.ts";

const pageSize = 500;

/** Reads every secret, looks for each of its values, and counts. Throws `OfflineRefusal`. */
export async function checkContents(
  { state }: NodeStore,
  { secretCount, valueCount }: Pick<BackupCounts, "secretCount" | "valueCount">,
): Promise<void> {
  let secrets = 0;
  let values = 0;
  let after: number | undefined;
  for (;;) {
    const page = await state.namesByOrder({ direction: "ascending", after, limit: pageSize });
    for (const named of page) values += valuesOf(state, named);
    secrets += page.length;
    after = page.at(-1)?.order;
    if (after === undefined) break;
  }
  const counted = state.counters().secretCount;
  if (secrets !== secretCount || counted !== secretCount || values !== valueCount) {
    throw broken(`it counts ${counted} secrets and ${valueCount} values, and has ${secrets}`);
  }
}

/** How many values the secret has: one for each of its versions. */
function valuesOf(state: StateView, { name, order }: OrderedName): number {
  const secret = state.secret(name);
  if (secret?.order !== order) throw broken("the order of its secrets names one it lacks");
  const versions = [...secret.versions.keys()];
  const isWhole = versions.every((version) => state.sealedValue(name, version) !== undefined);
  if (!isWhole) throw broken("a version of a secret has no value");
  return versions.length;
}

function broken(what: string): OfflineRefusal {
  return new OfflineRefusal(`Cannot use the backup: its state contradicts itself, ${what}`);
}
