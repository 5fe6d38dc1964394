// Who signed a request (AWS Signature Version 4, header form), in two steps: what the headers claim
// is read before the body is, and proved once it is there.
//
// Every `x-amz-*` header must be signed: the operation itself is one. A copy of a request within
// five minutes is caught by its client request token; where no token guards the change, a node
// takes the same signature once. SDKs and the AWS CLI sign each attempt anew (the number of the
// attempt is a signed header), so what is refused here is no retry of theirs.
import { timingSafeEqual } from "node:crypto";
import type { Principal } from "../../access/principal.ts";
import { RefusedError, refuseCall } from "../../base/errors.ts";
import type { EpochMs } from "../../base/ids.ts";
import { decodeRequest } from "../../services/operations/codec.ts";
import type { SecretOperationName } from "../../services/operations/operations.ts";
import { decoySecretAccessKey, type AccessKey, type CredentialStore } from "../credential-store.ts";
import { parseAuthorization, type Authorization } from "./authorization-header.ts";
import { canonicalRequest, sha256Hex, sign, stringToSign, type Scope } from "./signature.ts";
import { parseSignedTime, skewReason, validUntil } from "./signed-time.ts";
import type { WireHeaders } from "./wire-headers.ts";

const service = "secretsmanager";

/** What the headers claim, in a form that can be checked. Nobody is anybody yet. */
export interface SignatureClaim {
  readonly headers: ReadonlyMap<string, string>;
  readonly authorization: Authorization;
  readonly scope: Scope;
  readonly signedAt: EpochMs;
}

/** What a claim is checked against. */
export interface Verification {
  readonly credentials: CredentialStore;
  readonly now: EpochMs;
}

/**
 * Reads the claim and refuses what could not be right whoever signed it.
 *
 * Refuses with missing_authentication, incomplete_signature or invalid_signature.
 */
export function readSignatureClaim(
  { values, repeated }: WireHeaders,
  region: string,
): SignatureClaim {
  const text = values.get("authorization");
  if (text === undefined) throw refuseCall("missing_authentication", {});
  const authorization = parseAuthorization(text);

  const time = values.get("x-amz-date") ?? "";
  const signedAt = parseSignedTime(time);
  if (signedAt === undefined) {
    throw refuseCall("incomplete_signature", {
      reason: "Authorization header requires existence of a valid 'X-Amz-Date' header.",
    });
  }
  checkScope(authorization, time, region);
  checkSignedHeaders(authorization.signedHeaders, values, repeated);
  checkBodyClaim(values.get("x-amz-content-sha256"));
  return { headers: values, authorization, scope: { time, region, service }, signedAt };
}

/** Says who signed the request with this body. Refuses what the two below do. */
export function verifySignature(
  claim: SignatureClaim,
  body: Uint8Array,
  verification: Verification,
): Principal {
  const { principal } = proveSigner(claim, body, verification.credentials);
  admitSigned(claim, body, verification);
  return principal;
}

/**
 * Finds whose key signed the request with this body, whenever that was.
 *
 * An access key id that nobody has costs the same work and meets the same refusal as a wrong
 * signature; only the cause tells them apart. Refuses with invalid_signature.
 */
export function proveSigner(
  claim: SignatureClaim,
  body: Uint8Array,
  credentials: CredentialStore,
): AccessKey {
  const { headers, authorization, scope } = claim;
  const bodySha256 = sha256Hex(body);
  const request = canonicalRequest({
    headers,
    signedHeaders: authorization.signedHeaders,
    bodySha256,
  });
  const accessKey = credentials.accessKey(authorization.accessKeyId);
  const secretAccessKey = accessKey?.secretAccessKey ?? decoySecretAccessKey;
  const expected = sign(secretAccessKey, scope, stringToSign(scope, request));
  const isSigned = timingSafeEqual(expected, Buffer.from(authorization.signature, "hex"));

  if (accessKey === undefined) throw mismatch("no such access key");
  if (!isSigned) throw mismatch("the signature is another");
  const claimedSha256 = headers.get("x-amz-content-sha256") ?? bodySha256;
  if (claimedSha256 !== bodySha256) throw mismatch("the body is another");
  return accessKey;
}

