// Requests to the AWS endpoint of a node, signed by AWS's own signer, and sent as they are.
import { connect } from "node:tls";
import { signedRequest, type RawRequest } from "../server/http/signed-request.ts";
import { regionName, type TestRegion } from "./test-region.ts";

export interface HttpsAnswer {
  readonly http: number;
  /** Nothing when the answer is no JSON. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

export interface SignedCall {
  readonly operation?: string;
  readonly body: string;
  /** Milliseconds added to the time of the signature. */
  readonly skewMs?: number;
  readonly secretAccessKey?: string;
  readonly accessKeyId?: string;
  readonly region?: string;
}

/** A request as the administrator of the region makes it, unless told otherwise. */
export function signedCall(region: TestRegion, call: SignedCall): Promise<RawRequest> {
  const { environment } = region;
  return signedRequest({
    region: regionName,
    accessKeyId: environment["AWS_ACCESS_KEY_ID"] ?? "",
    secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "",
    at: Date.now() + (call.skewMs ?? 0),
    ...call,
  });
}

/**
 * Sends it on a connection of its own, which it leaves open as the SDKs do, and gives the answer.
 * `http` is 0 when the connection was lost before.
 */
export async function sendRaw(
  region: TestRegion,
  https: string,
  request: RawRequest,
): Promise<HttpsAnswer> {
  const { hostname, port } = new URL(https);
  const socket = connect({ host: hostname, port: Number(port), ca: region.ca });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (isWhole(Buffer.concat(chunks))) socket.destroy();
  });
  // A node that has refused a request does not read the rest of it: writing then fails.
  socket.on("error", () => undefined);
  socket.setTimeout(10_000, () => socket.destroy());
  socket.once("secureConnect", () => {
    const head = `${request.method} ${request.target} HTTP/1.1\r\n`;
    const fields = request.headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    socket.write(Buffer.concat([Buffer.from(`${head}${fields}\r\n`, "latin1"), request.body]));
  });
  await new Promise((resolve) => socket.once("close", resolve));
  return parseAnswer(Buffer.concat(chunks).toString("utf8"));
}

function isWhole(received: Buffer): boolean {
  const bodyAt = received.indexOf("\r\n\r\n") + 4;
  if (bodyAt < 4) return false;
  const head = received.toString("latin1", 0, bodyAt);
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? NaN);
  return received.length - bodyAt >= length;
}

function parseAnswer(text: string): HttpsAnswer {
  const http = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
  const body = text.slice(text.indexOf("\r\n\r\n") + 4);
  try {
    return { http, body: JSON.parse(body) as Record<string, unknown> };
  } catch {
    return { http, body: undefined };
  }
}
