// A backup as the first node of a new cluster: into an empty directory, all of it or nothing.
import { join, resolve } from "node:path";
import { systemClock } from "../../base/clock.ts";
import { nodeId, type ClusterId, type NodeId } from "../../base/ids.ts";
import type { RestoreBackupOrder } from "../../base/offline-order.ts";
import {
  chainInNewCluster,
  positionInNewCluster,
  rowsInNewCluster,
} from "../../storage/new-cluster.ts";
import type { NodeIdentity } from "../../storage/recovery.ts";
import {
  moveIntoPlace,
  objectionToDirectory,
  proveData,
  writeData,
} from "../../storage/restored-data.ts";
import { loadConfiguration } from "../config.ts";
import {
  factsOf,
  proveRootKey,
  readWholeBackup,
  withRows,
  type CheckedBackup,
} from "./backup-facts.ts";
import { checkContents } from "./check-contents.ts";
import { isIdentifier, newClusterId, peerName } from "./new-identity.ts";
import { OfflineRefusal, time, type Report } from "./report.ts";
import { scratchBeside } from "./scratch-folder.ts";

/** Whose the restored data is to be, as far as it is known before the backup is read. */
interface Place {
  readonly dataDir: string;
  readonly nodeId: NodeId;
  readonly clusterId: ClusterId | string | undefined;
  readonly region: string | undefined;
  readonly rootKeyFile: string | undefined;
}

/** Throws `OfflineRefusal`, `ConfigurationError`, `RootKeyFileError`, and what the disk refuses. */
export async function restoreBackup(order: RestoreBackupOrder): Promise<Report> {
  const place = placeOf(order);
  const objection = objectionToDirectory(place.dataDir);
  if (objection !== undefined) throw new OfflineRefusal(`Cannot restore: ${objection}`);
  const checked = await readWholeBackup(order.file);
  const identity = identityFor(place, checked);
  if (place.rootKeyFile !== undefined) proveRootKey(checked, place.rootKeyFile);
  await restoreInto(place.dataDir, { file: order.file, identity, checked });

  const position = positionInNewCluster(checked.header.position);
  return {
    facts: [
      ...factsOf(order.file, checked),
      ["newClusterId", "New cluster", identity.clusterId],
      ["newNodeId", "Its only node", identity.nodeId],
      ["dataDir", "Data", place.dataDir],
      ["newIndex", "Goes on after entry", position.index],
      [
        "rootKey",
        "Root key",
        place.rootKeyFile === undefined ? "not checked: no --root-key-file" : "opens every key",
      ],
    ],
    text: nextSteps(place, identity, checked),
  };
}

function placeOf(order: RestoreBackupOrder): Place {
  const { config, dataDir, nodeId: node, clusterId, rootKeyFile } = order;
  if (config !== undefined) {
    const configuration = loadConfiguration(config);
    return { ...configuration, dataDir: dataDir ?? configuration.dataDir };
  }
  if (dataDir === undefined || node === undefined) {
    throw new OfflineRefusal(
      "Cannot restore without knowing for which node: give --config FILE, or --data-dir DIR and " +
        "--node-id ID",
    );
  }
  if (!isIdentifier(node)) {
    throw new OfflineRefusal(
      `"${node}" cannot be a node's id: 1 to 64 lower-case letters, digits and inner hyphens`,
    );
  }
  const region = undefined;
  return { dataDir: resolve(dataDir), nodeId: nodeId(node), clusterId, region, rootKeyFile };
}

function identityFor(place: Place, { header, lineage }: CheckedBackup): NodeIdentity {
  const { region } = header;
  if (place.region !== undefined && place.region !== region) {
    throw new OfflineRefusal(
      `Cannot restore a backup of region ${region} into region ${place.region}: its keys and ` +
        `values are bound to ${region}`,
    );
  }
  const clusterId = newClusterId(place.clusterId, { clusterId: header.clusterId, lineage });
  return { clusterId, region, nodeId: place.nodeId };
}

async function restoreInto(
  dataDir: string,
  {
    file,
    identity,
    checked,
  }: {
    readonly file: string;
    readonly identity: NodeIdentity;
    readonly checked: CheckedBackup;
  },
): Promise<void> {
  using scratch = scratchBeside(dataDir);
  const directory = join(scratch.path, "data");
  const now = systemClock.now();
  await withRows(file, async ({ header, rows }) => {
    const { clusterId, position, createdAt } = header;
    const step = { kind: "restored", clusterId, position, at: now, backupAt: createdAt } as const;
    const options = {
      directory,
      identity,
      position: positionInNewCluster(position),
      chain: chainInNewCluster(identity.clusterId, header.chain),
      rows: rowsInNewCluster(rows(), step),
      now,
    };
    const written = await writeData(options);
    await proveData(options, written, (store) => checkContents(store, checked));
  });
  moveIntoPlace(directory, dataDir);
}

function nextSteps(place: Place, identity: NodeIdentity, { header }: CheckedBackup): string {
  const { clusterId, region, nodeId: node } = identity;
  return `Next:
  1. The node's configuration says
       "clusterId": "${clusterId}", "region": "${region}", "nodeId": "${node}",
       "dataDir": "${place.dataDir}", and as "rootKeyFile" the root key of the old cluster.
  2. Its peer certificate has this one name, and is signed by an authority made for this cluster:
       ${peerName(identity)}
  3. Start it. It is the only voter, so it leads and answers at once.
  4. Let the other nodes in, each with an empty data directory: holdfast cluster add NODE-ID
The region is as it was at ${time(header.createdAt)}. What was written after that is not in it:
a password that was changed since is the old one here.`;
}
