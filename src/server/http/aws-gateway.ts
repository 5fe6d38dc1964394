// The AWS-compatible endpoint: an HTTP request in, one of the operations called, an answer out.
// It knows headers, signatures and JSON, and nothing of secrets. Checks come cheapest first: size,
// headers, signature, JSON, and only then the operation.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Principal } from "../../access/principal.ts";
import { InvariantViolation } from "../../base/assert.ts";
import type { Clock } from "../../base/clock.ts";
import type { Entropy } from "../../base/entropy.ts";
import { RefusedError, refuseCall } from "../../base/errors.ts";
import type { LogIndex } from "../../base/ids.ts";
import type { Caller } from "../../services/caller.ts";
import { decodeRequest, encodeResponse } from "../../services/operations/codec.ts";
import {
  secretOperationNamed,
  type DraftOf,
  type SecretOperationName,
} from "../../services/operations/operations.ts";
import type { CredentialStore } from "../credential-store.ts";
import type { FailedSignIns } from "../failed-sign-ins.ts";
import { internalErrorAnswer, refusalAnswer, sendAnswer, type AwsAnswer } from "./aws-answer.ts";
import { BodyBudget } from "./body-budget.ts";
import { withinDeadline } from "./deadline.ts";
import {
  CallerGone,
  checkBodyLength,
  readBody,
  type Body,
  type BodyLimits,
} from "./request-body.ts";
import { admitSigned, proveSigner, readSignatureClaim, type SignatureClaim } from "./sigv4.ts";
import { malformedHead, readHeaders, type WireHeaders } from "./wire-headers.ts";

/**
 * Validates and does one operation, and resolves to its `ResponseOf`. Refusals are thrown as a
 * `RefusedError`.
 */
export type CallOperation = (
  operation: SecretOperationName,
  caller: Caller,
  draft: DraftOf<SecretOperationName>,
) => Promise<object>;

export interface AwsGatewayParts {
  readonly call: CallOperation;
  readonly credentials: CredentialStore;
  readonly failedSignIns: Pick<FailedSignIns, "hold">;
  readonly region: string;
  /** The names this endpoint is called by, without a port. */
  readonly hostNames: readonly string[];
  readonly clock: Clock;
  readonly entropy: Pick<Entropy, "uuid">;
  /** Told of every failure that is not a refusal: the caller learns nothing of it. */
  readonly onInternalError: (error: unknown, failed: FailedRequest) => void;
  /** From arrival to answer; 10 seconds unless said otherwise. */
  readonly deadlineMs?: number;
  /** For all bodies that are not checked yet together; 64 MiB unless said otherwise. */
  readonly bodiesBytes?: number;
}

export interface FailedRequest {
  readonly requestId: string;
}

/** A secret of 64 KiB with every byte written as a six-byte JSON escape, and room for the rest. */
export const bodyLimitBytes: number = 512 * 1024;
const defaultDeadlineMs = 10_000;
const defaultBodiesBytes = 64 * 1024 * 1024;

export type GatewayHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Makes the handler of `POST /`.
 *
 * Its promise rejects with an InvariantViolation only: whoever runs it lets the process stop.
 */
export function awsGateway(parts: AwsGatewayParts): GatewayHandler {
  const hosts = new Set(parts.hostNames.map((name) => bareHost(name.toLowerCase())));
  const budget = new BodyBudget(parts.bodiesBytes ?? defaultBodiesBytes);
  const limits: BodyLimits = { limitBytes: bodyLimitBytes, budget };
  return async (request, response) => {
    const requestId = parts.entropy.uuid();
    const endMs = parts.clock.monotonicMs() + (parts.deadlineMs ?? defaultDeadlineMs);
    try {
      const { call, claim } = readHead(request, { region: parts.region, hosts });
      const body = await readBody(request, limits);
      const answer = await answerCall(parts, { operation: call, claim, body, requestId, endMs });
      sendAnswer(request, response, { answer, requestId });
    } catch (error) {
      const shown = await timely(error, parts.failedSignIns, request.socket.remoteAddress);
      const answer = failureAnswer(shown, { parts, requestId });
      if (answer !== undefined) sendAnswer(request, response, { answer, requestId });
    }
  };
}

interface Head {
  readonly call: SecretOperationName;
  readonly claim: SignatureClaim;
}

interface Endpoint {
  readonly region: string;
  readonly hosts: ReadonlySet<string>;
}

