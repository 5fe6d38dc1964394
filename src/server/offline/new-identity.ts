// The identity of a cluster that takes the place of another.
import { systemEntropy } from "../../base/entropy.ts";
import { clusterId, type ClusterId } from "../../base/ids.ts";
import type { LineageStep } from "../../storage/lineage-row.ts";
import { OfflineRefusal } from "./report.ts";

interface Former {
  readonly clusterId: ClusterId;
  readonly lineage: readonly LineageStep[];
}

/**
 * The id that was asked for, or a fresh one. Throws `OfflineRefusal` for one that the state was
 * ever part of: nodes of that cluster could take it for their own.
 */
export function newClusterId(wanted: string | undefined, former: Former): ClusterId {
  if (wanted === undefined) return clusterId(systemEntropy.uuid());
  if (!isIdentifier(wanted)) {
    throw new OfflineRefusal(
      `"${wanted}" cannot be a cluster's id: 1 to 64 lower-case letters, digits and inner hyphens`,
    );
  }
  const earlier = [former.clusterId, ...former.lineage.map((step) => step.clusterId)];
  if (!earlier.includes(clusterId(wanted))) return clusterId(wanted);
  throw new OfflineRefusal(
    `The new cluster needs an id of its own: this data was part of ${wanted} before, and nodes of ` +
      "it that come back could take the new cluster for theirs. Leave it out to have one made",
  );
}

/** As the configuration of a node wants its ids. */
export function isIdentifier(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/.test(text);
}

/** The name that the peer certificate of a node carries. */
export function peerName(identity: {
  readonly clusterId: string;
  readonly region: string;
  readonly nodeId: string;
}): string {
  const { clusterId: cluster, region, nodeId } = identity;
  return `spiffe://holdfast/cluster/${cluster}/region/${region}/node/${nodeId}`;
}
