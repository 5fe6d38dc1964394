// The 23 operations on gRPC, one line for all of them: the contract names them, services/ does
// them. A name that only one of the two knows does not compile.
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { publicService } from "../../base/public-services.ts";
import type { SecretsManagerOperations } from "../../generated/public-contract.ts";
import type { Caller } from "../../services/caller.ts";
import type { DraftOf, OperationName, ResponseOf } from "../../services/operations/operations.ts";
import { unary, type UnaryParts } from "./unary.ts";

/** Checks and does one operation. Refusals are thrown as a `RefusedError`. */
export type CallOperation = <Name extends OperationName & keyof SecretsManagerOperations>(
  operation: Name,
  caller: Caller,
  draft: DraftOf<Name>,
) => Promise<ResponseOf<Name>>;

export function secretsHandlers(
  call: CallOperation,
  parts: UnaryParts,
): UntypedServiceImplementation {
  const operations = Object.keys(publicService("SecretsManager")) as OperationName[];
  return Object.fromEntries(
    operations.map((operation) => [
      operation,
      unary(
        {
          request: `${operation}Request`,
          reply: `${operation}Response`,
          // The shape of the message made it a draft of its operation.
          answer: (caller, request) => call(operation, caller, request as DraftOf<OperationName>),
        },
        parts,
      ),
    ]),
  );
}
