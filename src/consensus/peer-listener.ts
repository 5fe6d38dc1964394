// Where the other nodes of the region call: mutual TLS, a greeting, then Raft messages in order. A
// caller that is not who it says, or says what is not understood, loses its connection and nothing
// else happens.
import { Server, status, type ServerDuplexStream } from "@grpc/grpc-js";
import { RefusedError, type Refusal } from "../base/errors.ts";
import { InvariantViolation } from "../base/assert.ts";
import type { NodeId } from "../base/ids.ts";
import type { Message } from "../raft/input.ts";
import { MalformedBytesError } from "../storage/internal-codec.ts";
import type { NodeIdentity } from "../storage/recovery.ts";
import { decodeMessage } from "./peer-codec.ts";
import { notANode, objectionToCaller, objectionToGreeting } from "./peer-greeting.ts";
import { callerOf, serverCredentials, type PeerCertificates } from "./peer-identity.ts";
import {
  peerMessageBytesMax,
  peerProtocol,
  peerService,
  type HandOverReply,
  type HandOverRequest,
  type PeerFrame,
  type PeerHandlers,
  type PeerReply,
} from "./peer-service.ts";
import type { HandedAnswer, HandedRequest } from "./raft-group.ts";
import { receiveSnapshot } from "./snapshot-listener.ts";
import type { SnapshotReceiver } from "./snapshot-receiver.ts";

export interface PeerListenerParts {
  readonly identity: NodeIdentity;
  /** Whether a node is of this region, now. Its certificate outlives its removal. */
  readonly isPeer: (node: NodeId) => boolean;
  readonly certificates: PeerCertificates;
  readonly incarnation: string;
  /** `host:port`. */
  readonly address: string;
  readonly monotonicMs: () => number;
  readonly onMessage: (from: NodeId, message: Message) => void;
  /** A fresh receiver for one stream of a snapshot. */
  readonly snapshotReceiver: () => SnapshotReceiver;
  readonly onHandedOver: (request: HandedRequest) => Promise<HandedAnswer>;
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
      const objection = objectionToCaller(parts.isPeer, caller);
      if (objection !== undefined) {
        parts.onRefused(objection);
        callback({ code: status.PERMISSION_DENIED, details: objection });
        return;
      }
      answerHandOver(parts, call.request).then(
        (reply) => {
          callback(null, reply);
        },
        (error: unknown) => {
          if (error instanceof InvariantViolation) throw error;
          parts.onInternalError(error);
          callback({ code: status.INTERNAL, details: "internal error" });
        },
      );
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
  call.on("data", (frame: PeerFrame) => {
    const strange = objectionToCaller(parts.isPeer, caller);
    if (caller === undefined || strange !== undefined) {
      refuse(strange ?? notANode);
      return;
    }
    if (!isGreeted) {
      const objection = objectionToGreeting(parts.identity, caller, frame.hello);
      if (objection !== undefined) {
        refuse(objection);
        return;
      }
      isGreeted = true;
      call.write({ hello: { protocol: peerProtocol, incarnation: parts.incarnation } });
      return;
    }
    takeMessage(parts, caller, frame, refuse);
  });
}

function takeMessage(
  parts: PeerListenerParts,
  from: NodeId,
  frame: PeerFrame,
  refuse: (reason: string) => void,
): void {
  let message: Message;
  try {
    if (!frame.message) throw new MalformedBytesError("Cannot read a frame: it holds no message");
    message = decodeMessage(frame.message);
  } catch (error) {
    if (!(error instanceof MalformedBytesError)) throw error;
    refuse(`node "${from}": ${error.message}`);
    return;
  }
  parts.onMessage(from, message);
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
    return answer.ok ? { body: answer.body } : { refusal: refusalTo(answer.refusal) };
  } catch (error) {
    if (error instanceof RefusedError) return { refusal: refusalTo(error.refusal) };
    throw error;
  }
}

function refusalTo({ code, facts }: Refusal): { code: string; factsJson: string } {
  return { code, factsJson: JSON.stringify(facts) };
}
