// What the supervisor and the fleet's commands ask of a region, as any other client: through the
// public API, with the administrator's token.
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { HoldfastClient, HoldfastError } from "../../src/client/client.ts";
import type { ClusterNode } from "./cluster-file.ts";
import { readEnvFile } from "./env-file.ts";
import type { NodeStart } from "./node-config.ts";
import { regionPlaces } from "./places.ts";

/** What a new node is to become by itself. */
export type Becoming = "voter" | "learner";

/** A region with those of its nodes that may answer. */
export interface CalledRegion {
  readonly name: string;
  readonly nodes: readonly Pick<ClusterNode, "pid" | "grpc">[];
}

const patienceMs = 3_000;
const changeMs = 30_000;

/** Gets a ticket for a node. Throws a `HoldfastError`. */
export async function inviteNode(
  home: string,
  region: CalledRegion,
  { nodeId, becomes }: { readonly nodeId: string; readonly becomes: Becoming },
): Promise<NodeStart> {
  using client = clientOf(home, region, patienceMs);
  const learner = becomes === "learner";
  const { token = "", through } = await client.inviteMember({ nodeId, learner });
  return { kind: "join", token, through: [...through] };
}

/** The ids of the members, by the leader's word. Throws a `HoldfastError`. */
export async function memberIds(home: string, region: CalledRegion): Promise<ReadonlySet<string>> {
  using client = clientOf(home, region, patienceMs);
  const { members } = await client.listMembers();
  return new Set(members.flatMap(({ nodeId }) => nodeId ?? []));
}

const askAgainMs = 200;

/** Replaces a member once its replacement has caught up. Throws a `HoldfastError`. */
export async function replaceNode(
  home: string,
  region: CalledRegion,
  change: { readonly nodeId: string; readonly replacementId: string; readonly withinMs: number },
): Promise<void> {
  using client = clientOf(home, region, changeMs);
  const { nodeId, replacementId, withinMs } = change;
  const end = performance.now() + withinMs;
  for (;;) {
    try {
      await client.replaceMember({ nodeId, replacementId });
      return;
    } catch (error) {
      if (!isEarly(error) || performance.now() > end) throw error;
      await pause(askAgainMs);
    }
  }
}

/** The new node has not joined yet, is behind, or another change has to end first. */
function isEarly(error: unknown): boolean {
  if (!(error instanceof HoldfastError)) return false;
  return ["unknown_node", "learner_behind", "membership_changing", "no_leader"].includes(
    error.code,
  );
}

function clientOf(home: string, { name, nodes }: CalledRegion, deadlineMs: number): HoldfastClient {
  const places = regionPlaces(home, name);
  return new HoldfastClient({
    endpoints: nodes.filter(({ pid }) => pid !== null).map(({ grpc }) => grpc),
    token: readEnvFile(places.envFile)["HOLDFAST_TOKEN"] ?? "",
    ca: readFileSync(places.clientCa.cert, "utf8"),
    deadlineMs,
  });
}
