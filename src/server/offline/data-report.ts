// What the data of nodes that do not run holds, and which node's holds the most.
import { hex } from "../../base/bytes.ts";
import type { InspectDataOrder } from "../../base/offline-order.ts";
import type { LogPosition } from "../../raft/log-terms.ts";
import { summarizeData, type DataSummary } from "../../storage/data-at-rest.ts";
import { digestBytes } from "../../storage/state-digest.ts";
import { time, type Fact, type Report } from "./report.ts";

export async function inspectData({ dataDirs }: InspectDataOrder): Promise<Report> {
  const found: { dataDir: string; summary: DataSummary }[] = [];
  for (const dataDir of dataDirs) found.push({ dataDir, summary: await summarizeData(dataDir) });
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) {
    const { dataDir, summary } = only;
    const text = lineageText(summary);
    return {
      facts: factsOfData(dataDir, summary),
      lists: { lineage: lineageOf(summary) },
      ...(text === "" ? {} : { text }),
    };
  }
  const best = found.reduce((one, other) =>
    holdsMore(other.summary.lastPosition, one.summary.lastPosition) ? other : one,
  );
  return {
    facts: [["best", "Holds the most", best.dataDir]],
    lists: {
      nodes: found.map(({ dataDir, summary }) => ({
        ...Object.fromEntries(
          factsOfData(dataDir, summary).map(([name, , value]) => [name, value]),
        ),
        lineage: lineageOf(summary),
      })),
    },
    text: found.map(({ dataDir, summary }) => lineOf(dataDir, summary)).join("\n"),
  };
}

/** Of two logs of one cluster, the one with the newer last term holds more (thesis 3.6.1). */
export function holdsMore(one: LogPosition, other: LogPosition): boolean {
  return one.term === other.term ? one.index > other.index : one.term > other.term;
}

export function factsOfData(dataDir: string, summary: DataSummary): readonly Fact[] {
  const { identity, lastPosition, applied } = summary;
  return [
    ["dataDir", "Data", dataDir],
    ["clusterId", "Cluster", identity.clusterId],
    ["region", "Region", identity.region],
    ["nodeId", "Node", identity.nodeId],
    ["voters", "Voters it knows", summary.voters.join(", ")],
    ["term", "Newest term", summary.term],
    ["lastIndex", "Last log entry", lastPosition.index],
    ["lastTerm", "Its term", lastPosition.term],
    ["commitIndex", "Known committed up to", summary.commitIndex],
    ["appliedIndex", "Applied up to", applied.index],
    ["secretCount", "Secrets", summary.secretCount],
    ["stateDigest", "State digest", hex(digestBytes(summary.digest))],
  ];
}

function lineageOf({ lineage }: DataSummary): readonly Readonly<Record<string, unknown>>[] {
  return lineage.map(({ kind, clusterId, position, at, backupAt }) => ({
    kind,
    clusterId,
    index: position.index,
    term: position.term,
    at: time(at),
    ...(backupAt === undefined ? {} : { backupAt: time(backupAt) }),
  }));
}

/** Which clusters the state was part of before, a line each. */
function lineageText({ lineage }: DataSummary): string {
  const lines = lineage.map(({ kind, clusterId, position, at, backupAt }) => {
    const how = kind === "restored" ? "Restored from a backup" : "Forced from a survivor";
    const when = backupAt === undefined ? "" : ` (backup of ${time(backupAt)})`;
    return `${how} of cluster ${clusterId} at entry ${position.index}, on ${time(at)}${when}`;
  });
  return lines.join("\n");
}

function lineOf(dataDir: string, { identity, lastPosition, commitIndex }: DataSummary): string {
  const { index, term } = lastPosition;
  return (
    `${identity.nodeId} of cluster ${identity.clusterId}: last entry ${index} of term ${term}, ` +
    `known committed up to ${commitIndex} (${dataDir})`
  );
}
