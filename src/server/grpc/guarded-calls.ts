// What every call passes on its way to a handler and back: who asks is known before a byte of the
// body is decoded, and no sentence goes out that gRPC cannot send.
import { ServerInterceptingCall, type Metadata, type ServerInterceptor } from "@grpc/grpc-js";
import { RefusedError } from "../../base/errors.ts";
import { beginningOf, wellFormed } from "../../base/fitting-text.ts";
import { RefusedMessage } from "./strict-decoding.ts";
import { principalOf, requireSmall, toStatus, type UnaryParts } from "./unary.ts";

/** Anybody may ask these; the second is there only in development. */
const openServices = ["/grpc.health.v1.Health/", "/grpc.reflection."];

/** A trailer has it percent-encoded, at three times the length, and callers take 64 KiB of them. */
const detailsBytes = 8 * 1024;

/** For every service of a server. Refuses what these do, and what cannot be decoded. */
export function guardedCalls(parts: UnaryParts): ServerInterceptor {
  return ({ path }, call) => {
    const isOpen = openServices.some((prefix) => path.startsWith(prefix));
    const guarded = new ServerInterceptingCall(call, {
      start: (begin) => {
        begin({
          // Nothing is read of the body before the handler has been told of the metadata.
          onReceiveMetadata: (metadata, pass) => {
            if (isWelcome(metadata)) pass(metadata);
          },
          onReceiveMessage: (message: unknown, pass) => {
            if (message instanceof RefusedMessage) refuse(message.refused);
            else pass(message);
          },
        });
      },
      // gRPC percent-encodes it, and throws at half a surrogate pair.
      sendStatus: (status, send) => {
        const details = beginningOf(wellFormed(status.details), detailsBytes);
        send({ ...status, details });
      },
    });
    function isWelcome(metadata: Metadata): boolean {
      try {
        requireSmall(metadata);
      } catch (error) {
        refuse(error);
        return false;
      }
      try {
        if (!isOpen) principalOf(metadata, parts);
        return true;
      } catch (error) {
        void refuseInTime(error);
        return false;
      }
    }
    /** Who fails to sign in too often is made to wait. */
    async function refuseInTime(error: unknown): Promise<void> {
      const { failedSignIns } = parts;
      if (failedSignIns === undefined || !(error instanceof RefusedError)) {
        refuse(error);
        return;
      }
      const address = call.getPeer().replace(/:\d+$/, "");
      const accessKeyId = undefined;
      refuse(await failedSignIns.hold({ address, accessKeyId, refused: error }));
    }
    function refuse(error: unknown): void {
      guarded.sendStatus(toStatus(error, { path, requestId: parts.entropy.uuid() }, parts));
    }
    return guarded;
  };
}
