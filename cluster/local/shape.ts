// What a local fleet consists of: its regions and nodes by name, and how a part of it is named.

/** How many regions and nodes; what they are called follows from it. */
export interface FleetShape {
  readonly regions: readonly string[];
  readonly nodesPerRegion: number;
}

/** A part of a fleet, for starting and stopping. */
export type FleetPart =
  | { readonly kind: "all" }
  | { readonly kind: "region"; readonly region: string }
  | { readonly kind: "node"; readonly nodeId: string };

export const wholeFleet: FleetPart = { kind: "all" };

export const defaultShape: FleetShape = { regions: ["us-east-1"], nodesPerRegion: 3 };

/** Every region of a local fleet belongs to this account. */
export const localAccount = "000000000000";

/** An even number would tolerate no more failures than the odd one below it. */
const nodeCounts = [1, 3, 5, 7];

/** Ids are never reused: a node keeps its own for the life of the fleet's data. */
export function nodeIdsOf(region: string, { nodesPerRegion }: FleetShape): readonly string[] {
  return Array.from({ length: nodesPerRegion }, (_, position) => `${region}-n${position + 1}`);
}

export function isInPart(
  part: FleetPart,
  node: { readonly region: string; readonly nodeId: string },
): boolean {
  switch (part.kind) {
    case "all":
      return true;
    case "region":
      return part.region === node.region;
    case "node":
      return part.nodeId === node.nodeId;
  }
}

export function nameOfPart(part: FleetPart): string {
  switch (part.kind) {
    case "all":
      return "the fleet";
    case "region":
      return `region ${part.region}`;
    case "node":
      return `node ${part.nodeId}`;
  }
}

export function hasSameShape(one: FleetShape, other: FleetShape): boolean {
  return describeShape(one) === describeShape(other);
}

/** Such as "us-east-1 with 3 nodes" or "a, b with 3 nodes each". */
export function describeShape({ regions, nodesPerRegion }: FleetShape): string {
  const nodes = nodesPerRegion === 1 ? "1 node" : `${nodesPerRegion} nodes`;
  return `${regions.join(", ")} with ${nodes}${regions.length > 1 ? " each" : ""}`;
}

/** What is wrong with a shape somebody asked for, as a sentence; nothing when it can be made. */
export function complaintAbout({ regions, nodesPerRegion }: FleetShape): string | undefined {
  const bad = regions.find((region) => !/^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/.test(region));
  if (bad !== undefined) {
    return `"${bad}" cannot be a region's name: 1 to 32 lower-case letters, digits and inner hyphens, such as us-east-1.`;
  }
  if (new Set(regions).size !== regions.length) return "Each region can be named once only.";
  if (!nodeCounts.includes(nodesPerRegion)) {
    return `A region has ${nodeCounts.join(", ")} nodes, not ${nodesPerRegion}: an even number tolerates no more failures than one less.`;
  }
  return undefined;
}
