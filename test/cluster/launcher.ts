// Launches a tethered fleet of one node, tells the supervisor's process id, and lasts as long as
// the supervisor does.
import { LocalFleet } from "../../cluster/local/local-fleet.ts";

const [, , home = "", program = ""] = process.argv;
const fleet = await LocalFleet.launch({
  home,
  program,
  shape: { regions: ["us-east-1"], nodesPerRegion: 1 },
});
process.on("disconnect", () => process.exit());
process.send?.(fleet.supervisorPid);
await fleet.ended();
process.exit();
