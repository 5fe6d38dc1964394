// Whether the process lives (`/healthz`) and whether it can serve (`/readyz`), for supervisors and
// load balancers. Not signed: there is nothing here that a caller of the endpoint may not know.
import type { ServerResponse } from "node:http";
import type { LogIndex, NodeId, Term } from "../../base/ids.ts";
import type { RouteHandler } from "./listen.ts";

export interface NodeHealth {
  readonly nodeId: NodeId;
  readonly region: string;
  /** Such as `leader` or `follower`. */
  readonly role: string;
  readonly term: Term;
  readonly leader: NodeId | undefined;
  /** Whether the node lacks its root key: it votes and replicates, and answers no caller. */
  readonly locked: boolean;
  readonly applied: LogIndex;
  /** `low`: its disk is nearly full, and it takes nothing new as the leader. */
  readonly space: "enough" | "low";
  /** What it is in its region, such as `voter`; absent while it knows of none. */
  readonly standing: string | undefined;
}

/** `GET /healthz` is 200 while the process answers; `GET /readyz` 503 when locked or leaderless. */
export function healthRoutes(health: () => NodeHealth): ReadonlyMap<string, RouteHandler> {
  return new Map<string, RouteHandler>([
    [
      "GET /healthz",
      (_request, response) => {
        sendHealth(response, 200, health());
      },
    ],
    [
      "GET /readyz",
      (_request, response) => {
        const found = health();
        const canServe = found.leader !== undefined && !found.locked;
        sendHealth(response, canServe ? 200 : 503, found);
      },
    ],
  ]);
}

function sendHealth(response: ServerResponse, http: number, health: NodeHealth): void {
  const body = JSON.stringify({
    ...health,
    leader: health.leader ?? null,
    standing: health.standing ?? null,
  });
  response.writeHead(http, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  response.end(body);
}
