// Backups on gRPC.
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type { CreateBackupResponse } from "../../generated/public-contract.ts";
import type { Caller } from "../../services/caller.ts";
import { serverStream } from "./server-stream.ts";
import type { UnaryParts } from "./unary.ts";

export type CreateBackup = (caller: Caller) => AsyncIterable<CreateBackupResponse>;

export function backupHandlers(
  createBackup: CreateBackup,
  parts: UnaryParts,
): UntypedServiceImplementation {
  const messages = { request: "CreateBackupRequest", reply: "CreateBackupResponse" };
  return { Create: serverStream({ ...messages, answer: createBackup }, parts) };
}
