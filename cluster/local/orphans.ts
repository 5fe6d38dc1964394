// A fleet that nobody looks after: what its last supervisor wrote down, and how much of it is true.
import { readClusterFile, roleAtRest, writeClusterFile, type ClusterNode } from "./cluster-file.ts";
import type { FleetStatus, NodeStatus } from "./control.ts";
import { nodePlaces, placesOf } from "./places.ts";
import { endProcess, isProcess } from "./running-process.ts";

const patienceMs = 5_000;

/** Nothing when no fleet was ever started in the home. */
export function statusAtRest(home: string): FleetStatus | undefined {
  const file = readClusterFile(placesOf(home).clusterFile);
  if (file === undefined) return undefined;
  const regions = file.regions.map((region) => ({
    ...region,
    nodes: region.nodes.map((node) => {
      if (isOrphan(home, region.name, node)) return atRest({ ...node, role: "unreachable" });
      return atRest({ ...node, pid: null, role: roleAtRest(node) });
    }),
  }));
  return { supervised: false, regions };
}

/** A node of which no more is known than what cluster.json says. */
export function atRest(node: ClusterNode): NodeStatus {
  return { ...node, health: null, restarts: 0, lastExit: null, lastLogLine: null, settling: false };
}

/**
 * Ends the nodes that a killed supervisor left behind, and says so in cluster.json.
 *
 * A process id that has become somebody else's is left alone. Gives how many were ended.
 */
export async function endOrphans(home: string): Promise<number> {
  const { clusterFile } = placesOf(home);
  const file = readClusterFile(clusterFile);
  if (file === undefined) return 0;
  const orphans = file.regions.flatMap(({ name, nodes }) =>
    nodes
      .filter((node) => isOrphan(home, name, node))
      .map(({ id, pid }) => ({ pid: Number(pid), marks: marksOf(home, name, id) })),
  );
  await Promise.all(orphans.map(({ pid, marks }) => endProcess(pid, marks, patienceMs)));
  const regions = file.regions.map((region) => ({
    ...region,
    nodes: region.nodes.map((node) => ({ ...node, pid: null, role: roleAtRest(node) })),
  }));
  writeClusterFile(clusterFile, { regions });
  return orphans.length;
}

function isOrphan(home: string, region: string, { id, pid }: ClusterNode): boolean {
  return pid !== null && isProcess(pid, marksOf(home, region, id));
}

/** What only this node's command line has. */
function marksOf(home: string, region: string, nodeId: string): readonly string[] {
  return ["--config", nodePlaces(home, region, nodeId).config];
}
