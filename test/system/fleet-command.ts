// The commands of a local fleet without the build before them: `start`, `stop` and `status`, as
// scripts/run.mjs calls them.
import { runFleetCommand, type Invocation } from "../../cluster/local/main.ts";
import { projectFolder } from "./plain-client.ts";

const [, , kind = "", ...words] = process.argv;
process.exitCode = await runFleetCommand({
  kind: kind as Invocation["kind"],
  words,
  surroundings: {
    folder: process.cwd(),
    projectRoot: projectFolder(),
    variables: process.env,
  },
});
