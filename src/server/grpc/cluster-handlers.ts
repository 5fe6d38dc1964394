// What a node tells of itself and its region on gRPC. Any principal may ask.
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type { StatusResponse } from "../../generated/public-contract.ts";
import type { Caller } from "../../services/caller.ts";
import { unary, type UnaryParts } from "./unary.ts";

export type ReadStatus = (caller: Caller) => Promise<StatusResponse>;

export function clusterHandlers(
  readStatus: ReadStatus,
  parts: UnaryParts,
): UntypedServiceImplementation {
  return {
    Status: unary({ request: "StatusRequest", reply: "StatusResponse", answer: readStatus }, parts),
  };
}
