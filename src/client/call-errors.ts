// What a call can come to besides an answer, and whether it may be made again.
import { status, type ServiceError } from "@grpc/grpc-js";
import type { RefusalCode } from "../base/errors.ts";
import { retryWishMs } from "./retry-wish.ts";

/** Refusals of the server, and what only a caller can see: nobody answers, or not in our words. */
export type CallErrorCode = RefusalCode | "unreachable" | "internal_error";

export interface CallErrorFacts {
  readonly code: CallErrorCode;
  /** The name of the AWS exception, such as `ResourceNotFoundException`. */
  readonly awsType: string;
  /** Absent when no node answered. */
  readonly requestId: string | undefined;
}

/** A call that failed. Branch on `code` or `awsType`, never on the message. */
export class HoldfastError extends Error {
  override readonly name = "HoldfastError";
  readonly code: CallErrorCode;
  readonly awsType: string;
  readonly requestId: string | undefined;

  constructor(message: string, facts: CallErrorFacts, options?: ErrorOptions) {
    super(message, options);
    this.code = facts.code;
    this.awsType = facts.awsType;
    this.requestId = facts.requestId;
  }
}

/**
 * What making a call twice would do.
 *
 * `read`: nothing. `token`: nothing either, because the server knows the token again. `once`: it
 * might be done twice, so only a call that was certainly not done is made again.
 */
export type Repeatability = "read" | "token" | "once";

export interface Failure {
  readonly error: HoldfastError;
  readonly again: "retry" | "give_up";
  /** Whether the next call had better go to another node. */
  readonly node: "fine" | "doubtful";
  /** Present when the caller asked too much: it waits, at least as long as the server says. */
  readonly throttle?: { readonly leastMs: number };
}

/** Nothing was done, and nothing is wrong but how much is asked at once. */
const throttles: ReadonlySet<CallErrorCode> = new Set(["overloaded", "rate_exceeded"]);

/** Reads the status of a call that did reach a node, or that was cut off on the way. */
export function failureOf(error: ServiceError, repeatability: Repeatability): Failure {
  const refusal = firstText(error, "holdfast-refusal") as RefusalCode | undefined;
  if (refusal === undefined) return failureWithoutRefusal(error, repeatability);

  if (throttles.has(refusal)) {
    const refused = new HoldfastError(error.details, factsOf(error, refusal), { cause: error });
    const throttle = { leastMs: retryWishMs(error) ?? 0 };
    return { error: refused, again: "retry", node: "fine", throttle };
  }
  const isDefinite = error.code === status.UNAVAILABLE;
  const mayRepeat = refusal === "outcome_unknown" && repeatability !== "once";
  return {
    error: new HoldfastError(error.details, factsOf(error, refusal), { cause: error }),
    again: isDefinite || mayRepeat ? "retry" : "give_up",
    node: isDefinite || refusal === "outcome_unknown" ? "doubtful" : "fine",
  };
}

/** No node could be reached, so nothing was done. */
export function unreachable(endpoint: string, reason: string): HoldfastError {
  const facts = { code: "unreachable", awsType: "ServiceUnavailable", requestId: undefined };
  return new HoldfastError(`Cannot reach ${endpoint}: ${reason}`, facts as CallErrorFacts);
}

/** The status is gRPC's own: the connection broke, time ran out, a message was too long. */
function failureWithoutRefusal(error: ServiceError, repeatability: Repeatability): Failure {
  const isCutOff = error.code === status.UNAVAILABLE || error.code === status.CANCELLED;
  const isLate = error.code === status.DEADLINE_EXCEEDED;
  if (!isCutOff && !isLate) {
    return { error: foreign(error), again: "give_up", node: "fine" };
  }
  // The request was on its way: a write may have been done although no answer came back.
  const code = repeatability === "read" ? "timed_out" : "outcome_unknown";
  const sentence =
    code === "timed_out"
      ? "No answer came in time. Nothing was changed; try again."
      : "The outcome is not known: no answer came back. Look before you try again.";
  return {
    error: new HoldfastError(sentence, factsOf(error, code), { cause: error }),
    again: repeatability === "once" ? "give_up" : "retry",
    node: "doubtful",
  };
}

function foreign(error: ServiceError): HoldfastError {
  const codes: Partial<Record<status, CallErrorCode>> = {
    [status.RESOURCE_EXHAUSTED]: "request_too_large",
    [status.UNIMPLEMENTED]: "unknown_operation",
  };
  const code = codes[error.code] ?? "internal_error";
  return new HoldfastError(error.details, factsOf(error, code), { cause: error });
}

function factsOf(error: ServiceError, code: CallErrorCode): CallErrorFacts {
  return {
    code,
    awsType: firstText(error, "holdfast-error") ?? "InternalServiceError",
    requestId: firstText(error, "holdfast-request-id"),
  };
}

function firstText(error: ServiceError, name: string): string | undefined {
  // An error that grpc-js makes up itself may come without metadata, whatever its type says.
  const metadata = error.metadata as ServiceError["metadata"] | undefined;
  const value = metadata?.get(name)[0];
  return typeof value === "string" ? value : undefined;
}
