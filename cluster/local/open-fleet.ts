// Opens the fleet of a home, or founds one there. Refuses what would lose data or mix it up.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readClusterFile, shapeOf, type ClusterFile } from "./cluster-file.ts";
import { forgetFleet, foundFleet, renewCertificates } from "./found-fleet.ts";
import { placesOf } from "./places.ts";
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
    refuseIf(complaintAboutPart(part, chosen));
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
  refuseIf(complaintAboutPart(part, kept));
  await renewCertificates(home, existing);
  return existing;
}

/** Nothing in a home without a fleet. One whose cluster.json alone is gone is not empty. */
function readFleet(home: string): ClusterFile | undefined {
  const { clusterFile, regionsFolder } = placesOf(home);
  const file = readClusterFile(clusterFile);
  if (file === undefined && holdsData(regionsFolder)) {
    throw new StartRefused(
      `${clusterFile} is missing, but ${regionsFolder} holds data. ` +
        "Put the file back, or begin with empty data (--fresh).",
    );
  }
  return file;
}

function holdsData(regionsFolder: string): boolean {
  return entriesOf(regionsFolder).some((region) =>
    entriesOf(join(regionsFolder, region)).some(
      (node) => entriesOf(join(regionsFolder, region, node, "data")).length > 0,
    ),
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

function complaintAboutPart(part: FleetPart, shape: FleetShape): string | undefined {
  const nodes = shape.regions.flatMap((region) =>
    nodeIdsOf(region, shape).map((nodeId) => ({ region, nodeId })),
  );
  if (nodes.some((node) => isInPart(part, node))) return undefined;
  const known = nodes.map(({ nodeId }) => nodeId).join(", ");
  return `There is no ${nameOfPart(part)} here: the nodes are ${known}.`;
}

function refuseIf(complaint: string | undefined): void {
  if (complaint !== undefined) throw new StartRefused(complaint);
}
