// Answers in AWS JSON 1.1: a body and the headers that go with it.
import type { IncomingMessage, ServerResponse } from "node:http";
import { utf8 } from "../../base/bytes.ts";
import { describeRefusal, type Refusal } from "../../base/errors.ts";
import type { LogIndex } from "../../base/ids.ts";
import { internalError, wireStatus, type WireStatus } from "../wire-status.ts";

const awsJson = "application/x-amz-json-1.1";

/** A body that nobody reads, but no longer than this, is still let come to its end. */
const lingerBytes = 1024 * 1024;

export interface AwsAnswer {
  readonly http: number;
  readonly body: Uint8Array;
  /** The log index that it reflects. */
  readonly index?: LogIndex | undefined;
}

export function refusalAnswer(refusal: Refusal): AwsAnswer {
  return errorAnswer(wireStatus[refusal.code], describeRefusal(refusal));
}

/** For anything that is not a refusal. It says nothing of the cause. */
export function internalErrorAnswer(): AwsAnswer {
  return errorAnswer(internalError, "An error occurred on the server side.");
}

/** For what is no request of an operation. */
export function unroutedAnswer(http: 404 | 417, sentence: string): AwsAnswer {
  return errorAnswer({ ...wireStatus.unknown_operation, http }, sentence);
}

function errorAnswer(status: WireStatus, sentence: string): AwsAnswer {
  const body = JSON.stringify({ __type: status.awsType, [status.awsMessageMember]: sentence });
  return { http: status.http, body: utf8(body) };
}

/** Sends the answer; Node adds the Date, by which SDKs set their clock. */
export function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, requestId }: { readonly answer: AwsAnswer; readonly requestId: string },
): void {
  response.writeHead(answer.http, {
    "x-amzn-RequestId": requestId,
    "content-type": awsJson,
    "content-length": answer.body.length,
    "cache-control": "no-store",
    ...(answer.index === undefined ? {} : { "x-holdfast-index": String(answer.index) }),
    // What is left of a request that was not read is not worth waiting for.
    ...(request.complete || isWorthWaiting(request) ? {} : { connection: "close" }),
  });
  response.end(answer.body);
}

/**
 * A connection that is closed while its caller still writes takes the answer with it: the caller is
 * told of a reset, and sends again what was refused. Node throws away what comes after the answer.
 */
function isWorthWaiting(request: IncomingMessage): boolean {
  return Number(request.headers["content-length"] ?? Infinity) <= lingerBytes;
}
