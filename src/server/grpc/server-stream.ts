// Between a gRPC call whose answer is a stream and what answers it: as unary.ts, and that nothing
// is made before the caller has taken what came before.
import type { handleServerStreamingCall, ServerWritableStream } from "@grpc/grpc-js";
import { refuseCall } from "../../base/errors.ts";
import { fromWire, toWire, type Message } from "../../base/message-shape.ts";
import { messageShapes } from "../../generated/public-contract.ts";
import type { Caller } from "../../services/caller.ts";
import { callTime } from "./call-time.ts";
import { leaveUnanswered, principalOf, toStatus, trailer, type UnaryParts } from "./unary.ts";

/** One method: what it does, and the names of its messages in the contract. */
export interface StreamMethod {
  readonly request: string;
  readonly reply: string;
  /** Is not asked for more when the caller has gone. */
  readonly answer: (caller: Caller, request: Message) => AsyncIterable<object>;
  /** What is written for a message; converted by the contract unless said otherwise. */
  readonly encode?: (reply: string, message: object) => Message;
}

function converted(reply: string, message: object): Message {
  return toWire(messageShapes, reply, message);
}

/** A caller that takes nothing for so long has gone, or might as well have. */
const stalledMs = 60_000;

type Call = ServerWritableStream<Message, Message>;

export function serverStream(
  method: StreamMethod,
  parts: UnaryParts,
): handleServerStreamingCall<Message, Message> {
  return (call) => {
    const requestId = parts.entropy.uuid();
    const failed = { path: call.getPath(), requestId };
    sendAll(call, method, { parts, requestId })
      .then(
        () => {
          call.end(trailer(requestId));
        },
        (error: unknown) => {
          call.emit("error", toStatus(error, failed, parts));
        },
      )
      .catch((error: unknown) => {
        leaveUnanswered(error, failed, parts);
      });
  };
}

async function sendAll(
  call: Call,
  { request, reply, answer, encode = converted }: StreamMethod,
  { parts, requestId }: { readonly parts: UnaryParts; readonly requestId: string },
): Promise<void> {
  const principal = principalOf(call.metadata, parts);
  const time = callTime(call, parts.clock);
  const caller = { principal, requestId, ...time, onReflected: () => undefined };
  for await (const message of answer(caller, fromWire(messageShapes, request, call.request))) {
    if (call.cancelled) return;
    // A stream may outlive the token that it was begun with.
    principalOf(call.metadata, parts);
    if (!call.write(encode(reply, message))) await drained(call);
  }
}

/** Resolves when the caller has taken what there was, or has gone. */
function drained(call: Call): Promise<void> {
  return new Promise((resolve, reject) => {
    const stalled = setTimeout(() => {
      settle();
      reject(refuseCall("timed_out", {}));
    }, stalledMs);
    const settle = (): void => {
      clearTimeout(stalled);
      call.off("drain", settle);
      call.off("cancelled", settle);
      resolve();
    };
    call.on("drain", settle);
    call.on("cancelled", settle);
    if (call.cancelled) settle();
  });
}
