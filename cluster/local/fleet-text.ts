// What the fleet's commands print: made of what is known, and nothing looked up.
import Table from "cli-table3";
import type { FleetStatus, NodeStatus, RegionStatus } from "./control.ts";

/** What follows a start: where everything is, and three things to do with it. */
export function welcomeText(status: FleetStatus, envFileOf: (region: string) => string): string {
  const regions = status.regions.map((region) => regionText(region, envFileOf(region.name)));
  const [first] = status.regions;
  return [...regions, ...(first === undefined ? [] : [tryText(envFileOf(first.name))])].join("\n");
}

function regionText({ name, nodes }: RegionStatus, envFile: string): string {
  const idWidth = Math.max(...nodes.map(({ id }) => id.length));
  const roleWidth = Math.max(...nodes.map(({ role }) => role.length));
  const lines = nodes.map(
    ({ id, role, grpc, https }) =>
      `    ${id.padEnd(idWidth)}  ${role.padEnd(roleWidth)}  gRPC ${grpc}   AWS ${https}`,
  );
  return [`  ${name}`, ...lines, `    environment: ${envFile}`, ""].join("\n");
}

function tryText(envFile: string): string {
  return [
    `Three things to try, after: source ${envFile}`,
    "",
    // Before 2.13 the AWS CLI does not read its endpoint from the environment.
    '  aws --endpoint-url "$AWS_ENDPOINT_URL_SECRETS_MANAGER" secretsmanager create-secret \\',
    "    --name first --secret-string 'it holds'",
    "  npx holdfast secret get first",
    "  npm run status",
    "",
  ].join("\n");
}

export function statusTable({ supervised, regions }: FleetStatus): string {
  const table = new Table({
    head: [
      "region",
      "node",
      "role",
      "pid",
      "term",
      "applied",
      "gRPC",
      "AWS and health",
      "restarts",
    ],
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  for (const region of regions) {
    for (const node of region.nodes) table.push([region.name, ...cellsOf(node)]);
  }
  const nodes = regions.flatMap((region) => region.nodes);
  const notes = nodes.flatMap(noteOf);
  const orphans = nodes.filter(({ pid }) => pid !== null).length;
  if (!supervised && orphans === 0) notes.push("The fleet is stopped. npm start brings it back.");
  if (!supervised && orphans > 0) {
    notes.push(`${orphans} nodes run with nobody to look after them. npm start takes over.`);
  }
  return [table.toString(), ...notes, ""].join("\n");
}

function cellsOf({ id, role, pid, health, grpc, https, restarts }: NodeStatus): string[] {
  return [
    id,
    health?.locked === true ? `${role}, locked` : role,
    String(pid ?? "-"),
    String(health?.term ?? "-"),
    String(health?.applied ?? "-"),
    grpc,
    https,
    String(restarts),
  ];
}

/** Why a node is not as it should be, and what may be done. */
function noteOf({ id, role, lastExit, lastLogLine }: NodeStatus): readonly string[] {
  if (role === "removed") return [`${id} was removed from its region. Its id is never used again.`];
  if (role === "new") return [`${id} has not joined its region yet: that takes a leader there.`];
  if (lastExit === null || (role !== "failed" && lastLogLine === null)) return [];
  const said = lastLogLine === null ? "" : ` It said last: ${lastLogLine}`;
  const remedy =
    role === "failed"
      ? ` It stays down; after mending: npm start -- --detach --node ${id}, or a fresh node in its ` +
        `place: npm start -- --detach --replace-node ${id}`
      : "";
  return [`${id} ended with ${lastExit}.${said}${remedy}`];
}
