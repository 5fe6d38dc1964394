// What a person does with a ticket: the lines of the new node's configuration, ready to be pasted.
import type { InviteMemberResponse } from "../generated/public-contract.ts";

export function joinText(invitation: InviteMemberResponse): string {
  const { clusterId = "", region = "", nodeId = "", token = "", expiresAt, through } = invitation;
  const start = { kind: "join", token, through };
  const lines = JSON.stringify({ clusterId, region, nodeId, start }, undefined, 2)
    .split("\n")
    .slice(1, -1);
  const end = expiresAt === undefined ? "" : ` until ${new Date(expiresAt).toISOString()}`;
  return [
    `${nodeId} may join${end}, once. Only here is its ticket shown:`,
    "",
    `  ${token}`,
    "",
    `In the configuration of ${nodeId}, beside its own addresses and files:`,
    "",
    ...lines,
    "",
    "Its peer certificate names it, and nothing else:",
    "",
    `  URI:spiffe://holdfast/cluster/${clusterId}/region/${region}/node/${nodeId}`,
    "",
    'Start it with an empty data directory; "holdfast cluster members" shows how far it has come.',
    "",
  ].join("\n");
}