/**
 * Takes a request whose signer is proved, if it comes in time: the server's time is told to a true
 * signer only.
 *
 * A signature for a change that no token guards is taken once on each node: a copy of the
 * request is refused. Refuses with invalid_signature or unrecognized_client.
 */
export function admitSigned(
  claim: SignatureClaim,
  body: Uint8Array,
  { credentials, now }: Verification,
): void {
  const { headers, signedAt } = claim;
  const skew = skewReason(signedAt, now);
  if (skew !== undefined) throw invalid(skew);
  // There are no temporary credentials yet, so no session token can be right.
  if (headers.has("x-amz-security-token")) throw refuseCall("unrecognized_client", {});
  if (isUnguarded(headers, body)) requireUnused(claim, { credentials, now });
}

/** Changes that a second arrival could make anew after others have changed them back. */
const unguarded: ReadonlySet<string> = new Set(
  (
    [
      "DeleteSecret",
      "RestoreSecret",
      "TagResource",
      "UntagResource",
      "UpdateSecretVersionStage",
    ] as const satisfies readonly SecretOperationName[]
  ).map((name) => `secretsmanager.${name}`),
);

function isUnguarded(headers: ReadonlyMap<string, string>, body: Uint8Array): boolean {
  const target = headers.get("x-amz-target") ?? "";
  if (target !== "secretsmanager.UpdateSecret") return unguarded.has(target);
  // With a value its token is the name of a version; without, the token means nothing.
  const { secretString, secretBinary } = decodeRequest("UpdateSecret", body);
  secretBinary?.fill(0);
  return secretString === undefined && secretBinary === undefined;
}

function requireUnused(
  { authorization, signedAt }: SignatureClaim,
  { credentials, now }: Verification,
): void {
  const { accessKeyId, signature } = authorization;
  const name = `${accessKeyId}/${signature}`;
  if (credentials.usedSignatures.use(name, validUntil(signedAt), now)) return;
  throw invalid("The request with this signature was received before. Sign it again to repeat it.");
}

function checkScope(authorization: Authorization, time: string, region: string): void {
  if (authorization.date !== time.slice(0, 8)) {
    throw invalid("Date in Credential scope does not match YYYYMMDD from X-Amz-Date.");
  }
  if (authorization.region !== region) {
    throw invalid("Credential should be scoped to a valid region.");
  }
  if (authorization.service !== service) {
    throw invalid(`Credential should be scoped to correct service: '${service}'.`);
  }
}

function checkSignedHeaders(
  signedHeaders: readonly string[],
  values: ReadonlyMap<string, string>,
  repeated: ReadonlySet<string>,
): void {
  const signed = new Set(signedHeaders);
  for (const name of signed) {
    if (!values.has(name)) throw invalid("A header named in SignedHeaders is not in the request.");
    if (repeated.has(name)) throw invalid("A signed header is in the request more than once.");
  }
  const unsigned = [...values.keys()].filter((name) => mustBeSigned(name) && !signed.has(name));
  if (unsigned.length > 0 || !signed.has("host")) {
    throw invalid("There were headers present in the request which were not signed.");
  }
}

function mustBeSigned(name: string): boolean {
  return name === "host" || name === "content-type" || name.startsWith("x-amz-");
}

/** `UNSIGNED-PAYLOAD` and the streaming forms are for S3; here every byte is signed. */
function checkBodyClaim(claim: string | undefined): void {
  if (claim === undefined || /^[0-9a-f]{64}$/.test(claim)) return;
  throw invalid("The x-amz-content-sha256 header must be the SHA-256 of the body.");
}

function invalid(reason: string): RefusedError {
  return refuseCall("invalid_signature", { reason });
}

function mismatch(cause: string): RefusedError {
  const reason =
    "The request signature we calculated does not match the signature you provided. Check your " +
    "AWS Secret Access Key and signing method. Consult the service documentation for details.";
  return new RefusedError({ code: "invalid_signature", facts: { reason } }, { cause });
}
