import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { hex } from "../../../src/base/bytes.ts";
import { RefusedError, type RefusalCode } from "../../../src/base/errors.ts";
import type { Principal } from "../../../src/access/principal.ts";
import { decoySecretAccessKey } from "../../../src/server/credential-store.ts";
import {
  canonicalRequest,
  sha256Hex,
  sign,
  stringToSign,
} from "../../../src/server/http/signature.ts";
import { readSignatureClaim, verifySignature } from "../../../src/server/http/sigv4.ts";
import { readHeaders } from "../../../src/server/http/wire-headers.ts";
import {
  administrator,
  credentials,
  headerOf,
  now,
  rawHeaders,
  region,
  secretAccessKey,
  signedRequest,
  withExtraHeader,
  withHeader,
  withoutHeader,
  type RawRequest,
  type SigningChoices,
} from "./signed-request.ts";

const minute = 60_000;
const mismatch =
  "The request signature we calculated does not match the signature you provided. Check your " +
  "AWS Secret Access Key and signing method. Consult the service documentation for details.";
const unsigned = "There were headers present in the request which were not signed.";

describe("verifySignature", () => {
  it("says who signed", async () => {
    assert.deepEqual(verify(await signedRequest()), administrator);
  });

  const accepted: Record<string, SigningChoices> = {
    "within five minutes before": { at: now - 5 * minute },
    "within five minutes after": { at: now + 5 * minute },
    "with a header of the SDK that is not signed": { unsigned: ["amz-sdk-request"] },
    "with the length not signed": { unsigned: ["content-length"] },
    "with spaces in a header": { headers: { "x-amz-user-agent": "a   b" } },
    "without the hash of the body in a header": { bodyHashHeader: "left out" },
  };
  for (const [what, choices] of Object.entries(accepted)) {
    it(`accepts a request ${what}`, async () => {
      assert.deepEqual(verify(await signedRequest(choices)), administrator);
    });
  }

  const refused: readonly (readonly [string, SigningChoices, RefusalCode, string])[] = [
    ["another secret key", { secretAccessKey: "another" }, "invalid_signature", mismatch],
    [
      "an unknown access key id",
      { accessKeyId: "HFKABBBBBBBBBBBBBBBB" },
      "invalid_signature",
      mismatch,
    ],
    [
      "an unknown access key id and the decoy of the verifier",
      { accessKeyId: "HFKABBBBBBBBBBBBBBBB", secretAccessKey: decoySecretAccessKey },
      "invalid_signature",
      mismatch,
    ],
    [
      "another region",
      { region: "eu-west-1" },
      "invalid_signature",
      "Credential should be scoped to a valid region.",
    ],
    [
      "another service",
      { service: "kms" },
      "invalid_signature",
      "Credential should be scoped to correct service: 'secretsmanager'.",
    ],
    ["an unsigned target", { unsigned: ["x-amz-target"] }, "invalid_signature", unsigned],
    ["an unsigned host", { unsigned: ["host"] }, "invalid_signature", unsigned],
    ["an unsigned content type", { unsigned: ["content-type"] }, "invalid_signature", unsigned],
    [
      "an unsigned header that nobody knows",
      { headers: { "x-amz-anything": "1" }, unsigned: ["x-amz-anything"] },
      "invalid_signature",
      unsigned,
    ],
    [
      "the payload left unsigned",
      { headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } },
      "invalid_signature",
      "The x-amz-content-sha256 header must be the SHA-256 of the body.",
    ],
    [
      "a streamed payload",
      { headers: { "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" } },
      "invalid_signature",
      "The x-amz-content-sha256 header must be the SHA-256 of the body.",
    ],
    [
      "the hash of another body",
      { headers: { "x-amz-content-sha256": "0".repeat(64) } },
      "invalid_signature",
      mismatch,
    ],
    [
      "a session token, which nobody has",
      { headers: { "x-amz-security-token": "token" } },
      "unrecognized_client",
      "The security token included in the request is invalid.",
    ],
    [
      "a time six minutes ago",
      { at: now - 6 * minute },
      "invalid_signature",
      "Signature expired: 20261122T030942Z is now earlier than 20261122T031042Z " +
        "(20261122T031542Z - 5 min.)",
    ],
    [
      "a time six minutes ahead",
      { at: now + 6 * minute },
      "invalid_signature",
      "Signature not yet current: 20261122T032142Z is still later than 20261122T032042Z " +
        "(20261122T031542Z + 5 min.)",
    ],
    [
      "a wrong key and an old time, without telling the time",
      { at: now - 6 * minute, secretAccessKey: "another" },
      "invalid_signature",
      mismatch,
    ],
  ];
  for (const [what, choices, code, sentence] of refused) {
    it(`refuses ${what}`, async () => {
      assertRefused(await signedRequest(choices), code, sentence);
    });
  }

  it("refuses a request without any authentication", async () => {
    const request = withoutHeader(await signedRequest(), "authorization");

    assertRefused(request, "missing_authentication", "Request is missing Authentication Token");
  });

  it("refuses a scope of another day than the request", async () => {
    const request = await signedRequest();
    const authorization = headerOf(request, "authorization").replace("/20261122/", "/20261121/");

    assertRefused(
      withHeader(request, "authorization", authorization),
      "invalid_signature",
      "Date in Credential scope does not match YYYYMMDD from X-Amz-Date.",
    );
  });

  it("takes no Date header for the time", async () => {
    const request = withExtraHeader(
      withoutHeader(await signedRequest(), "x-amz-date"),
      "Date",
      "Sun, 22 Nov 2026 03:15:42 GMT",
    );

    assertRefused(
      request,
      "incomplete_signature",
      "Authorization header requires existence of a valid 'X-Amz-Date' header.",
    );
  });

  it("refuses a signed header that is not there, and one that is there twice", async () => {
    const request = await signedRequest();

    assertRefused(
      withoutHeader(request, "amz-sdk-request"),
      "invalid_signature",
      "A header named in SignedHeaders is not in the request.",
    );
    assertRefused(
      withExtraHeader(request, "Amz-Sdk-Request", "attempt=1; max=3"),
      "invalid_signature",
      "A signed header is in the request more than once.",
    );
  });

  it("refuses a request without a Host that was signed without one", async () => {
    const request = withoutHeader(await signedRequest({ unsigned: ["host"] }), "host");

    assertRefused(request, "invalid_signature", unsigned);
  });

  it("refuses a body hash that is signed and wrong", async () => {
    const request = withHeader(await signedRequest(), "x-amz-content-sha256", "0".repeat(64));
    const claim = readSignatureClaim(readHeaders(rawHeaders(request)), region);
    const { signedHeaders } = claim.authorization;
    const bodySha256 = sha256Hex(request.body);
    const text = canonicalRequest({ headers: claim.headers, signedHeaders, bodySha256 });
    const signature = hex(sign(secretAccessKey, claim.scope, stringToSign(claim.scope, text)));
    const authorization = headerOf(request, "authorization").replace(/[0-9a-f]{64}$/, signature);

    const refusal = refusalOf(withHeader(request, "authorization", authorization));

    assert.equal(refusal.message, mismatch);
    assert.equal(refusal.cause, "the body is another");
  });

  it("tells an unknown key from a wrong signature in the cause only", async () => {
    const unknown = refusalOf(await signedRequest({ accessKeyId: "HFKABBBBBBBBBBBBBBBB" }));
    const wrong = refusalOf(await signedRequest({ secretAccessKey: "another" }));

    assert.deepEqual(unknown.refusal, wrong.refusal);
    assert.equal(unknown.cause, "no such access key");
    assert.equal(wrong.cause, "the signature is another");
  });

  it("refuses every single changed byte of the body", async () => {
    const request = await signedRequest({ body: JSON.stringify({ SecretId: "x".repeat(200) }) });

    for (let at = 0; at < request.body.length; at += 1) {
      const body = Uint8Array.from(request.body);
      body[at] = (body[at] ?? 0) ^ (1 << (at % 8));
      assertRefused({ ...request, body }, "invalid_signature", mismatch);
    }
  });
});

function verify(request: RawRequest): Principal {
  const claim = readSignatureClaim(readHeaders(rawHeaders(request)), region);
  return verifySignature(claim, request.body, { credentials, now });
}

function refusalOf(request: RawRequest): RefusedError {
  try {
    verify(request);
  } catch (error) {
    assert.ok(error instanceof RefusedError);
    return error;
  }
  throw new assert.AssertionError({ message: "the request was accepted" });
}

function assertRefused(request: RawRequest, code: RefusalCode, sentence: string): void {
  const error = refusalOf(request);
  assert.equal(error.refusal.code, code);
  assert.equal(error.message, sentence);
}
