// The body of a request, in memory and never more of it than allowed.
import type { IncomingMessage } from "node:http";
import { concat } from "../../base/bytes.ts";
import { refuseCall, type RefusedError } from "../../base/errors.ts";
import type { BodyBudget } from "./body-budget.ts";
import { malformedHead } from "./wire-headers.ts";

/** The caller went away before the request was whole: there is nobody to answer. */
export class CallerGone extends Error {
  override readonly name = "CallerGone";
}

/** A body as it came. It may spell a secret: disposing of it wipes it. */
export interface Body extends Disposable {
  readonly bytes: Uint8Array;
}

export interface BodyLimits {
  readonly limitBytes: number;
  /** What all bodies share that nobody has disposed of yet. */
  readonly budget: BodyBudget;
}

/**
 * Refuses with request_too_large a body that says it is longer than `limitBytes`: before a byte of
 * it is read, so that the answer does not wait for it.
 */
export function checkBodyLength(request: IncomingMessage, limitBytes: number): void {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > limitBytes) throw refuseCall("request_too_large", { limitBytes });
}

/**
 * Reads the body to its end. Refuses with request_too_large as soon as it is, with overloaded when
 * the budget is spent, and trailers.
 */
export async function readBody(
  request: IncomingMessage,
  { limitBytes, budget }: BodyLimits,
): Promise<Body> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const keep: KeepChunk = (chunk) => {
    if (length + chunk.length > limitBytes) return refuseCall("request_too_large", { limitBytes });
    if (!budget.take(chunk.length)) return refuseCall("overloaded", {});
    length += chunk.length;
    chunks.push(chunk);
    return undefined;
  };
  try {
    await readChunks(request, keep);
    const bytes = concat(chunks);
    return {
      bytes,
      [Symbol.dispose]: () => {
        bytes.fill(0);
        budget.giveBack(length);
      },
    };
  } catch (error) {
    budget.giveBack(length);
    throw error;
  } finally {
    for (const chunk of chunks) chunk.fill(0);
  }
}

/** Gives back why nothing more is to be read. */
type KeepChunk = (chunk: Uint8Array) => RefusedError | undefined;

function readChunks(request: IncomingMessage, keep: KeepChunk): Promise<void> {
  return new Promise((resolve, reject) => {
    function onChunk(chunk: Uint8Array): void {
      const refused = keep(chunk);
      if (refused === undefined) return;
      request.off("data", onChunk);
      reject(refused);
    }
    request.on("data", onChunk);
    request.on("end", () => {
      if (request.rawTrailers.length > 0) reject(malformedHead("Trailers are not accepted."));
      else resolve();
    });
    request.on("close", () => {
      reject(new CallerGone());
    });
    request.on("error", () => {
      reject(new CallerGone());
    });
  });
}
