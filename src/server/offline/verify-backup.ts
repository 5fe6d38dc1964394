// Proves a backup by restoring it: into scratch data, opened with every check that the start of a
// node makes, and compared with what the backup says of itself.
import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../base/clock.ts";
import type { VerifyBackupOrder } from "../../base/offline-order.ts";
import { proveData, writeData } from "../../storage/restored-data.ts";
import { factsOf, proveRootKey, readWholeBackup, sha256OfFile, withRows } from "./backup-facts.ts";
import { checkContents } from "./check-contents.ts";
import type { Report } from "./report.ts";
import { scratchFolder } from "./scratch-folder.ts";

/** Throws `OfflineRefusal`, `RootKeyFileError`, and what the disk refuses. */
export async function verifyBackup(order: VerifyBackupOrder): Promise<Report> {
  const { file, rootKeyFile, scratchFolder: parent = tmpdir() } = order;
  const checked = await readWholeBackup(file);
  if (rootKeyFile !== undefined) proveRootKey(checked, rootKeyFile);
  const { clusterId, region, nodeId, position, chain } = checked.header;
  using scratch = scratchFolder(parent, "holdfast-verify-");
  await withRows(file, async ({ rows }) => {
    const options = {
      directory: join(scratch.path, "data"),
      identity: { clusterId, region, nodeId },
      position,
      chain,
      rows: rows(),
      now: systemClock.now(),
    };
    const written = await writeData(options);
    await proveData(options, written, (store) => checkContents(store, checked));
  });
  return {
    facts: [
      ...factsOf(file, checked),
      ["sizeBytes", "Size in bytes", statSync(file).size],
      ["sha256", "SHA-256", await sha256OfFile(file)],
      [
        "rootKey",
        "Root key",
        rootKeyFile === undefined
          ? "not checked: --root-key-file FILE proves that it opens the keys"
          : "opens every key",
      ],
    ],
    text: "The backup is whole: it was restored into a scratch node, which opened and adds up.",
  };
}
