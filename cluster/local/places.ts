// Where everything of a local fleet lies below its home folder.
//
//   cluster.json                      process ids, ports and roles, kept true by the supervisor
//   supervisor.sock  supervisor.log   how the supervisor is asked, and what it said
//   env/<region>.env                  for a shell to source
//   node-limits.json                  if it is there: the `limits` of nodes that are laid out new
//   regions/<region>/                 what the nodes of a region share: authorities, root key,
//                                     administrator
//   regions/<region>/<node id>/       config.json, certificates, node.log, data/
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface FleetPlaces {
  readonly home: string;
  readonly clusterFile: string;
  readonly controlSocket: string;
  readonly supervisorLog: string;
  readonly envFolder: string;
  readonly regionsFolder: string;
  readonly nodeLimits: string;
}

export interface RegionPlaces {
  readonly folder: string;
  readonly envFile: string;
  readonly clientCa: PemPaths;
  readonly clusterCa: PemPaths;
  readonly rootKey: string;
  readonly administrator: string;
}

export interface NodePlaces {
  readonly folder: string;
  readonly config: string;
  readonly server: PemPaths;
  readonly peer: PemPaths;
  readonly dataDir: string;
  readonly log: string;
}

export interface PemPaths {
  readonly cert: string;
  readonly key: string;
}

/** What the kernel keeps for a unix socket's path is 108 bytes on Linux and 104 on macOS. */
const socketPathLimit = 100;

export function placesOf(home: string): FleetPlaces {
  return {
    home,
    clusterFile: join(home, "cluster.json"),
    controlSocket: controlSocketOf(home),
    supervisorLog: join(home, "supervisor.log"),
    envFolder: join(home, "env"),
    regionsFolder: join(home, "regions"),
    nodeLimits: join(home, "node-limits.json"),
  };
}

export function regionPlaces(home: string, region: string): RegionPlaces {
  const places = placesOf(home);
  const folder = join(places.regionsFolder, region);
  return {
    folder,
    envFile: join(places.envFolder, `${region}.env`),
    clientCa: pemPaths(folder, "client-ca"),
    clusterCa: pemPaths(folder, "cluster-ca"),
    rootKey: join(folder, "root.key"),
    administrator: join(folder, "administrator.json"),
  };
}

export function nodePlaces(home: string, region: string, nodeId: string): NodePlaces {
  const folder = join(placesOf(home).regionsFolder, region, nodeId);
  return {
    folder,
    config: join(folder, "config.json"),
    server: pemPaths(folder, "server"),
    peer: pemPaths(folder, "peer"),
    dataDir: join(folder, "data"),
    log: join(folder, "node.log"),
  };
}

function pemPaths(folder: string, name: string): PemPaths {
  return { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
}

function controlSocketOf(home: string): string {
  const near = join(home, "supervisor.sock");
  if (Buffer.byteLength(near) <= socketPathLimit) return near;
  const digest = createHash("sha256").update(home).digest("hex").slice(0, 16);
  return join(tmpdir(), `holdfast-${digest}.sock`);
}
