// The operations on gRPC, one line for all of a service: the contract names them, services/ does
// them. A name that only one of the two knows does not compile.
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type {
  ClusterOperations,
  SecretsManagerOperations,
} from "../../generated/public-contract.ts";
import type { Caller } from "../../services/caller.ts";
import type {
  DraftOf,
  PublicOperationName,
  ResponseOf,
} from "../../services/operations/operations.ts";
import { unary, type UnaryMethod, type UnaryParts } from "./unary.ts";

/** Checks and does one operation. Refusals are thrown as a `RefusedError`. */
export type CallOperation = <
  Name extends PublicOperationName & keyof (SecretsManagerOperations & ClusterOperations),
>(
  operation: Name,
  caller: Caller,
  draft: DraftOf<Name>,
) => Promise<ResponseOf<Name>>;

export function operationHandlers(
  operations: readonly PublicOperationName[],
  call: CallOperation,
  parts: UnaryParts,
): UntypedServiceImplementation {
  return Object.fromEntries(
    operations.map((operation) => [operation, unary(methodOf(operation, call), parts)]),
  );
}

function methodOf(operation: PublicOperationName, call: CallOperation): UnaryMethod {
  return {
    request: `${operation}Request`,
    reply: `${operation}Response`,
    // The shape of the message made it a draft of its operation.
    answer: (caller, request) => call(operation, caller, request),
  };
}
