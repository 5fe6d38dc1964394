// How long the server asks to wait before a call is made again: google.rpc.RetryInfo among the
// details of a status (google/rpc/error_details.proto).
import type { ServiceError } from "@grpc/grpc-js";
import { google } from "../generated/rpc-status.js";

/** Nobody is made to wait longer than this by a server. */
const longestMs = 60_000;

/** Milliseconds; nothing if the server says nothing, or nothing that can be read. */
export function retryWishMs(error: ServiceError): number | undefined {
  // An error that grpc-js makes up itself may come without metadata, whatever its type says.
  const metadata = error.metadata as ServiceError["metadata"] | undefined;
  const bytes = metadata?.get("grpc-status-details-bin")[0];
  if (!(bytes instanceof Uint8Array)) return undefined;
  try {
    return wishIn(bytes);
  } catch {
    // Details are a courtesy: a status without readable ones is still a status.
    return undefined;
  }
}

function wishIn(bytes: Uint8Array): number | undefined {
  for (const detail of google.rpc.Status.decode(bytes).details) {
    if (!(detail.type_url ?? "").endsWith("/google.rpc.RetryInfo")) continue;
    const { retryDelay } = google.rpc.RetryInfo.decode(detail.value ?? new Uint8Array());
    if (retryDelay === null || retryDelay === undefined) return undefined;
    const ms = (retryDelay.seconds ?? 0) * 1_000 + (retryDelay.nanos ?? 0) / 1_000_000;
    return Math.min(Math.max(Math.ceil(ms), 0), longestMs);
  }
  return undefined;
}
