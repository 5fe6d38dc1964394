// How a node begins whose data directory is empty: it founds a region or joins one, as it is told.
// One that is told nothing has lost its data, and must not come back as if it never had any.
import { randomInt } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";
import { RefusedError } from "../base/errors.ts";
import { joinRegion, type KnownPeers } from "../consensus/join-region.ts";
import { NodeRemovedError } from "../consensus/node-removed.ts";
import type { PeerCertificates } from "../consensus/peer-identity.ts";
import type { Log } from "../observability/log.ts";
import { votersOnly, type Configuration as Members } from "../raft/configuration.ts";
import { holdsData } from "../storage/data-presence.ts";
import { ConfigurationError, type Configuration } from "./config.ts";

export interface Beginning {
  /** Who counts when the data is new. */
  readonly founders: Members;
  /** Where others are, as far as the data does not know better. */
  readonly peers: KnownPeers;
}

export interface BeginParts {
  readonly configuration: Configuration;
  readonly certificates: PeerCertificates;
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * Resolves when the node may open its data: at once, or when its region has let it in.
 *
 * Throws `ConfigurationError` when it is told neither to found nor to join, or when its ticket is
 * refused for certain; `NodeRemovedError` when its id is used up.
 */
export async function begin(parts: BeginParts): Promise<Beginning> {
  const { configuration, log } = parts;
  const { start, dataDir, nodeId, lastSeen } = configuration;
  // Data that was begun and not finished is made anew from this.
  const founders = votersOnly(start?.kind === "found" ? [nodeId] : []);
  if (holdsData(dataDir)) {
    return { founders, peers: lastSeen.map(({ id, peer }) => ({ id, address: peer })) };
  }
  if (start === undefined) {
    throw new ConfigurationError(
      `The data directory ${dataDir} is empty, and the configuration does not say how to start. ` +
        'A node that lost its data is a new node: "holdfast cluster add" with a new id prints what ' +
        'it needs. The first node of a new region says "start": {"kind": "found"}',
    );
  }
  if (start.kind === "found") {
    log.notice("The node founds its region");
    return { founders, peers: [] };
  }
  log.notice("The node asks to be let into its region");
  return { founders, peers: await join(parts, start) };
}

async function join(
  { configuration, certificates, log, clock }: BeginParts,
  { token, through }: Extract<Configuration["start"], { readonly kind: "join" }>,
): Promise<KnownPeers> {
  const { clusterId, region, nodeId, listen, advertise } = configuration;
  try {
    return await joinRegion({
      identity: { clusterId, region, nodeId },
      certificates,
      token,
      through,
      addresses: advertise ?? listen,
      monotonicMs: () => clock.monotonicMs(),
      deadlineMs: Infinity,
      pause: (ms) => pause(ms),
      draw: () => randomInt(1_000) / 1_000,
      onTrouble: (address, reason) => {
        log.warn("The node is not let in yet", { address, reason });
      },
    });
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    if (error.refusal.code === "node_removed") throw new NodeRemovedError(nodeId);
    throw new ConfigurationError(
      `${nodeId} is not let into ${region}: ${error.message} "holdfast cluster add" makes a ticket`,
      { cause: error },
    );
  }
}
