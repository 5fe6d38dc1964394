// The token a caller shows: metadata `authorization: Bearer hft_...` (RFC 6750 2.1).
import type { Metadata } from "@grpc/grpc-js";
import { refuseCall } from "../../base/errors.ts";

// Long enough for any token of ours; what is longer is not looked at.
const bearer = /^Bearer (hft_[A-Za-z0-9_-]{1,250})$/;

/**
 * Takes the token out of the metadata of a call; whether it is good is for `authenticate` to say.
 *
 * Refuses `missing_authentication` when there is none and `unrecognized_client` when what is there
 * cannot be a token of ours.
 */
export function bearerToken(metadata: Metadata): string {
  const values = metadata.get("authorization");
  if (values.length === 0) throw refuseCall("missing_authentication", {});
  const [value] = values;
  const token = typeof value === "string" ? bearer.exec(value)?.[1] : undefined;
  if (token === undefined || values.length > 1) throw refuseCall("unrecognized_client", {});
  return token;
}
