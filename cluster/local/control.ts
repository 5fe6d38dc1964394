// What is said on the supervisor's socket: one JSON value a line, a request and its answer.
import { connect } from "node:net";
import type { ClusterNode, ClusterRegion } from "./cluster-file.ts";
import type { NodeHealth } from "./node-health.ts";
import type { StopMode } from "./node-process.ts";
import type { Becoming } from "./region-calls.ts";
import type { FleetPart } from "./shape.ts";

export type ControlRequest =
  | { readonly kind: "status" }
  | { readonly kind: "start"; readonly part: FleetPart }
  /** All: the supervisor ends too, once it has answered. */
  | { readonly kind: "stop"; readonly part: FleetPart; readonly mode: StopMode }
  /** One more node for a region: it is laid out, gets a ticket and is started. */
  | { readonly kind: "add"; readonly region: string; readonly becomes: Becoming }
  /** The region has removed the node: it is stopped and never started again. */
  | { readonly kind: "retire"; readonly nodeId: string };

export type ControlAnswer =
  | { readonly kind: "done" }
  | { readonly kind: "status"; readonly status: FleetStatus }
  | { readonly kind: "added"; readonly nodeId: string }
  | { readonly kind: "refused"; readonly sentence: string };

/** cluster.json and what the supervisor knows besides. */
export interface FleetStatus {
  /** Whether somebody looks after the fleet. */
  readonly supervised: boolean;
  readonly regions: readonly RegionStatus[];
}

export interface RegionStatus extends Omit<ClusterRegion, "nodes"> {
  readonly nodes: readonly NodeStatus[];
}

export interface NodeStatus extends ClusterNode {
  /** Nothing unless the node answered the last time it was asked. */
  readonly health: NodeHealth | null;
  readonly restarts: number;
  /** How it last ended, if not by order. */
  readonly lastExit: string | null;
  /** Nothing while all is well. */
  readonly lastLogLine: string | null;
  /** Whether it is on its way into its region, and has not arrived as a voter yet. */
  readonly settling: boolean;
}

/** Nobody listens: the fleet is not running. */
export class NotSupervised extends Error {
  override readonly name = "NotSupervised";
}

/** The supervisor does not do what it was asked for; the message says why. */
export class ControlRefused extends Error {
  override readonly name = "ControlRefused";
}

/**
 * Asks the supervisor and waits for its answer, and after a `stop` of all until it is gone.
 *
 * Throws `NotSupervised` when there is none and `ControlRefused` when it does not comply.
 */
export async function askSupervisor(
  socketPath: string,
  request: ControlRequest,
): Promise<Exclude<ControlAnswer, { readonly kind: "refused" }>> {
  const line = await exchangeLines(socketPath, JSON.stringify(request));
  const answer = JSON.parse(line) as ControlAnswer;
  if (answer.kind === "refused") throw new ControlRefused(answer.sentence);
  return answer;
}

function exchangeLines(socketPath: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(socketPath);
    socket.setEncoding("utf8");
    socket.on("connect", () => socket.end(`${line}\n`));
    socket.on("data", (piece: string) => (answer += piece));
    socket.on("error", () => {
      reject(new NotSupervised("The fleet is not running."));
    });
    // The other side closes after its answer, or as it ends.
    socket.on("close", () => {
      if (answer.endsWith("\n")) resolve(answer);
      else reject(new NotSupervised("The supervisor ended without a word."));
    });
  });
}
