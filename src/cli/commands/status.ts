// The command that shows what the node that answers knows of itself and its region.
import type { Command } from "commander";
import { runCommand } from "../run-command.ts";

export function addStatus(parent: Command): void {
  parent
    .command("status")
    .description("show the node that answers and the members of its region")
    .action(async (_options: object, command: Command) => {
      await runCommand(command, async (client) => ({
        kind: "message",
        name: "StatusResponse",
        message: await client.clusterStatus(),
        columns: {
          list: "Members",
          members: ["NodeId", "Standing", "PeerAddress", "GrpcAddress", "HttpsAddress"],
        },
      }));
    });
}
