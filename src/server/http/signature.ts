// The arithmetic of Signature Version 4 (AWS: "Create a signed AWS API request"): what is signed,
// and with which key. The path is always `/` and the query always empty: the server has no others.
import { createHash, createHmac } from "node:crypto";
import { hex } from "../../base/bytes.ts";

export interface SignedContent {
  /** By lower-case name; it holds every name of `signedHeaders`. */
  readonly headers: ReadonlyMap<string, string>;
  readonly signedHeaders: readonly string[];
  readonly bodySha256: string;
}

/** Where and when a signature holds. */
export interface Scope {
  /** `yyyymmddThhmmssZ`, as the request has it. */
  readonly time: string;
  readonly region: string;
  readonly service: string;
}

export function canonicalRequest({ headers, signedHeaders, bodySha256 }: SignedContent): string {
  const canonicalHeaders = signedHeaders.map(
    (name) => `${name}:${canonicalValue(headers.get(name) ?? "")}\n`,
  );
  return ["POST", "/", "", canonicalHeaders.join(""), signedHeaders.join(";"), bodySha256].join(
    "\n",
  );
}

/** Trimmed, and one space where there were several. */
function canonicalValue(value: string): string {
  return value.trim().replace(/ +/g, " ");
}

export function stringToSign(scope: Scope, request: string): string {
  return ["AWS4-HMAC-SHA256", scope.time, scopeText(scope), sha256Hex(request)].join("\n");
}

/** The 32 bytes of the signature. */
export function sign(secretAccessKey: string, scope: Scope, text: string): Buffer {
  const day = hmac(`AWS4${secretAccessKey}`, scope.time.slice(0, 8));
  const key = hmac(hmac(hmac(day, scope.region), scope.service), "aws4_request");
  return hmac(key, text);
}

export function sha256Hex(content: string | Uint8Array): string {
  return hex(createHash("sha256").update(content).digest());
}

function scopeText({ time, region, service }: Scope): string {
  return [time.slice(0, 8), region, service, "aws4_request"].join("/");
}

function hmac(key: string | Buffer, content: string): Buffer {
  return createHmac("sha256", key).update(content).digest();
}
