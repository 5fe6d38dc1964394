// cluster.json: which process is which node, where it listens, what it is at the moment. The
// supervisor writes it; tests, scripts and people with `kill -9` read it.
import { readFileSync } from "node:fs";
import { z } from "zod";
import type { FleetShape } from "./shape.ts";
import { writeWholeFile } from "./whole-file.ts";

/**
 * What a node is, seen from outside. The first three are its own word. `new`: it waits for a ticket
 * to join with. `removed`: it is no member any more, and its id is never used again.
 */
const nodeRoles = [
  "leader",
  "follower",
  "candidate",
  "starting",
  "unreachable",
  "restarting",
  "stopped",
  "failed",
  "new",
  "removed",
] as const;

export type NodeRole = (typeof nodeRoles)[number];

const nodeSchema = z.strictObject({
  id: z.string(),
  /** Nothing while the node does not run. */
  pid: z.int().positive().nullable(),
  /** `host:port` */
  grpc: z.string(),
  /** `host:port` */
  peer: z.string(),
  /** `https://host:port` */
  https: z.string(),
  dataDir: z.string(),
  role: z.enum(nodeRoles),
});

const fileSchema = z.strictObject({
  regions: z.array(
    z.strictObject({ name: z.string(), caFile: z.string(), nodes: z.array(nodeSchema).min(1) }),
  ),
});

export type ClusterFile = z.infer<typeof fileSchema>;
export type ClusterRegion = ClusterFile["regions"][number];
export type ClusterNode = ClusterRegion["nodes"][number];

/** The fleet that lives in a home, or nothing if none was ever started there. */
export function readClusterFile(path: string): ClusterFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  return fileSchema.parse(JSON.parse(text));
}

export function writeClusterFile(path: string, file: ClusterFile): void {
  writeWholeFile(path, `${JSON.stringify(file, undefined, 2)}\n`, "everybody");
}

/** What it is while nothing of the fleet runs. */
export function roleAtRest({ role }: ClusterNode): "new" | "removed" | "stopped" {
  return role === "new" || role === "removed" ? role : "stopped";
}

/** The nodes that belong to a region still. */
export function presentNodes({ nodes }: ClusterRegion): readonly ClusterNode[] {
  return nodes.filter(({ role }) => role !== "removed");
}

/** What a person would have to ask for to get it; of regions that differ, the largest. */
export function shapeOf({ regions }: ClusterFile): FleetShape {
  return {
    regions: regions.map((region) => region.name),
    nodesPerRegion: Math.max(0, ...regions.map((region) => presentNodes(region).length)),
  };
}
