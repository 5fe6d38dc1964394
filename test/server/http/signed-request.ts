// Requests as AWS's own signer makes them, in parts that a test can bend before they are sent.
import { createHash } from "node:crypto";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { epochMs } from "../../../src/base/ids.ts";
import { administratorCredentials } from "../../../src/server/credential-store.ts";

export const region = "us-east-1";
export const accessKeyId = "HFKAAAAAAAAAAAAAAAAA";
export const secretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
export const now = epochMs(Date.UTC(2026, 10, 22, 3, 15, 42, 250));

export const administrator = {
  arn: "arn:aws:iam::000000000000:user/administrator",
  account: "000000000000",
  kind: "administrator",
} as const;

export const credentials = administratorCredentials({
  principalArn: administrator.arn,
  account: administrator.account,
  tokenSha256: createHash("sha256").update("hft_token").digest("hex"),
  accessKeyId,
  secretAccessKey,
});

export interface RawRequest {
  readonly method: string;
  readonly target: string;
  /** In order, with the case they are sent in. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

export interface SigningChoices {
  readonly operation?: string;
  readonly body?: string;
  /** Added before signing. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Taken out of what is signed, but sent. */
  readonly unsigned?: readonly string[];
  readonly bodyHashHeader?: "left out";
  readonly at?: number;
  readonly region?: string;
  readonly service?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
}

/** A request that the endpoint accepts, unless a choice says otherwise. */
export async function signedRequest(choices: SigningChoices = {}): Promise<RawRequest> {
  const body = new TextEncoder().encode(choices.body ?? '{"SecretId":"prod/db"}');
  const signer = new SignatureV4({
    service: choices.service ?? "secretsmanager",
    region: choices.region ?? region,
    sha256: Sha256,
    applyChecksum: choices.bodyHashHeader === undefined,
    credentials: {
      accessKeyId: choices.accessKeyId ?? accessKeyId,
      secretAccessKey: choices.secretAccessKey ?? secretAccessKey,
    },
  });
  const signed = await signer.sign(
    {
      method: "POST",
      protocol: "https:",
      hostname: "localhost",
      path: "/",
      headers: {
        host: "localhost",
        "content-type": "application/x-amz-json-1.1",
        "content-length": String(body.length),
        "x-amz-target": `secretsmanager.${choices.operation ?? "GetSecretValue"}`,
        "x-amz-user-agent": "aws-sdk-js/3.0",
        "amz-sdk-request": "attempt=1; max=3",
        ...choices.headers,
      },
      body,
    },
    {
      signingDate: new Date(choices.at ?? now),
      unsignableHeaders: new Set(choices.unsigned ?? []),
    },
  );
  return {
    method: "POST",
    target: "/",
    headers: Object.entries(signed.headers),
    body,
  };
}

export function headerOf(request: RawRequest, name: string): string {
  return request.headers.find(([other]) => other === name)?.[1] ?? "";
}

export function withHeader(request: RawRequest, name: string, value: string): RawRequest {
  return {
    ...request,
    headers: request.headers.map(([other, was]) => [other, other === name ? value : was]),
  };
}

export function withoutHeader(request: RawRequest, name: string): RawRequest {
  return { ...request, headers: request.headers.filter(([other]) => other !== name) };
}

/** One more field at the end, whether or not there is one of this name. */
export function withExtraHeader(request: RawRequest, name: string, value: string): RawRequest {
  return { ...request, headers: [...request.headers, [name, value]] };
}

/** As `IncomingMessage.rawHeaders` has them. */
export function rawHeaders(request: RawRequest): string[] {
  return request.headers.flatMap(([name, value]) => [name, value]);
}

/** As it goes over the wire; the server is asked to close when it has answered. */
export function wireBytes(request: RawRequest): Buffer {
  const lines = [
    `${request.method} ${request.target} HTTP/1.1`,
    ...request.headers.map(([name, value]) => `${name}: ${value}`),
    "connection: close",
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), request.body]);
}
