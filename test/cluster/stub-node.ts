// Stands for the node program where only its process matters: it serves the two health paths and
// the Cluster service from a real configuration file, and ends as it is told. The first node of a
// region leads it, and every node that is started is a member.
//
//   <dataDir>/exit-at-start   holds the exit code it ends with before it listens
//   <dataDir>/not-ready       exists: /readyz answers 503
//   <dataDir>/stranger        exists: its region does not count it among its members
//   POST /exit?code=N         it ends with N
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:https";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../../src/base/clock.ts";
import { systemEntropy } from "../../src/base/entropy.ts";
import { loadAdministrator, loadConfiguration, parseAddress } from "../../src/server/config.ts";
import { administratorCredentials } from "../../src/server/credential-store.ts";
import { clusterHandlers } from "../../src/server/grpc/cluster-handlers.ts";
import { listenGrpc } from "../../src/server/grpc/listen.ts";
import type { CallOperation } from "../../src/server/grpc/operation-handlers.ts";

const { values } = parseArgs({ options: { config: { type: "string" } } });
const configuration = loadConfiguration(values.config ?? "");
const administrator = loadAdministrator(configuration.administratorFile);
const { account, dataDir, listen, nodeId, region, tls } = configuration;

const exitAtStart = join(dataDir, "exit-at-start");
if (existsSync(exitAtStart)) {
  console.error(JSON.stringify({ msg: "cannot start", err: { message: "told not to" } }));
  process.exit(Number(readFileSync(exitAtStart, "utf8")));
}

const leader = `${region}-n1`;
const health = {
  nodeId,
  region,
  role: nodeId === leader ? "leader" : "follower",
  term: 1,
  leader,
  locked: false,
  applied: 7,
  standing: "voter",
  threads: process.env["UV_THREADPOOL_SIZE"],
  environment: Object.keys(process.env).sort(),
};

const identity = { cert: readFileSync(tls.server.cert), key: readFileSync(tls.server.key) };
const server = createServer(identity, (request, response) => {
  const url = new URL(request.url ?? "/", "https://stub");
  if (url.pathname === "/exit") process.exit(Number(url.searchParams.get("code")));
  const isReady = !existsSync(join(dataDir, "not-ready"));
  response.statusCode = url.pathname === "/readyz" && !isReady ? 503 : 200;
  response.end(JSON.stringify(health));
});
server.listen(parseAddress(listen.https));
process.on("SIGTERM", () => process.exit(0));

const credentials = administratorCredentials({ ...administrator, account });
const parts = {
  authenticate: (token: string) => credentials.bearerToken(token),
  clock: systemClock,
  entropy: systemEntropy,
  onInternalError: (error: unknown) => {
    console.error(error);
  },
};
const answers: Readonly<Record<string, () => object>> = {
  InviteMember: () => ({ token: `ticket of ${nodeId}`, through: [listen.peer] }),
  ListMembers: () => ({ leader, members: members().map((id) => ({ nodeId: id })) }),
};
await listenGrpc({
  address: listen.grpc,
  tls: { cert: identity.cert.toString(), key: identity.key.toString() },
  secrets: {},
  backup: {},
  watch: {},
  cluster: clusterHandlers(
    () => Promise.resolve({ members: [] }),
    ((operation: string) => Promise.resolve(answers[operation]?.() ?? {})) as CallOperation,
    parts,
  ),
  reflection: "off",
  calls: parts,
});

function members(): readonly string[] {
  const folder = dirname(dirname(dataDir));
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => !existsSync(join(folder, name, "data", "stranger")));
}