function readHead(request: IncomingMessage, { region, hosts }: Endpoint): Head {
  checkBodyLength(request, bodyLimitBytes);
  const headers = readHeaders(request.rawHeaders);
  if (!hosts.has(bareHost(headers.values.get("host")?.toLowerCase() ?? ""))) {
    throw malformedHead("The Host header does not name this endpoint.");
  }
  const call = targetOf(headers);
  return { call, claim: signingIn(undefined, () => readSignatureClaim(headers, region)) };
}

/** Somebody who has not proved to be anybody: the answer may have to wait. */
class FailedSignIn extends Error {
  override readonly name = "FailedSignIn";
  readonly refused: RefusedError;
  readonly accessKeyId: string | undefined;

  constructor(refused: RefusedError, accessKeyId: string | undefined) {
    super(refused.message);
    this.refused = refused;
    this.accessKeyId = accessKeyId;
  }
}

function signingIn<Proof>(accessKeyId: string | undefined, prove: () => Proof): Proof {
  try {
    return prove();
  } catch (error) {
    if (error instanceof RefusedError) throw new FailedSignIn(error, accessKeyId);
    throw error;
  }
}

/** Resolves with what is to be answered, when it is. */
async function timely(
  error: unknown,
  failedSignIns: Pick<FailedSignIns, "hold">,
  address: string | undefined,
): Promise<unknown> {
  if (!(error instanceof FailedSignIn)) return error;
  const { refused, accessKeyId } = error;
  return failedSignIns.hold({ address, accessKeyId, refused });
}

/** The name without its port and brackets: `[::1]:8443` is `::1`. */
function bareHost(text: string): string {
  return text.replace(/^\[(.*)\](?::\d{1,5})?$/, "$1").replace(/^([^:]*):\d{1,5}$/, "$1");
}

function targetOf({ values }: WireHeaders): SecretOperationName {
  const contentType = values.get("content-type") ?? "";
  if (!/^application\/x-amz-json-1\.1(?:; ?charset=utf-8)?$/i.test(contentType)) {
    throw malformedHead("The Content-Type must be application/x-amz-json-1.1.");
  }
  const [, name = ""] = /^secretsmanager\.(\w+)$/.exec(values.get("x-amz-target") ?? "") ?? [];
  const operation = secretOperationNamed(name);
  if (operation === undefined) throw refuseCall("unknown_operation", {});
  return operation;
}

interface Received {
  readonly operation: SecretOperationName;
  readonly claim: SignatureClaim;
  readonly body: Body;
  readonly requestId: string;
  readonly endMs: number;
}

async function answerCall(parts: AwsGatewayParts, received: Received): Promise<AwsAnswer> {
  const { clock } = parts;
  const { operation, requestId, endMs } = received;
  const { principal, draft } = openCall(parts, received);
  let index: LogIndex | undefined;
  const onReflected = (reflected: LogIndex): void => {
    index = reflected;
  };
  const response = await withinDeadline(
    parts.call(operation, { principal, requestId, deadlineMs: endMs, onReflected }, draft),
    {
      operation,
      leftMs: endMs - clock.monotonicMs(),
      onLateError: (error) => failureAnswer(error, { parts, requestId }),
    },
  );
  return { http: 200, body: encodeResponse(operation, response), index };
}

interface OpenedCall {
  readonly principal: Principal;
  readonly draft: DraftOf<SecretOperationName>;
}

/** The body is wiped and its room given back before the operation begins, which may take long. */
function openCall(
  { credentials, clock }: AwsGatewayParts,
  { operation, claim, body }: Received,
): OpenedCall {
  using received = body;
  const { bytes } = received;
  const { accessKeyId } = claim.authorization;
  const { principal } = signingIn(accessKeyId, () => proveSigner(claim, bytes, credentials));
  admitSigned(claim, bytes, { credentials, now: clock.now() });
  return { principal, draft: decodeRequest(operation, bytes) };
}

function failureAnswer(
  error: unknown,
  { parts, requestId }: { readonly parts: AwsGatewayParts; readonly requestId: string },
): AwsAnswer | undefined {
  // A program that contradicts itself must not answer another call.
  if (error instanceof InvariantViolation) throw error;
  if (error instanceof CallerGone) return undefined;
  if (error instanceof RefusedError) return refusalAnswer(error.refusal);
  parts.onInternalError(error, { requestId });
  return internalErrorAnswer();
}
