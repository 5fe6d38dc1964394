// Runs one of the fleet's commands on stub nodes, as a process that can be sent signals.
import { join } from "node:path";
import { runFleetCommand, type Invocation } from "../../cluster/local/main.ts";

const [, , home = "", kind, ...words] = process.argv;
process.exitCode = await runFleetCommand({
  kind: kind as Invocation["kind"],
  words,
  surroundings: { folder: home, projectRoot: home, variables: {} },
  program: join(import.meta.dirname, "stub-node.js"),
});
