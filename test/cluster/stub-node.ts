// Stands for the node program where only its process matters: it serves the two health paths from
// a real configuration file, and ends as it is told.
//
//   <dataDir>/exit-at-start   holds the exit code it ends with before it listens
//   <dataDir>/not-ready       exists: /readyz answers 503
//   POST /exit?code=N         it ends with N
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadAdministrator, loadConfiguration, parseAddress } from "../../src/server/config.ts";

const { values } = parseArgs({ options: { config: { type: "string" } } });
const configuration = loadConfiguration(values.config ?? "");
loadAdministrator(configuration.administratorFile);
const { dataDir, listen, members, nodeId, region, tls } = configuration;

const exitAtStart = join(dataDir, "exit-at-start");
if (existsSync(exitAtStart)) {
  console.error(JSON.stringify({ msg: "cannot start", err: { message: "told not to" } }));
  process.exit(Number(readFileSync(exitAtStart, "utf8")));
}

const leader = members[0]?.id;
const health = {
  nodeId,
  region,
  role: nodeId === leader ? "leader" : "follower",
  term: 1,
  leader,
  locked: false,
  applied: 7,
  threads: process.env["UV_THREADPOOL_SIZE"],
  environment: Object.keys(process.env).sort(),
};

const server = createServer(
  { cert: readFileSync(tls.server.cert), key: readFileSync(tls.server.key) },
  (request, response) => {
    const url = new URL(request.url ?? "/", "https://stub");
    if (url.pathname === "/exit") process.exit(Number(url.searchParams.get("code")));
    const isReady = !existsSync(join(dataDir, "not-ready"));
    response.statusCode = url.pathname === "/readyz" && !isReady ? 503 : 200;
    response.end(JSON.stringify(health));
  },
);
server.listen(parseAddress(listen.https));
process.on("SIGTERM", () => process.exit(0));
