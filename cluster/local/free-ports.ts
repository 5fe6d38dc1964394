// Finds ports nobody listens on. They lie below the range from which systems hand out ports to
// outgoing connections, so that a fleet finds its own free again tomorrow.
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

const lowest = 20_000;
const highest = 31_999;

/** Different ports on 127.0.0.1, in ascending order from a random start. */
export async function findFreePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let port = randomInt(lowest, highest - count * 10); ports.length < count; port += 1) {
    if (port > highest) throw new Error(`No ${count} free ports from ${lowest} to ${highest}.`);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host: "127.0.0.1", exclusive: true });
    await once(server, "listening");
    return true;
  } catch {
    // Whatever keeps us from listening, the port is not for us.
    return false;
  } finally {
    server.close();
  }
}
