// Founds a fleet in an empty home: ports, authorities, keys, credentials and one configuration file
// for each node. Everything but the nodes' certificates is then kept for the life of the fleet.
import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
  writeClusterFile,
  type ClusterFile,
  type ClusterNode,
  type ClusterRegion,
} from "./cluster-file.ts";
import { administratorOf, mintCredentials, type Credentials } from "./credentials.ts";
import { environmentOf, renderEnvFile } from "./env-file.ts";
import { findFreePorts } from "./free-ports.ts";
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
  for (const { name: region, nodes } of regions) {
    const { clientCa, clusterCa } = regionPlaces(home, region);
    const clients = await readAuthority(clientCa);
    const cluster = await readAuthority(clusterCa);
    for (const { id: nodeId } of nodes) {
      const places = nodePlaces(home, region, nodeId);
      const clusterId = clusterIdOf(places.config);
      writePem(places.server, await issueServerLeaf(clients, nodeId));
      writePem(places.peer, await issuePeerLeaf(cluster, { clusterId, region, nodeId }));
    }
  }
}

function layOutRegion(
  home: string,
  name: string,
  wanted: { readonly nodeIds: readonly string[]; readonly ports: readonly number[] },
): ClusterRegion {
  const addresses = wanted.ports.map((port) => `127.0.0.1:${port}`);
  const nodes = wanted.nodeIds.map((id, position): ClusterNode => {
    const [grpc = "", https = "", peer = ""] = addresses.slice(position * 3);
    return {
      id,
      pid: null,
      grpc,
      peer,
      https: `https://${https}`,
      dataDir: nodePlaces(home, name, id).dataDir,
      role: "stopped",
    };
  });
  return { name, caFile: regionPlaces(home, name).clientCa.cert, nodes };
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
    mkdirSync(node.dataDir, { recursive: true, mode: 0o700 });
    writeJson(
      nodePlaces(home, region.name, node.id).config,
      configurationOf(home, { region, node, clusterId }),
    );
  }
}

function configurationOf(
  home: string,
  {
    region,
    node,
    clusterId,
  }: { readonly region: ClusterRegion; readonly node: ClusterNode; readonly clusterId: string },
): ConfigurationFile {
  const shared = regionPlaces(home, region.name);
  const own = nodePlaces(home, region.name, node.id);
  return {
    clusterId,
    region: region.name,
    account: localAccount,
    nodeId: node.id,
    dataDir: own.dataDir,
    listen: listenersOf(node),
    members: region.nodes.map((each) => ({ id: each.id, ...listenersOf(each) })),
    tls: { server: own.server, peer: { ca: shared.clusterCa.cert, ...own.peer } },
    rootKeyFile: shared.rootKey,
    administratorFile: shared.administrator,
    hostNames: ["localhost", "127.0.0.1"],
    reflection: true,
  };
}

function listenersOf({ grpc, https, peer }: ClusterNode): ConfigurationFile["listen"] {
  return { grpc, https: new URL(https).host, peer };
}

function clusterIdOf(configFile: string): string {
  const { clusterId } = JSON.parse(readFileSync(configFile, "utf8")) as ConfigurationFile;
  return clusterId;
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
