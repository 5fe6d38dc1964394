// The body of a request, in memory and never more of it than allowed.
import type { IncomingMessage } from "node:http";
import { concat } from "../../base/bytes.ts";
import { refuseCall } from "../../base/errors.ts";
import { malformedHead } from "./wire-headers.ts";

/** The caller went away before the request was whole: there is nobody to answer. */
export class CallerGone extends Error {
  override readonly name = "CallerGone";
}

/**
 * Refuses with request_too_large a body that says it is longer than `limitBytes`: before a byte of
 * it is read, so that the answer does not wait for it.
 */
export function checkBodyLength(request: IncomingMessage, limitBytes: number): void {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > limitBytes) throw refuseCall("request_too_large", { limitBytes });
}

/** Reads the body to its end. Refuses with request_too_large as soon as it is, and trailers. */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    function onChunk(chunk: Uint8Array): void {
      length += chunk.length;
      if (length <= limitBytes) {
        chunks.push(chunk);
        return;
      }
      request.off("data", onChunk);
      reject(refuseCall("request_too_large", { limitBytes }));
    }
    request.on("data", onChunk);
    request.on("end", () => {
      if (request.rawTrailers.length > 0) reject(malformedHead("Trailers are not accepted."));
      else resolve(concat(chunks));
    });
    request.on("close", () => {
      reject(new CallerGone());
    });
    request.on("error", () => {
      reject(new CallerGone());
    });
  });
}
