// Signed requests, changed: each is refused, or says to the letter what somebody signed.
import { createHash } from "node:crypto";
import { epochMs } from "../../src/base/ids.ts";
import { administratorCredentials } from "../../src/server/credential-store.ts";
import { readSignatureClaim, verifySignature } from "../../src/server/http/sigv4.ts";
import { readHeaders } from "../../src/server/http/wire-headers.ts";
import {
  accessKeyId,
  administrator,
  now,
  region,
  secretAccessKey,
  signedRequest,
  type RawRequest,
} from "../server/http/signed-request.ts";
import { join, mutateBytes, type Bytes } from "./byte-mutator.ts";
import { corpus } from "./corpus.ts";
import { Finding, verdictOfError, type Verdict } from "./finding.ts";
import type { FuzzInput, Target } from "./target.ts";

/** Headers that a client may sign besides those it must. */
const extraHeaders: readonly Readonly<Record<string, string>>[] = [
  {},
  { "x-amz-meta-a": "a   b", "x-amz-meta-ab": "  c " },
  { "amz-sdk-invocation-id": "6e86291e-8372-4ff2-a226-0956d9b8aae1", "x-z": '=,;:"' },
];

const signed: readonly RawRequest[] = await Promise.all(
  corpus.slice(0, 24).map(({ operation, request }, at) =>
    signedRequest({
      operation,
      body: JSON.stringify(request),
      headers: extraHeaders[at % extraHeaders.length] ?? {},
      unsigned: at % 2 === 0 ? [] : ["amz-sdk-request", "content-length"],
    }),
  ),
);

/** Signed by somebody, but not all that has to be: not to be taken as long as it is there. */
const badlySigned: readonly RawRequest[] = await Promise.all(
  ["x-amz-target", "content-type", "x-amz-meta-a", "host"].flatMap((unsigned) =>
    corpus.slice(0, 3).map(({ operation, request }) =>
      signedRequest({
        operation,
        body: JSON.stringify(request),
        headers: { "x-amz-meta-a": "a" },
        unsigned: [unsigned],
      }),
    ),
  ),
);

const meanings: ReadonlySet<string> = new Set(
  [...signed, ...badlySigned].map(({ headers, body }) => meaningOf(headers, body)),
);

const seeds: readonly Bytes[] = [...signed, ...badlySigned].map(({ headers, body }) =>
  join(
    Buffer.from(headers.map(([name, value]) => `${name}: ${value}\n`).join(""), "latin1"),
    Buffer.from("\n"),
    body,
  ),
);

const words = [
  "\n",
  ": ",
  ";",
  ", ",
  " ",
  "  ",
  "host",
  "x-amz-target: secretsmanager.DeleteSecret\n",
  "X-Amz-Target: secretsmanager.DeleteSecret\n",
  "x-amz-date: 20261122T031542Z\n",
  "authorization: AWS4-HMAC-SHA256 ",
  "Credential=",
  "SignedHeaders=",
  "Signature=",
  "aws4_request",
  "UNSIGNED-PAYLOAD",
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
  "x-amz-security-token: a\n",
  "0".repeat(64),
  "content-encoding: aws-chunked\n",
  "transfer-encoding: chunked\n",
].map((word) => new TextEncoder().encode(word));

export const sigv4Target: Target = {
  name: "sigv4",
  make: (chance) => {
    const seed = chance.pick(seeds);
    const bytes = chance.once(20)
      ? seed
      : mutateBytes(seed, chance, { donor: chance.pick(seeds), words });
    return { label: "POST /", bytes };
  },
  open: async () => ({ run: async (input) => run(input) }),
};

function run({ bytes }: FuzzInput): Verdict {
  const { headers, body } = parsed(bytes);
  // A memory of its own for each: what was used before must not hide what would be taken.
  const credentials = administratorCredentials({
    principalArn: administrator.arn,
    account: administrator.account,
    tokenSha256: createHash("sha256").update("hft_token").digest("hex"),
    accessKeyId,
    secretAccessKey,
  });
  try {
    const claim = readSignatureClaim(readHeaders(headers.flat()), region);
    verifySignature(claim, body, { credentials, now: epochMs(now) });
  } catch (error) {
    // What the caller named is repeated nowhere: not a header, not a credential.
    return verdictOfError(error, { mayEcho: false });
  }
  if (!meanings.has(meaningOf(headers, body))) {
    throw new Finding("a request is taken that nobody signed");
  }
  const names = namesSigned(headers);
  const mustBe = headers.map(([name]) => name.toLowerCase()).filter((name) => matters.test(name));
  if (mustBe.some((name) => !names.includes(name))) {
    throw new Finding("a header is taken that its signer may not know of");
  }
  return "taken";
}

type Header = readonly [name: string, value: string];

function parsed(bytes: Bytes): { readonly headers: readonly Header[]; readonly body: Bytes } {
  const raw = Buffer.from(bytes);
  const end = raw.indexOf("\n\n");
  const head = end === -1 ? raw : raw.subarray(0, end);
  const body = end === -1 ? Buffer.alloc(0) : raw.subarray(end + 2);
  const headers = head
    .toString("latin1")
    .split("\n")
    .map((line): Header => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")];
    });
  return { headers, body: Uint8Array.from(body) };
}

const matters = /^(?:host$|content-type$|x-amz-)/;

function namesSigned(headers: readonly Header[]): readonly string[] {
  const values = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
  return (/SignedHeaders=([^ ,]+)/.exec(values.get("authorization") ?? "")?.[1] ?? "").split(";");
}

/** What is signed of a request, in words of our own: the headers that are named, and the body. */
function meaningOf(headers: readonly Header[], body: Bytes): string {
  const values = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
  const lines = namesSigned(headers).map(
    (name) => `${name}=${(values.get(name) ?? "").trim().split(/ +/).join(" ")}`,
  );
  return [...lines, Buffer.from(body).toString("hex")].join("\n");
}
