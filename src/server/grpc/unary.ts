// Between a gRPC call and an operation: who is asking, how long they wait, what went wrong.
// Knows no secret, no policy and no log; every unary method of every service goes through here.
import {
  Metadata,
  type handleUnaryCall,
  type ServerUnaryCall,
  type StatusObject,
} from "@grpc/grpc-js";
import type { Principal } from "../../access/principal.ts";
import { InvariantViolation } from "../../base/assert.ts";
import type { Clock } from "../../base/clock.ts";
import type { Entropy } from "../../base/entropy.ts";
import { RefusedError, refuseCall } from "../../base/errors.ts";
import type { LogIndex } from "../../base/ids.ts";
import { fromWire, toWire, type Message } from "../../base/message-shape.ts";
import { messageShapes } from "../../generated/public-contract.ts";
import type { Caller } from "../../services/caller.ts";
import type { FailedSignIns } from "../failed-sign-ins.ts";
import { internalError, wireStatus } from "../wire-status.ts";
import { bearerToken } from "./bearer-token.ts";
import { callTime } from "./call-time.ts";
import { detailsTrailer, statusDetails } from "./status-details.ts";

/** What every call needs of the rest. Assembly hands in the real ones, tests their own. */
export interface UnaryParts {
  /** Whom a token stands for, if anybody. */
  readonly authenticate: (token: string) => Principal | undefined;
  /** Holds the answers to who failed too often; without it nobody waits. */
  readonly failedSignIns?: Pick<FailedSignIns, "hold">;
  readonly clock: Clock;
  readonly entropy: Pick<Entropy, "uuid">;
  /** Told of every failure that is not a refusal: the caller learns nothing of it. */
  readonly onInternalError: (error: unknown, failed: FailedCall) => void;
}

export interface FailedCall {
  /** Such as `/holdfast.v1.SecretsManager/GetSecretValue`. */
  readonly path: string;
  readonly requestId: string;
}

/** One method: what it does, and the names of its messages in the contract. */
export interface UnaryMethod {
  readonly request: string;
  readonly reply: string;
  readonly answer: (caller: Caller, request: Message) => Promise<object>;
}

/** Metadata may be this long in all; gRPC itself has no setting for it. */
const metadataLimitBytes = 8 * 1024;

export function unary(method: UnaryMethod, parts: UnaryParts): handleUnaryCall<Message, Message> {
  return (call, callback) => {
    const requestId = parts.entropy.uuid();
    const failed = { path: call.getPath(), requestId };
    const metadata = trailer(requestId);
    const onReflected = (index: LogIndex): void => {
      metadata.set("holdfast-index", String(index));
    };
    answer(call, method, { parts, requestId, onReflected })
      .then(
        (reply) => {
          callback(null, reply, metadata);
        },
        (error: unknown) => {
          callback(toStatus(error, failed, parts));
        },
      )
      .catch((error: unknown) => {
        leaveUnanswered(error, failed, parts);
      });
  };
}

async function answer(
  call: ServerUnaryCall<Message, Message>,
  method: UnaryMethod,
  { parts, ...asked }: { readonly parts: UnaryParts } & Pick<Caller, "requestId" | "onReflected">,
): Promise<Message> {
  const principal = principalOf(call.metadata, parts);
  const time = callTime(call, parts.clock);
  const request = fromWire(messageShapes, method.request, call.request);
  const reply = await method.answer({ principal, ...time, ...asked }, request);
  return toWire(messageShapes, method.reply, reply);
}

/** Throws `request_too_large`. */
export function requireSmall(metadata: Metadata): void {
  if (metadataBytes(metadata) <= metadataLimitBytes) return;
  throw refuseCall("request_too_large", { limitBytes: metadataLimitBytes });
}

/** Who calls. Refuses what `bearerToken` does. */
export function principalOf(metadata: Metadata, parts: UnaryParts): Principal {
  const principal = parts.authenticate(bearerToken(metadata));
  if (principal === undefined) throw refuseCall("unrecognized_client", {});
  return principal;
}

/** What a call that failed is answered with. */
export function toStatus(error: unknown, failed: FailedCall, parts: UnaryParts): StatusObject {
  // A program that contradicts itself must not answer another call.
  if (error instanceof InvariantViolation) throw error;

  if (!(error instanceof RefusedError)) parts.onInternalError(error, failed);
  const refusal = error instanceof RefusedError ? error.refusal : undefined;
  const { grpc: code, awsType } = refusal === undefined ? internalError : wireStatus[refusal.code];
  const message = error instanceof RefusedError ? error.message : "internal error";
  const { requestId } = failed;

  const metadata = trailer(requestId);
  metadata.set(
    detailsTrailer,
    statusDetails({ code, message, reason: awsType, requestId, refusal }),
  );
  // The same in plain words, for callers of the first release.
  if (refusal !== undefined) metadata.set("holdfast-refusal", refusal.code);
  metadata.set("holdfast-error", awsType);
  return { code, details: message, metadata };
}

/** For what fails while the answer is sent: the one call is lost, and the node goes on. */
export function leaveUnanswered(error: unknown, failed: FailedCall, parts: UnaryParts): void {
  if (error instanceof InvariantViolation) throw error;
  parts.onInternalError(error, failed);
}

export function trailer(requestId: string): Metadata {
  const metadata = new Metadata();
  metadata.set("holdfast-request-id", requestId);
  return metadata;
}

/** As HTTP/2 counts it: name, value and 32 bytes a field (RFC 9113 6.5.2). */
function metadataBytes(metadata: Metadata): number {
  const values = Object.entries(metadata.toHttp2Headers()).flatMap(([name, value]) =>
    [value ?? ""].flat().map((item) => name.length + String(item).length + 32),
  );
  return values.reduce((total, length) => total + length, 0);
}
