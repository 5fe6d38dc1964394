// The Cluster service on gRPC: what a node tells of itself, which any principal may ask, and the
// operations on members.
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type { StatusResponse } from "../../generated/public-contract.ts";
import type { Caller } from "../../services/caller.ts";
import { clusterOperationNames } from "../../services/operations/operations.ts";
import { operationHandlers, type CallOperation } from "./operation-handlers.ts";
import { unary, type UnaryParts } from "./unary.ts";

export type ReadStatus = (caller: Caller) => Promise<StatusResponse>;

export function clusterHandlers(
  readStatus: ReadStatus,
  call: CallOperation,
  parts: UnaryParts,
): UntypedServiceImplementation {
  return {
    Status: unary({ request: "StatusRequest", reply: "StatusResponse", answer: readStatus }, parts),
    ...operationHandlers(clusterOperationNames, call, parts),
  };
}
