// A backup read from its first byte to its last, and what there is to tell of it.
import { createReadStream } from "node:fs";
import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { hex } from "../../base/bytes.ts";
import { systemEntropy } from "../../base/entropy.ts";
import { KeyringError } from "../../crypto/keyring-fields.ts";
import { openKeyring } from "../../crypto/open-keyring.ts";
import { loadRootKeyFile } from "../../crypto/root-key-file.ts";
import type { KeyringRecord } from "../../keys/keyring-record.ts";
import { BackupFile } from "../../storage/backup-file.ts";
import type { BackupCounts, BackupHeader } from "../../storage/backup-header.ts";
import { checkBackup, readBackup, type BackupReading } from "../../storage/backup-reader.ts";
import { BackupError } from "../../storage/backup-records.ts";
import { rowKindOf } from "../../storage/keys.ts";
import { decodeLineage, type LineageStep } from "../../storage/lineage-row.ts";
import { decodeKeyring } from "../../storage/row-codec.ts";
import { digestBytes } from "../../storage/state-digest.ts";
import { OfflineRefusal, time, type Fact } from "./report.ts";

export interface CheckedBackup extends BackupCounts {
  readonly header: BackupHeader;
  readonly keyring: KeyringRecord | undefined;
  readonly lineage: readonly LineageStep[];
}

/** Throws `OfflineRefusal` for a backup that is not what was written. */
export function readWholeBackup(path: string): Promise<CheckedBackup> {
  let keyring: KeyringRecord | undefined;
  let lineage: readonly LineageStep[] = [];
  return withBackup(path, async (file) => {
    const checked = await checkBackup(file, ({ key, payload }) => {
      const kind = rowKindOf(key);
      if (kind === "keyring") keyring = decodeKeyring(payload);
      if (kind === "lineage") lineage = decodeLineage(payload);
    });
    return { ...checked, keyring, lineage };
  });
}

/** Opens a backup for reading its rows, and says of whatever is wrong with it in which file. */
async function withBackup<Result>(
  path: string,
  read: (file: BackupFile) => Promise<Result>,
): Promise<Result> {
  try {
    await using file = await BackupFile.open(path);
    return await read(file);
  } catch (cause) {
    if (!(cause instanceof BackupError)) throw cause;
    throw new OfflineRefusal(`Cannot use the backup ${path}: ${cause.message}`, { cause });
  }
}

/** As `withBackup`, for the rows. */
export function withRows<Result>(
  path: string,
  read: (reading: BackupReading) => Promise<Result>,
): Promise<Result> {
  return withBackup(path, async (file) => read(await readBackup(file)));
}

/** Throws `OfflineRefusal` unless this root key opens every key in the backup. */
export function proveRootKey({ header, keyring }: CheckedBackup, rootKeyFile: string): void {
  if (keyring === undefined) {
    throw new OfflineRefusal("The backup holds no keys: its region had none yet, and no secrets");
  }
  using unsealKey = loadRootKeyFile(rootKeyFile);
  try {
    const home = { clusterId: keyring.sealedIn ?? header.clusterId, region: header.region };
    openKeyring({ ...home, unsealKey, record: keyring, entropy: systemEntropy })[Symbol.dispose]();
  } catch (cause) {
    if (!(cause instanceof KeyringError)) throw cause;
    const reason =
      cause.failure === "wrong_unseal_key"
        ? "it is not the root key that the backup's keys were sealed with"
        : "it is the right one, but the sealed keys in the backup are damaged";
    throw new OfflineRefusal(`Cannot open the backup's keys with ${rootKeyFile}: ${reason}`, {
      cause,
    });
  }
}

export function factsOf(path: string, checked: CheckedBackup): readonly Fact[] {
  const { header, secretCount, valueCount, rowCount, keyring } = checked;
  return [
    ["file", "Backup", path],
    ["clusterId", "Of cluster", header.clusterId],
    ["region", "Region", header.region],
    ["nodeId", "Made by node", header.nodeId],
    ["createdAt", "Made at", time(header.createdAt)],
    ["index", "Up to log entry", header.position.index],
    ["term", "Of term", header.position.term],
    ["secretCount", "Secrets", secretCount],
    ["valueCount", "Values", valueCount],
    ["rowCount", "Rows", rowCount],
    ["keys", "Keys", keyring === undefined ? "none" : keysIn(keyring)],
    ["stateDigest", "State digest", hex(digestBytes(header.digest))],
  ];
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** Each key by its id, with how many versions it has. */
function keysIn({ defaultKey: { keyId, versions } }: KeyringRecord): string {
  return `${keyId} (${versions.length} ${versions.length === 1 ? "version" : "versions"})`;
}
