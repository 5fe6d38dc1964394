// A process whose only node starts and stops again: raft-node.test.ts sees whether it then ends.
import { RunningRegion, soon } from "./running-region.ts";

await using region = await RunningRegion.start(["n1"]);
const { node } = await region.leader();
await node.readBarrier(soon());
