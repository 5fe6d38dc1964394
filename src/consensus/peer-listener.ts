// Where the other nodes of the region call: mutual TLS, a greeting, then Raft messages in order. A
// caller that is not who it says, or says what is not understood, loses its connection and nothing
// else happens.
import { Server, status, type sendUnaryData, type ServerDuplexStream } from "@grpc/grpc-js";
import { RefusedError, type Refusal } from "../base/errors.ts";
import { InvariantViolation } from "../base/assert.ts";
import { nodeId, type NodeId } from "../base/ids.ts";
import type { MemberAddresses } from "../machine/member-record.ts";
import type { Message } from "../raft/input.ts";
import { MalformedBytesError } from "../storage/internal-codec.ts";
import { addressesFrom } from "../storage/member-fields.ts";
import { textOr } from "../storage/message-fields.ts";
import type { NodeIdentity } from "../storage/recovery.ts";
import { decodeMessage } from "./peer-codec.ts";
import {
  greetingFrom,
  isReachable,
  notANode,
  objectionToCaller,
  objectionToGreeting,
  type CallerStanding,
  type PeerGreeting,
} from "./peer-greeting.ts";
import type { JoinAttempt } from "./join-admission.ts";
import { callerOf, serverCredentials, type PeerCertificates } from "./peer-identity.ts";
import {
  peerMessageBytesMax,
  peerProtocol,
  peerService,
  type HandOverReply,
  type HandOverRequest,
  type JoinReply,
  type JoinRequest,
  type PeerFrame,
  type PeerHandlers,
  type PeerReply,
} from "./peer-service.ts";
import type { HandedAnswer, HandedRequest } from "./raft-group.ts";
import { decodeReport, type PeerReport } from "./report-codec.ts";
import { receiveSnapshot } from "./snapshot-listener.ts";
import type { SnapshotReceiver } from "./snapshot-receiver.ts";

export interface PeerListenerParts {
  readonly identity: NodeIdentity;
  /** What a node is to this one, now. Its certificate outlives its removal. */
  readonly standingOf: (node: NodeId) => CallerStanding;
  /** A node that may speak has greeted, and said where it is reached. */
  readonly onGreeting: (node: NodeId, greeting: PeerGreeting | undefined) => void;
  readonly certificates: PeerCertificates;
  readonly incarnation: string;
  /** `host:port`. */
  readonly address: string;
  readonly monotonicMs: () => number;
  readonly onMessage: (from: NodeId, message: Message) => void;
  /** A member tells how it fares. */
  readonly onReport: (from: NodeId, report: PeerReport) => void;
  /** A fresh receiver for one stream of a snapshot. */
  readonly snapshotReceiver: () => SnapshotReceiver;
  readonly onHandedOver: (request: HandedRequest) => Promise<HandedAnswer>;
  /** Lets a newcomer in. Throws `RefusedError`. */
  readonly onJoin: (request: JoinAttempt) => Promise<JoinReply>;
  /** A peer that was turned away, for the log. */
  readonly onRefused: (reason: string) => void;
  readonly onInternalError: (error: unknown) => void;
}

