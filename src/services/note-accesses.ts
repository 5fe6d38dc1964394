// What the leader does with the reads that a node of its region has noted.
import { storedSecretArn } from "../base/arn.ts";
import { dayMs } from "../secrets/limits.ts";
import { carryOut, requireAllowed, type Handler } from "./operation-call.ts";
import type { Handlers } from "./secret-service.ts";

/** No wire has this operation: nodes ask each other, and themselves. */
const noteAccesses: Handler<"NoteAccesses"> = async (call, request) => {
  requireAllowed(call, "NoteAccesses", undefined);
  // A day in the state never goes back: a node whose clock is ahead must not set one to come.
  const today = Math.floor(call.parts.clock.now() / dayMs);
  const day = Math.min(request.day, today);
  // Whoever read a secret had its ARN from the state.
  const reads = request.reads.map(({ name, arn, versionIds }) => ({
    name,
    arn: storedSecretArn(arn),
    versionIds,
  }));
  await carryOut(call, { kind: "note_accesses", day, reads });
  return {};
};

export const nodeHandlers: Handlers = { NoteAccesses: noteAccesses };
