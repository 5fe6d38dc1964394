// A client's request on its way from this node to the leader: whole, never as a proposal, so that
// the leader authorizes it, stamps it and plans it. Each way it can end is told apart: refused,
// answered, never arrived, or nobody knows.
import { status, type ServiceError } from "@grpc/grpc-js";
import { RefusedError, refuseCall, type Refusal } from "../base/errors.ts";
import { logIndex, type NodeId } from "../base/ids.ts";
import type { Fields } from "../storage/internal-codec.ts";
import type { PeerLink } from "./peer-link.ts";
import type { HandOverReply } from "./peer-service.ts";
import type { HandedAnswer, HandedRequest } from "./raft-group.ts";

export interface HandOverParts {
  readonly clusterId: string;
  readonly self: NodeId;
  /** Answers here, when this node has become the leader meanwhile. */
  readonly answerHere: (request: HandedRequest) => Promise<HandedAnswer>;
  readonly leader: () => NodeId | undefined;
  readonly linkTo: (peer: NodeId) => PeerLink | undefined;
  readonly monotonicMs: () => number;
  readonly pause: (ms: number) => Promise<void>;
}

/** Between two looks for a leader that can be reached. */
const pauseMs = 25;

/**
 * Waits for a leader as long as the request has time, and asks it once. Throws `no_leader` when the
 * request never left, `outcome_unknown` when its answer was lost.
 */
export async function handOver(
  parts: HandOverParts,
  request: HandedRequest,
): Promise<HandedAnswer> {
  for (;;) {
    const remainingMs = request.deadlineMs - parts.monotonicMs();
    if (remainingMs <= 0) throw refuseCall("no_leader", {});
    const answer = await tryOnce(parts, request, remainingMs);
    if (answer !== undefined) return answer;
    await parts.pause(pauseMs);
  }
}

/** Nothing: the request has certainly not been carried out, and may be tried again. */
async function tryOnce(
  parts: HandOverParts,
  request: HandedRequest,
  remainingMs: number,
): Promise<HandedAnswer | undefined> {
  const leader = parts.leader();
  if (leader === undefined) return undefined;
  const link = parts.linkTo(leader);
  if (leader !== parts.self && link?.isUp !== true) return undefined;
  const answer =
    link === undefined
      ? // Whoever answers wipes the body, and there may be another try.
        await parts.answerHere({ ...request, body: Uint8Array.from(request.body) })
      : answerFrom(await ask(parts, link, { request, remainingMs }));
  // The node we took for the leader is not, any more: it did nothing.
  if (!answer.ok && answer.refusal.code === "no_leader") return undefined;
  return answer;
}

async function ask(
  parts: HandOverParts,
  link: PeerLink,
  { request, remainingMs }: { readonly request: HandedRequest; readonly remainingMs: number },
): Promise<HandOverReply> {
  const { operation, body, principal, requestId } = request;
  try {
    return await link.handOver(
      {
        clusterId: parts.clusterId,
        operation,
        body,
        principal,
        requestId,
        remainingMs: Math.ceil(remainingMs),
      },
      remainingMs,
    );
  } catch (cause) {
    const isLate = (cause as Partial<ServiceError>).code === status.DEADLINE_EXCEEDED;
    const reason = isLate ? "timed_out" : "leader_unreachable";
    throw new RefusedError({ code: "outcome_unknown", facts: { reason } }, { cause });
  }
}

function answerFrom(reply: HandOverReply): HandedAnswer {
  if (reply.refusal) return { ok: false, refusal: refusalFrom(reply.refusal) };
  // The leader has answered, and may have done what it was asked.
  if (!reply.body) throw refuseCall("outcome_unknown", { reason: "leader_unreachable" });
  const told = reply.logIndex;
  const index = typeof told === "number" ? { index: logIndex(told) } : {};
  return { ok: true, body: reply.body, ...index };
}

/** A refusal as another node wrote it down. */
export function refusalFrom({ code, factsJson }: Fields<"Refusal">): Refusal {
  // It is a node of this cluster: what it refuses is one of the refusals we know.
  const facts: unknown = JSON.parse(factsJson ?? "{}");
  return { code, facts } as Refusal;
}
