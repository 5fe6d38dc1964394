// Requests and answers as AWS JSON 1.1: the body of the AWS endpoint, and what a follower and the
// leader hand each other. What one node encodes, another decodes to the same value.
import { utf8 } from "../../base/bytes.ts";
import { decodeMembers } from "./decode-json.ts";
import { encodeMembers } from "./encode-json.ts";
import { parseGuardedJson, requestJsonLimits, responseJsonLimits } from "./guarded-json.ts";
import { operations, type DraftOf, type OperationName, type ResponseOf } from "./operations.ts";

/** Refuses with malformed_request; nothing is validated yet (see validate-request.ts). */
export function decodeRequest<Name extends OperationName>(
  operation: Name,
  bytes: Uint8Array,
): DraftOf<Name> {
  const json = parseGuardedJson(bytes, requestJsonLimits);
  // Read by the shapes that the type is read from; the same in decodeResponse.
  return decodeMembers(json, operations[operation].input, "") as DraftOf<Name>;
}

export function encodeRequest<Name extends OperationName>(
  operation: Name,
  draft: DraftOf<Name>,
): Uint8Array {
  return utf8(encodeMembers(draft, operations[operation].input));
}

/** Refuses with malformed_request what a node of another release may have written. */
export function decodeResponse<Name extends OperationName>(
  operation: Name,
  bytes: Uint8Array,
): ResponseOf<Name> {
  const json = parseGuardedJson(bytes, responseJsonLimits);
  return decodeMembers(json, operations[operation].output, "") as unknown as ResponseOf<Name>;
}

export function encodeResponse<Name extends OperationName>(
  operation: Name,
  response: ResponseOf<Name>,
): Uint8Array {
  return utf8(encodeMembers(response, operations[operation].output));
}
