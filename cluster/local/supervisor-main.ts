// The supervisor's process: takes the home's socket, makes or opens the fleet there, and reports
// once to the process that started it. `launchSupervisor` in local-fleet.ts starts it.
import { mkdirSync } from "node:fs";
import type { ClusterFile } from "./cluster-file.ts";
import { ControlServer } from "./control-server.ts";
import { openFleet } from "./open-fleet.ts";
import { placesOf } from "./places.ts";
import type { StopMode } from "./node-process.ts";
import { endOrphans } from "./orphans.ts";
import { Supervisor } from "./supervisor.ts";
import type { StartReport, SupervisorOrders } from "./supervisor-orders.ts";

/** How long a connection may keep the process after its work is done. */
const farewellMs = 1_000;

await main(JSON.parse(process.argv[2] ?? "{}") as SupervisorOrders);

async function main(orders: SupervisorOrders): Promise<void> {
  mkdirSync(orders.home, { recursive: true, mode: 0o700 });
  let announce: (supervisor: Supervisor) => void = () => undefined;
  const supervising = new Promise<Supervisor>((resolve) => (announce = resolve));

  // Before anything is read or written: two supervisors would each start every node.
  const server = await ControlServer.listen(placesOf(orders.home).controlSocket, async (request) =>
    (await supervising).answer(request),
  );
  if (server === undefined) {
    await report({ kind: "refused", sentence: `The fleet in ${orders.home} is already running.` });
    process.exit(1);
  }

  const supervisor = new Supervisor(
    {
      ...orders,
      onEnd: () => {
        leave(server);
      },
    },
    await open(orders),
  );
  const end = (mode: StopMode): void => void supervisor.end(mode);
  process.on("SIGTERM", () => {
    end("orderly");
  });
  process.on("SIGINT", () => {
    end("orderly");
  });
  process.on("disconnect", () => {
    if (orders.lifetime === "tethered") end("at_once");
  });
  supervisor.begin(orders.part);
  announce(supervisor);
  await report({ kind: "up" });
}

/** The fleet of the home, with nothing of it running any more. */
async function open(orders: SupervisorOrders): Promise<ClusterFile> {
  try {
    const orphans = await endOrphans(orders.home);
    if (orphans > 0) {
      console.error(`Ended ${orphans} nodes that an earlier supervisor left behind.`);
    }
    return await openFleet(orders);
  } catch (error) {
    console.error(error);
    await report({
      kind: "refused",
      sentence: error instanceof Error ? error.message : String(error),
    });
    process.exit(1);
  }
}

function report(message: StartReport): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) {
      resolve();
      return;
    }
    // Nobody may be left to read it; cluster.json tells the same.
    process.send(message, () => {
      resolve();
    });
  });
}

function leave(server: ControlServer): void {
  server.close();
  if (process.connected) process.disconnect();
  setTimeout(() => process.exit(0), farewellMs).unref();
}
