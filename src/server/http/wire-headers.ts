// Header fields as they came over the wire. Node joins repeated fields, drops a second
// Authorization and lets the first of two Hosts win, so nothing here looks at `request.headers`.
import { refuseCall, type RefusedError } from "../../base/errors.ts";

export interface WireHeaders {
  /** By lower-case name; of a repeated field, the first. */
  readonly values: ReadonlyMap<string, string>;
  /** Lower-case names that came more than once. */
  readonly repeated: ReadonlySet<string>;
}

const fieldLimit = 64;

/** Fields whose meaning must not depend on who counts them. */
const never = { repeated: /^(?:host|authorization|content-|transfer-encoding$|x-amz-)/ };

/** What no AWS client sends here, and what would let two readers see two requests. */
const unwelcome = ["expect", "upgrade", "trailer", "content-encoding"];

/**
 * Reads `IncomingMessage.rawHeaders`: name and value in turn.
 *
 * Refuses with malformed_request more than 64 fields, a value that is not printable ASCII, a
 * repeated field that frames or signs the request, and fields that change how the body is read.
 */
export function readHeaders(rawHeaders: readonly string[]): WireHeaders {
  if (rawHeaders.length > 2 * fieldLimit) throw malformedHead("There are too many header fields.");
  const values = new Map<string, string>();
  const repeated = new Set<string>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? "").toLowerCase();
    const value = rawHeaders[at + 1] ?? "";
    // Also folded lines, tabs and NUL, which not every reader takes the same way.
    if (!/^[\x20-\x7e]*$/.test(value)) throw malformedHead("A header value is not plain ASCII.");
    if (values.has(name)) repeated.add(name);
    else values.set(name, value);
  }
  checkFraming(values, repeated);
  return { values, repeated };
}

function checkFraming(values: ReadonlyMap<string, string>, repeated: ReadonlySet<string>): void {
  for (const name of repeated) {
    if (never.repeated.test(name)) throw malformedHead("A header field is there more than once.");
  }
  if (unwelcome.some((name) => values.has(name))) {
    throw malformedHead("Expect, Upgrade, Trailer and Content-Encoding are not accepted.");
  }
  const transferEncoding = values.get("transfer-encoding");
  if (transferEncoding === undefined) return;
  if (transferEncoding !== "chunked" || values.has("content-length")) {
    throw malformedHead("The length of the body is not clear.");
  }
}

export function malformedHead(reason: string): RefusedError {
  return refuseCall("malformed_request", { reason });
}
