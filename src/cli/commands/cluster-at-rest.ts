// The commands on the data of nodes that do not run, for the day on which a quorum is lost.
import type { Command } from "commander";
import { collect } from "../argument-values.ts";
import { runOffline } from "../run-offline.ts";

export function addAtRestCommands(cluster: Command): void {
  addInspect(cluster);
  addForceNewCluster(cluster);
}

function addInspect(cluster: Command): void {
  cluster
    .command("inspect")
    .description("show what the data of nodes that do not run holds, and which holds the most")
    .requiredOption("--data-dir <folder>", "a node's data; may be given several times", collect)
    .action(async ({ dataDir }: { readonly dataDir: readonly string[] }, command: Command) => {
      await runOffline(command, { kind: "inspect_data", dataDirs: dataDir });
    });
}

interface ForceOptions {
  readonly dataDir: string;
  readonly peerDataDir?: readonly string[];
  readonly clusterId?: string;
  readonly yesITyped?: string;
}

function addForceNewCluster(cluster: Command): void {
  cluster
    .command("force-new-cluster")
    .description("give up a cluster that lost its quorum: one survivor goes on as a new one")
    .requiredOption("--data-dir <folder>", "the data of the survivor that holds the most")
    .option("--peer-data-dir <folder>", "another survivor's, to compare; several times", collect)
    .option("--cluster-id <id>", "the new cluster; minted unless given")
    .option("--yes-i-typed <cluster-id>", "the old cluster's id, for scripts; asked for otherwise")
    .action(async (options: ForceOptions, command: Command) => {
      const { dataDir, peerDataDir = [], clusterId, yesITyped } = options;
      await runOffline(command, {
        kind: "force_new_cluster",
        dataDir,
        peerDataDirs: peerDataDir,
        clusterId,
        typedClusterId: yesITyped,
      });
    });
}
