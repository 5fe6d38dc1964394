// What no route takes: other methods and paths, a signature in the query, a wait for a go-ahead.
// The answers look as those of the AWS endpoint, so that a client of AWS can tell what they say.
import type { IncomingMessage } from "node:http";
import type { Entropy } from "../../base/entropy.ts";
import { refusalAnswer, sendAnswer, unroutedAnswer, type AwsAnswer } from "./aws-answer.ts";
import type { RouteHandler } from "./listen.ts";

export function unrouted(entropy: Pick<Entropy, "uuid">): RouteHandler {
  return (request, response) => {
    sendAnswer(request, response, { answer: answerTo(request), requestId: entropy.uuid() });
  };
}

function answerTo(request: IncomingMessage): AwsAnswer {
  if (!isSpoken(request)) {
    const reason = "Only HTTP/1.1 and HTTP/1.0 are spoken here.";
    return refusalAnswer({ code: "malformed_request", facts: { reason } });
  }
  if (request.headers.expect !== undefined) {
    return unroutedAnswer(417, "The Expect header is not accepted.");
  }
  const { pathname, query } = partsOf(request.url ?? "");
  // Presigned, as for S3: whoever has the address would be its signer. It is no way to sign here.
  if (pathname === "/" && /(?:^|&)x-amz-(?:signature|credential|algorithm)=/i.test(query)) {
    const reason = "A signature in the query is not accepted. Sign the Authorization header.";
    return refusalAnswer({ code: "incomplete_signature", facts: { reason } });
  }
  return unroutedAnswer(404, "There is nothing at this path.");
}

/** Without decoding anything. */
function partsOf(url: string): { readonly pathname: string; readonly query: string } {
  const mark = url.indexOf("?");
  if (mark === -1) return { pathname: url, query: "" };
  return { pathname: url.slice(0, mark), query: url.slice(mark + 1) };
}

/** Node's parser lets a request say that it is HTTP/0.9, or 2.0 in the words of 1.1. */
export function isSpoken({ httpVersion }: Pick<IncomingMessage, "httpVersion">): boolean {
  return httpVersion === "1.1" || httpVersion === "1.0";
}