/** Listens until `close` of what it returns. Rejects when the address cannot be had. */
export async function listenForPeers(
  parts: PeerListenerParts,
): Promise<{ readonly close: () => void }> {
  const server = new Server({
    "grpc.max_receive_message_length": peerMessageBytesMax,
    "grpc.max_send_message_length": peerMessageBytesMax,
    "grpc-node.max_session_memory": 64,
    "grpc.keepalive_time_ms": 1_000,
    "grpc.keepalive_timeout_ms": 1_000,
  });
  const handlers: PeerHandlers = {
    Exchange: (call) => {
      exchange(parts, call);
    },
    SendSnapshot: (call) => {
      receiveSnapshot(parts, call);
    },
    HandOver: (call, callback) => {
      const caller = callerOf(parts.identity, call);
      const objection = objectionToCaller(parts.standingOf, caller, ["member"]);
      answer(parts, callback, objection ?? (() => answerHandOver(parts, call.request)));
    },
    Join: (call, callback) => {
      const attempt = joinAttempt(parts, callerOf(parts.identity, call), call.request);
      const answered = typeof attempt === "string" ? attempt : () => answerJoin(parts, attempt);
      answer(parts, callback, answered);
    },
  };
  server.addService(peerService, handlers);
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(parts.address, serverCredentials(parts.certificates), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  return {
    close: () => {
      server.forceShutdown();
    },
  };
}

/** Answers one call, or turns it away with a reason. */
function answer<Reply>(
  parts: PeerListenerParts,
  callback: sendUnaryData<Reply>,
  answered: string | (() => Promise<Reply>),
): void {
  if (typeof answered === "string") {
    parts.onRefused(answered);
    callback({ code: status.PERMISSION_DENIED, details: answered });
    return;
  }
  answered().then(
    (reply) => {
      callback(null, reply);
    },
    (error: unknown) => {
      if (error instanceof InvariantViolation) throw error;
      parts.onInternalError(error);
      callback({ code: status.INTERNAL, details: "internal error" });
    },
  );
}

function exchange(parts: PeerListenerParts, call: ServerDuplexStream<PeerFrame, PeerReply>): void {
  const caller = callerOf(parts.identity, call);
  let isGreeted = false;
  const refuse = (reason: string): void => {
    parts.onRefused(reason);
    call.removeAllListeners("data");
    call.emit("error", { code: status.PERMISSION_DENIED, details: reason });
  };
  // The stream ends as its caller likes; a broken one is its caller's to make again.
  call.on("error", () => undefined);
  call.on("end", () => {
    call.end();
  });
  const turnAway: TurnAway = {
    refuse,
    tellRemoved: (node) => {
      call.write({ removed: {} });
      refuse(`node "${node}" was removed from this region`);
    },
  };
  call.on("data", (frame: PeerFrame) => {
    if (caller === undefined) {
      refuse(notANode);
    } else if (isGreeted) {
      takeMessage(parts, caller, frame, turnAway);
    } else if (takeGreeting(parts, caller, frame, turnAway)) {
      isGreeted = true;
      call.write({ hello: { protocol: peerProtocol, incarnation: parts.incarnation } });
    }
  });
}

interface TurnAway {
  readonly refuse: (reason: string) => void;
  readonly tellRemoved: (node: NodeId) => void;
}

/** Whether the caller may speak from now on. */
function takeGreeting(
  parts: PeerListenerParts,
  caller: NodeId,
  { hello }: PeerFrame,
  { refuse, tellRemoved }: TurnAway,
): boolean {
  const objection =
    objectionToCaller(parts.standingOf, caller, ["member", "known", "removed"]) ??
    objectionToGreeting(parts.identity, caller, hello);
  if (objection !== undefined) {
    refuse(objection);
    return false;
  }
  if (parts.standingOf(caller) === "removed") {
    tellRemoved(caller);
    return false;
  }
  parts.onGreeting(caller, hello ? greetingFrom(hello) : undefined);
  return true;
}

function takeMessage(
  parts: PeerListenerParts,
  from: NodeId,
  frame: PeerFrame,
  { refuse, tellRemoved }: TurnAway,
): void {
  let message: Message;
  try {
    if (frame.report) {
      const report = decodeReport(frame.report);
      if (parts.standingOf(from) === "member") parts.onReport(from, report);
      return;
    }
    if (!frame.message) throw new MalformedBytesError("Cannot read a frame: it holds no message");
    message = decodeMessage(frame.message);
  } catch (error) {
    if (!(error instanceof MalformedBytesError)) throw error;
    refuse(`node "${from}": ${error.message}`);
    return;
  }
  // What a removed node still has to say is heard; elections it would only disturb (thesis 4.2.3).
  const isCampaign = message.kind === "vote_request" || message.kind === "pre_vote_request";
  if (isCampaign && parts.standingOf(from) === "removed") tellRemoved(from);
  else parts.onMessage(from, message);
}

/** What a newcomer asks for, or why it is not even listened to. */
function joinAttempt(
  { identity, standingOf, monotonicMs }: PeerListenerParts,
  caller: NodeId | undefined,
  request: JoinRequest,
): JoinAttempt | string {
  if (caller === undefined) return notANode;
  const { clusterId, region, onBehalfOf, remainingMs } = request;
  if (clusterId !== identity.clusterId || region !== identity.region) {
    return `node "${caller}" wants to join another region`;
  }
  const way = onBehalfOf ? "handed_on" : "direct";
  if (way === "handed_on" && standingOf(caller) !== "member") {
    return `node "${caller}" is not a node of this region`;
  }
  const addresses = reachableAddresses(request);
  if (addresses === undefined) return `node "${caller}" gives an address that is none`;
  const newcomer = onBehalfOf ? nodeId(onBehalfOf) : caller;
  const token = textOr(request.token);
  const deadlineMs = monotonicMs() + (remainingMs ?? 0);
  return { nodeId: newcomer, token, addresses, deadlineMs, way };
}

function reachableAddresses({ addresses }: JoinRequest): MemberAddresses | undefined {
  if (!addresses) return undefined;
  const found = addressesFrom(addresses);
  return isReachable(found) ? found : undefined;
}

async function answerJoin(parts: PeerListenerParts, attempt: JoinAttempt): Promise<JoinReply> {
  try {
    return await parts.onJoin(attempt);
  } catch (error) {
    if (error instanceof RefusedError) return { refusal: refusalTo(error.refusal) };
    throw error;
  }
}

async function answerHandOver(
  parts: PeerListenerParts,
  request: HandOverRequest,
): Promise<HandOverReply> {
  if (request.clusterId !== parts.identity.clusterId) {
    throw new Error("Cannot take a request: it is for another cluster");
  }
  try {
    const answer = await parts.onHandedOver({
      operation: request.operation ?? "",
      body: request.body ?? new Uint8Array(),
      principal: request.principal ?? new Uint8Array(),
      requestId: request.requestId ?? "",
      deadlineMs: parts.monotonicMs() + (request.remainingMs ?? 0),
    });
    return answer.ok
      ? { body: answer.body, logIndex: answer.index }
      : { refusal: refusalTo(answer.refusal) };
  } catch (error) {
    if (error instanceof RefusedError) return { refusal: refusalTo(error.refusal) };
    throw error;
  }
}

function refusalTo({ code, facts }: Refusal): { code: string; factsJson: string } {
  return { code, factsJson: JSON.stringify(facts) };
}
