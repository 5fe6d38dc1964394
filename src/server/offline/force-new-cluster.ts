// The last resort: one survivor goes on alone. What that may cost is said first, and done only when
// the old cluster's id is typed back.
import { createInterface } from "node:readline";
import { systemClock } from "../../base/clock.ts";
import type { ForceNewClusterOrder } from "../../base/offline-order.ts";
import { summarizeData, type DataSummary } from "../../storage/data-at-rest.ts";
import { forceNewCluster } from "../../storage/force-new-cluster.ts";
import { factsOfData, holdsMore } from "./data-report.ts";
import { newClusterId, peerName } from "./new-identity.ts";
import { OfflineRefusal, reportText, type Report } from "./report.ts";

/**
 * `warn` is given what may be lost, before anything is done. Throws `OfflineRefusal`,
 * `DataAtRestError`, `CorruptionError`.
 */
export async function forceCluster(
  order: ForceNewClusterOrder,
  warn: (text: string) => void = (text) => process.stderr.write(text),
): Promise<Report> {
  const { dataDir, peerDataDirs } = order;
  const summary = await summarizeData(dataDir);
  const { identity, lineage } = summary;
  const cluster = newClusterId(order.clusterId, { clusterId: identity.clusterId, lineage });
  await compareWithPeers(summary, peerDataDirs);
  warn(`${reportText(warningOf(order, summary))}\n`);
  await confirm(order, identity.clusterId);

  const forced = await forceNewCluster(dataDir, { cluster, now: systemClock.now() });
  return {
    facts: [
      ["formerClusterId", "Old cluster", identity.clusterId],
      ["newClusterId", "New cluster", forced.identity.clusterId],
      ["nodeId", "Its only node", forced.identity.nodeId],
      ["dataDir", "Data", dataDir],
      ["lastIndex", "Holds up to entry", summary.lastPosition.index],
      ["newIndex", "Goes on after entry", forced.position.index],
    ],
    text: `Next:
  1. The node's configuration says "clusterId": "${forced.identity.clusterId}".
  2. Its peer certificate has this one name, and is signed by an authority made for this cluster:
       ${peerName(forced.identity)}
  3. Start it. It is the only voter, so it leads and answers at once.
  4. Never start a node of the old cluster again. Each machine may join the new one with an empty
     data directory: holdfast cluster add NODE-ID`,
  };
}

/** The best survivor is the one to take: throws when one that was shown holds more. */
async function compareWithPeers(own: DataSummary, peers: readonly string[]): Promise<void> {
  for (const dataDir of peers) {
    const peer = await summarizeData(dataDir);
    if (peer.identity.clusterId !== own.identity.clusterId) {
      throw new OfflineRefusal(
        `${dataDir} is no survivor of this cluster: it belongs to ${peer.identity.clusterId}`,
      );
    }
    if (!holdsMore(peer.lastPosition, own.lastPosition)) continue;
    const { index, term } = peer.lastPosition;
    throw new OfflineRefusal(
      `${dataDir} holds more: its last entry is ${index} of term ${term}, and here it is ` +
        `${own.lastPosition.index} of term ${own.lastPosition.term}. Take that one. ` +
        "Nothing was changed",
    );
  }
}

async function confirm({ typedClusterId }: ForceNewClusterOrder, clusterId: string): Promise<void> {
  const typed = typedClusterId ?? (await ask("Type the cluster's id to go on: "));
  if (typed === clusterId) return;
  throw new OfflineRefusal(
    "That is not the id of the cluster that is to be given up. Nothing was changed",
  );
}

function warningOf({ dataDir, peerDataDirs }: ForceNewClusterOrder, summary: DataSummary): Report {
  const { lastPosition, commitIndex, identity } = summary;
  const unsure = lastPosition.index - commitIndex;
  const compared =
    peerDataDirs.length === 0
      ? "No other survivor was\n    compared (--peer-data-dir, or `holdfast cluster inspect` on " +
        "each machine): one that holds\n    more should be taken instead."
      : `Of the ${peerDataDirs.length} other\n    survivors shown, none holds more.`;
  const certain =
    unsure === 0
      ? "Every entry here is known to be committed."
      : `The last ${unsure} entries here, after ${commitIndex}, are not known to be committed. They are ` +
        "kept as if they were.";
  return {
    facts: factsOfData(dataDir, summary),
    text: `This node becomes a cluster of its own, and cluster ${identity.clusterId} is given up.
  - Entries after ${lastPosition.index} are lost, if other nodes acknowledged any. ${compared}
  - ${certain}
  - No node of the old cluster can ever be a member of the new one with its data.`,
  };
}

/** One line of standard input; nothing, when it ends without one. */
async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  const input = createInterface({ input: process.stdin });
  try {
    const line = await new Promise<string>((resolve) => {
      input.once("line", resolve);
      input.once("close", () => {
        resolve("");
      });
    });
    return line.trim();
  } finally {
    input.close();
  }
}
