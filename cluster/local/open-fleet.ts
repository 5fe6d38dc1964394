// Opens the fleet of a home, or founds one there. Refuses what would lose data or mix it up.
import { readdirSync } from "node:fs";
import {
  presentNodes,
  readClusterFile,
  shapeOf,
  type ClusterFile,
  type ClusterNode,
} from "./cluster-file.ts";
import { forgetFleet, foundFleet, renewCertificates } from "./found-fleet.ts";
import { migrateNodeConfig, writeStart } from "./node-config.ts";
import { nodePlaces, placesOf, regionPlaces } from "./places.ts";
import {
  complaintAbout,
  defaultShape,
  describeShape,
  hasSameShape,
  isInPart,
  nameOfPart,
  nodeIdsOf,
  type FleetPart,
  type FleetShape,
} from "./shape.ts";
import type { SupervisorOrders } from "./supervisor-orders.ts";

/** A start that is not made; the message says why, and what would be. */
class StartRefused extends Error {
  override readonly name = "StartRefused";
}

/** The layout of the fleet, with certificates that are good for thirty days from now. */
export async function openFleet(orders: SupervisorOrders): Promise<ClusterFile> {
  const { home, shape, part } = orders;
  if (shape !== null) refuseIf(complaintAbout(shape));
  const existing = orders.contents === "fresh" ? undefined : readFleet(home);
  if (existing === undefined) {
    const chosen = shape ?? defaultShape;
    refuseIf(complaintAboutPart(part, nodesOfShape(chosen)));
    forgetFleet(home);
    return foundFleet(home, chosen);
  }
  const kept = shapeOf(existing);
  if (shape !== null && !hasSameShape(shape, kept)) {
    throw new StartRefused(
      `${home} holds ${describeShape(kept)}, not ${describeShape(shape)}. ` +
        "Another shape begins with empty data (--fresh), or in another home (--home).",
    );
  }
  refuseIf(complaintAboutPart(part, nodesOfFile(existing)));
  const current = migrateFleet(home, existing);
  await renewCertificates(home, current);
  return current;
}

/**
 * Brings the files of a fleet of an earlier release up to date. A region of it that never ran is
 * founded by its first node, as a new one is.
 */
function migrateFleet(home: string, { regions }: ClusterFile): ClusterFile {
  const migrated = regions.map((region) => {
    const { name, nodes } = region;
    const isNew = !holdsRegionData(home, name);
    const kept = nodes.map((node, position): ClusterNode => {
      const { config } = nodePlaces(home, name, node.id);
      if (!migrateNodeConfig(config) || !isNew) return node;
      if (position > 0) return { ...node, role: "new" };
      writeStart(config, { kind: "found" });
      return node;
    });
    return { ...region, nodes: kept };
  });
  return { regions: migrated };
}

/** Nothing in a home without a fleet. One whose cluster.json alone is gone is not empty. */
function readFleet(home: string): ClusterFile | undefined {
  const { clusterFile, regionsFolder } = placesOf(home);
  const file = readClusterFile(clusterFile);
  if (file === undefined && holdsData(home)) {
    throw new StartRefused(
      `${clusterFile} is missing, but ${regionsFolder} holds data. ` +
        "Put the file back, or begin with empty data (--fresh).",
    );
  }
  return file;
}

function holdsData(home: string): boolean {
  return entriesOf(placesOf(home).regionsFolder).some((region) => holdsRegionData(home, region));
}

function holdsRegionData(home: string, region: string): boolean {
  return entriesOf(regionPlaces(home, region).folder).some(
    (node) => entriesOf(nodePlaces(home, region, node).dataDir).length > 0,
  );
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Not there, or no folder: it has no entries either way.
    return [];
  }
}

interface NamedNode {
  readonly region: string;
  readonly nodeId: string;
}

function nodesOfFile({ regions }: ClusterFile): readonly NamedNode[] {
  return regions.flatMap((region) =>
    presentNodes(region).map(({ id }) => ({ region: region.name, nodeId: id })),
  );
}

function nodesOfShape(shape: FleetShape): readonly NamedNode[] {
  return shape.regions.flatMap((region) =>
    nodeIdsOf(region, shape).map((nodeId) => ({ region, nodeId })),
  );
}

function complaintAboutPart(part: FleetPart, nodes: readonly NamedNode[]): string | undefined {
  if (nodes.some((node) => isInPart(part, node))) return undefined;
  const known = nodes.map(({ nodeId }) => nodeId).join(", ");
  return `There is no ${nameOfPart(part)} here: the nodes are ${known}.`;
}

function refuseIf(complaint: string | undefined): void {
  if (complaint !== undefined) throw new StartRefused(complaint);
}
