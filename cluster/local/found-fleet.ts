// Founds a fleet in an empty home: ports, authorities, keys, credentials and one configuration file
// for each node. Everything but the nodes' certificates is then kept for the life of the fleet.
import { randomBytes, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { ConfigurationFile } from "../../src/server/config.ts";
import {
  createAuthority,
  issuePeerLeaf,
  issueServerLeaf,
  openAuthority,
  type Authority,
  type PemPair,
} from "./certificates.ts";
import {
  presentNodes,
  writeClusterFile,
  type ClusterFile,
  type ClusterNode,
  type ClusterRegion,
} from "./cluster-file.ts";
import { administratorOf, mintCredentials, type Credentials } from "./credentials.ts";
import { environmentOf, renderEnvFile } from "./env-file.ts";
import { findFreePorts } from "./free-ports.ts";
import {
  localDisk,
  localPromotion,
  readNodeConfig,
  writeNodeConfig,
  type NodeStart,
} from "./node-config.ts";
import { nodePlaces, placesOf, regionPlaces, type PemPaths } from "./places.ts";
import { localAccount, nodeIdsOf, type FleetShape } from "./shape.ts";
import { writeWholeFile } from "./whole-file.ts";

/** Forgets the fleet of a home, and nothing else that lies there. */
export function forgetFleet(home: string): void {
  const { clusterFile, envFolder, regionsFolder } = placesOf(home);
  for (const path of [clusterFile, envFolder, regionsFolder]) {
    rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Makes everything a fleet needs before its nodes can start.
 *
 * cluster.json comes last: a home without it holds no fleet, whatever else lies there.
 */
export async function foundFleet(home: string, shape: FleetShape): Promise<ClusterFile> {
  mkdirSync(placesOf(home).envFolder, { recursive: true, mode: 0o700 });
  const ports = await findFreePorts(shape.regions.length * shape.nodesPerRegion * 3);
  const regions = shape.regions.map((name, position) => {
    const first = position * shape.nodesPerRegion * 3;
    return layOutRegion(home, name, {
      nodeIds: nodeIdsOf(name, shape),
      ports: ports.slice(first, first + shape.nodesPerRegion * 3),
    });
  });

  // One person, known in every region: each keeps a copy, and none depends on another.
  const credentials = mintCredentials();
  for (const region of regions) await foundRegion(home, region, credentials);

  const file = { regions };
  await renewCertificates(home, file);
  writeClusterFile(placesOf(home).clusterFile, file);
  return file;
}

/** Gives every node new certificates. They live for thirty days, and a node reads them once. */
export async function renewCertificates(home: string, { regions }: ClusterFile): Promise<void> {
  for (const region of regions) await issueCertificates(home, region.name, presentNodes(region));
}

/**
 * Makes everything that one more node of a region needs but a ticket. Its id follows on the highest
 * there ever was: those of removed nodes are never used again.
 */
export async function layOutNode(home: string, region: ClusterRegion): Promise<ClusterNode> {
  const numbers = region.nodes.map(({ id }) => Number(/-n(\d+)$/.exec(id)?.[1] ?? 0));
  const id = `${region.name}-n${Math.max(...numbers) + 1}`;
  const [sibling] = region.nodes;
  if (sibling === undefined) throw new Error(`Region ${region.name} has no node.`);
  const { clusterId } = readNodeConfig(nodePlaces(home, region.name, sibling.id).config);
  const node = nodeAt(home, region.name, { id, role: "new", ports: await findFreePorts(3) });
  foundNode(home, region.name, { node, clusterId });
  await issueCertificates(home, region.name, [node]);
  return node;
}

/** Fresh nodes for a region, laid out nowhere yet: none has an id that any node had before. */
export async function successorsOf(
  home: string,
  { name, nodes }: ClusterRegion,
  count: number,
): Promise<readonly ClusterNode[]> {
  const highest = Math.max(0, ...nodes.map(({ id }) => Number(/-n(\d+)$/.exec(id)?.[1] ?? 0)));
  const ports = await findFreePorts(count * 3);
  return Array.from({ length: count }, (_, position) =>
    nodeAt(home, name, {
      id: `${name}-n${highest + 1 + position}`,
      role: "new",
      ports: ports.slice(position * 3, position * 3 + 3),
    }),
  );
}

/** Lays out the nodes of a new cluster, under an authority that no node of the old one knows. */
export async function layOutSuccessors(
  home: string,
  region: string,
  {
    clusterId,
    successors,
  }: { readonly clusterId: string; readonly successors: readonly ClusterNode[] },
): Promise<void> {
  writePem(regionPlaces(home, region).clusterCa, await createAuthority(`Holdfast ${region} nodes`));
  for (const node of successors) foundNode(home, region, { node, clusterId });
  await issueCertificates(home, region, successors);
}

async function issueCertificates(
  home: string,
  region: string,
  nodes: readonly ClusterNode[],
): Promise<void> {
  const { clientCa, clusterCa } = regionPlaces(home, region);
  const clients = await readAuthority(clientCa);
  const cluster = await readAuthority(clusterCa);
  for (const { id: nodeId } of nodes) {
    const places = nodePlaces(home, region, nodeId);
    const { clusterId } = readNodeConfig(places.config);
    writePem(places.server, await issueServerLeaf(clients, nodeId));
    writePem(places.peer, await issuePeerLeaf(cluster, { clusterId, region, nodeId }));
  }
}

function layOutRegion(
  home: string,
  name: string,
  wanted: { readonly nodeIds: readonly string[]; readonly ports: readonly number[] },
): ClusterRegion {
  const nodes = wanted.nodeIds.map((id, position) => {
    const ports = wanted.ports.slice(position * 3, position * 3 + 3);
    // The first one founds the region, and the others join it.
    return nodeAt(home, name, {
      id,
      role: position === 0 ? "stopped" : "new",
      ports,
    });
  });
  return { name, caFile: regionPlaces(home, name).clientCa.cert, nodes };
}

function nodeAt(
  home: string,
  region: string,
  node: { readonly ports: readonly number[] } & Pick<ClusterNode, "id" | "role">,
): ClusterNode {
  const { id, role, ports } = node;
  const [grpc = "", https = "", peer = ""] = ports.map((port) => `127.0.0.1:${port}`);
  const { dataDir } = nodePlaces(home, region, id);
  return { id, pid: null, grpc, peer, https: `https://${https}`, dataDir, role };
}

async function foundRegion(
  home: string,
  region: ClusterRegion,
  credentials: Credentials,
): Promise<void> {
  const places = regionPlaces(home, region.name);
  mkdirSync(places.folder, { recursive: true, mode: 0o700 });
  writePem(places.clientCa, await createAuthority(`Holdfast ${region.name} clients`));
  writePem(places.clusterCa, await createAuthority(`Holdfast ${region.name} nodes`));
  writeFileSync(places.rootKey, randomBytes(32), { mode: 0o600 });
  writeJson(places.administrator, administratorOf(credentials));
  writeWholeFile(places.envFile, renderEnvFile(environmentOf(region, credentials)), "owner");

  const clusterId = randomUUID();
  for (const node of region.nodes) {
    const start: NodeStart | undefined = node.role === "new" ? undefined : { kind: "found" };
    foundNode(home, region.name, { node, clusterId, start });
  }
}

interface NewNode {
  readonly node: ClusterNode;
  readonly clusterId: string;
  readonly start?: NodeStart | undefined;
}

function foundNode(home: string, region: string, wanted: NewNode): void {
  mkdirSync(wanted.node.dataDir, { recursive: true, mode: 0o700 });
  const { config } = nodePlaces(home, region, wanted.node.id);
  writeNodeConfig(config, configurationOf(home, region, wanted));
}

function configurationOf(
  home: string,
  region: string,
  { node, clusterId, start }: NewNode,
): ConfigurationFile {
  const shared = regionPlaces(home, region);
  const own = nodePlaces(home, region, node.id);
  return {
    clusterId,
    region,
    account: localAccount,
    nodeId: node.id,
    dataDir: own.dataDir,
    listen: listenersOf(node),
    ...(start === undefined ? {} : { start }),
    tls: { server: own.server, peer: { ca: shared.clusterCa.cert, ...own.peer } },
    rootKeyFile: shared.rootKey,
    administratorFile: shared.administrator,
    hostNames: ["localhost", "127.0.0.1"],
    promotion: localPromotion,
    disk: localDisk,
    ...limitsOf(home),
    reflection: true,
  };
}

/** Those that somebody has put into the home; without any, nodes have the limits of AWS. */
function limitsOf(home: string): Pick<ConfigurationFile, "limits"> {
  const { nodeLimits } = placesOf(home);
  if (!existsSync(nodeLimits)) return {};
  return { limits: JSON.parse(readFileSync(nodeLimits, "utf8")) as ConfigurationFile["limits"] };
}

function listenersOf({ grpc, https, peer }: ClusterNode): ConfigurationFile["listen"] {
  return { grpc, https: new URL(https).host, peer };
}

async function readAuthority({ cert, key }: PemPaths): Promise<Authority> {
  return openAuthority({ cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") });
}

function writePem(paths: PemPaths, { cert, key }: PemPair): void {
  writeWholeFile(paths.cert, cert, "everybody");
  writeWholeFile(paths.key, key, "owner");
}

function writeJson(path: string, value: unknown): void {
  writeWholeFile(path, `${JSON.stringify(value, undefined, 2)}\n`, "owner");
}
