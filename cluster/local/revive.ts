// Brings a region of a local fleet back after a disaster, while the fleet is stopped: from a
// backup, or from the data of one survivor. Either way it is a new cluster, with an authority and
// an id of its own; nodes of the old one stay where they are and are never started again.
import { randomUUID } from "node:crypto";
import { copyFileSync, existsSync } from "node:fs";
import { RootKeyFileError } from "../../src/crypto/root-key-file.ts";
import { forceCluster } from "../../src/server/offline/force-new-cluster.ts";
import { OfflineRefusal, reportText } from "../../src/server/offline/report.ts";
import { restoreBackup } from "../../src/server/offline/restore-backup.ts";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { DataAtRestError, summarizeData } from "../../src/storage/data-at-rest.ts";
import {
  presentNodes,
  readClusterFile,
  writeClusterFile,
  type ClusterFile,
  type ClusterNode,
  type ClusterRegion,
} from "./cluster-file.ts";
import { pointEnvFile } from "./env-file.ts";
import { foundFleet, layOutSuccessors, successorsOf } from "./found-fleet.ts";
import { writeStart } from "./node-config.ts";
import { nodePlaces, placesOf, regionPlaces } from "./places.ts";
import { defaultShape, type FleetShape } from "./shape.ts";

export type Revival =
  | {
      readonly kind: "restore";
      readonly file: string;
      /** Where the home holds several. */
      readonly region: string | undefined;
      /** For a home that holds no fleet, and so no root key that opens the backup. */
      readonly rootKeyFile: string | undefined;
    }
  | {
      readonly kind: "survivor";
      readonly nodeId: string;
      /** The old cluster's id, typed in advance; asked for unless given. */
      readonly typedClusterId?: string;
    };

/** It was not done; the message is a sentence. */
class RevivalRefused extends Error {
  override readonly name = "RevivalRefused";
}

/**
 * Makes the region ready to be started as a new cluster. Gives what there is to tell a person.
 * Throws `RevivalRefused`, and what the offline commands do.
 */
export async function reviveRegion(
  home: string,
  revival: Revival,
  shape: FleetShape = defaultShape,
): Promise<string> {
  const file = readClusterFile(placesOf(home).clusterFile);
  if (revival.kind === "survivor") {
    if (file === undefined) throw new RevivalRefused(`${home} holds no fleet.`);
    return goOnAlone(home, file, revival);
  }
  if (file === undefined) return restoreIntoNewHome(home, revival, shape);
  return restoreInPlace(home, file, revival);
}

async function restoreInPlace(
  home: string,
  file: ClusterFile,
  { file: backup, region: name }: Extract<Revival, { kind: "restore" }>,
): Promise<string> {
  const region = regionOf(file, name);
  const successors = await successorsOf(home, region, presentNodes(region).length);
  const [first] = successors;
  if (first === undefined) throw new RevivalRefused(`Region ${region.name} has no node.`);
  const clusterId = randomUUID();
  const report = await restoreBackup({
    kind: "restore_backup",
    file: backup,
    dataDir: first.dataDir,
    nodeId: first.id,
    clusterId,
    rootKeyFile: regionPlaces(home, region.name).rootKey,
  });
  await settle(home, file, { region, clusterId, first, successors });
  return reportText({ facts: report.facts });
}

async function restoreIntoNewHome(
  home: string,
  { file: backup, region: name, rootKeyFile }: Extract<Revival, { kind: "restore" }>,
  shape: FleetShape,
): Promise<string> {
  if (rootKeyFile === undefined || !existsSync(rootKeyFile)) {
    throw new RevivalRefused(
      `${home} holds no fleet, so it has no root key that could open the backup: name the file of ` +
        "the old one with --root-key-file.",
    );
  }
  const region = regionOf(await foundFleet(home, shape), name);
  const [first] = region.nodes;
  if (first === undefined) throw new RevivalRefused(`Region ${region.name} has no node.`);
  copyFileSync(rootKeyFile, regionPlaces(home, region.name).rootKey);
  const { config } = nodePlaces(home, region.name, first.id);
  const report = await restoreBackup({ kind: "restore_backup", file: backup, config });
  writeStart(config, undefined);
  return reportText({ facts: report.facts });
}

async function goOnAlone(
  home: string,
  file: ClusterFile,
  { nodeId, typedClusterId }: Extract<Revival, { kind: "survivor" }>,
): Promise<string> {
  const region = file.regions.find(({ nodes }) => nodes.some(({ id }) => id === nodeId));
  const survivor = region?.nodes.find(({ id }) => id === nodeId);
  if (region === undefined || survivor === undefined) {
    throw new RevivalRefused(`There is no node ${nodeId} in ${home}.`);
  }
  const others = presentNodes(region).filter(({ id }) => id !== nodeId);
  const clusterId = randomUUID();
  const report = await forceCluster({
    kind: "force_new_cluster",
    dataDir: survivor.dataDir,
    peerDataDirs: await comparable(others),
    clusterId,
    typedClusterId,
  });
  const fresh = await successorsOf(home, region, others.length);
  const first = { ...survivor, pid: null };
  await settle(home, file, { region, clusterId, first, successors: [first, ...fresh] });
  return reportText({ facts: report.facts });
}

/** The data of the others that can be read: what is lost or damaged holds nothing to compare. */
async function comparable(others: readonly ClusterNode[]): Promise<readonly string[]> {
  const readable: string[] = [];
  for (const { id, dataDir } of others) {
    try {
      await summarizeData(dataDir);
      readable.push(dataDir);
    } catch (error) {
      if (!(error instanceof DataAtRestError || error instanceof CorruptionError)) throw error;
      console.error(`${id} cannot be compared: ${error.message}`);
    }
  }
  return readable;
}

interface NewCluster {
  readonly region: ClusterRegion;
  readonly clusterId: string;
  /** The one that has the data. */
  readonly first: ClusterNode;
  readonly successors: readonly ClusterNode[];
}

/** cluster.json comes last: until then the fleet is the old one. */
async function settle(home: string, file: ClusterFile, made: NewCluster): Promise<void> {
  const { region, clusterId, first, successors } = made;
  await layOutSuccessors(home, region.name, { clusterId, successors });
  const former = region.nodes
    .filter(({ id }) => successors.every((successor) => successor.id !== id))
    .map((node): ClusterNode => ({ ...node, pid: null, role: "removed" }));
  const nodes = successors.map((node): ClusterNode => ({
    ...node,
    role: node.id === first.id ? "stopped" : "new",
  }));
  const others = successors.filter(({ id }) => id !== first.id);
  pointEnvFile(regionPlaces(home, region.name).envFile, [first, ...others]);
  const regions = file.regions.map((each) =>
    each.name === region.name ? { ...region, nodes: [...former, ...nodes] } : each,
  );
  writeClusterFile(placesOf(home).clusterFile, { regions });
}

function regionOf({ regions }: ClusterFile, name: string | undefined): ClusterRegion {
  const [first, ...others] = regions;
  const found =
    name === undefined && others.length === 0
      ? first
      : regions.find((region) => region.name === name);
  if (found !== undefined) return found;
  const known = regions.map((region) => region.name).join(", ");
  throw new RevivalRefused(`Say which region the backup is of: --region NAME, one of ${known}.`);
}

/** Whether the error says in a sentence why nothing was brought back. */
export function isRefusedRevival(error: unknown): error is Error {
  return (
    error instanceof RevivalRefused ||
    error instanceof OfflineRefusal ||
    error instanceof DataAtRestError ||
    error instanceof CorruptionError ||
    error instanceof RootKeyFileError
  );
}
