// The server's side of a SendSnapshot stream: its frames one after the other, each answered once
// what it brought is durable. A sender that is not who it says loses its stream and nothing else
// happens.
import { status, type ServerDuplexStream } from "@grpc/grpc-js";
import { MalformedBytesError } from "../storage/internal-codec.ts";
import { notANode, objectionToCaller, objectionToGreeting } from "./peer-greeting.ts";
import { callerOf } from "./peer-identity.ts";
import type { PeerListenerParts } from "./peer-listener.ts";
import type { SnapshotFrame, SnapshotReply } from "./peer-service.ts";

type Call = ServerDuplexStream<SnapshotFrame, SnapshotReply>;

export function receiveSnapshot(parts: PeerListenerParts, call: Call): void {
  const caller = callerOf(parts.identity, call);
  const objection = objectionToCaller(parts.standingOf, caller, ["member", "known"]);
  // The stream ends as its caller likes.
  call.on("error", () => undefined);
  if (objection !== undefined) {
    refuse(parts, call, objection);
    return;
  }
  const receiver = parts.snapshotReceiver();
  const take = async (): Promise<void> => {
    for await (const frame of call as AsyncIterable<SnapshotFrame>) {
      const strange = frame.offer ? objectionToOffer(parts, call, frame) : undefined;
      if (strange !== undefined) {
        refuse(parts, call, strange);
        return;
      }
      try {
        call.write(await receiver.take(frame));
      } catch (error) {
        // Here, not outside: leaving the loop destroys the stream, and the sender would not hear.
        endAfter(parts, call, error);
        return;
      }
    }
    call.end();
  };
  take().catch((error: unknown) => {
    if (!isBrokenStream(error)) parts.onInternalError(error);
  });
}

function endAfter(parts: PeerListenerParts, call: Call, error: unknown): void {
  if (error instanceof MalformedBytesError) {
    refuse(parts, call, error.message);
    return;
  }
  call.emit("error", { code: status.ABORTED, details: "the snapshot was not taken" });
  parts.onInternalError(error);
}

function objectionToOffer(
  parts: PeerListenerParts,
  call: Call,
  frame: SnapshotFrame,
): string | undefined {
  const caller = callerOf(parts.identity, call);
  if (caller === undefined) return notANode;
  return objectionToGreeting(parts.identity, caller, frame.offer?.hello);
}

function refuse(parts: PeerListenerParts, call: Call, reason: string): void {
  parts.onRefused(reason);
  call.emit("error", { code: status.PERMISSION_DENIED, details: reason });
}

/** The sender hung up: it will be back. */
function isBrokenStream(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return code === status.CANCELLED || code === "ERR_STREAM_PREMATURE_CLOSE";
}
