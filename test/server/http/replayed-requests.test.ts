// The same signed request, shown to a node twice: security says it must not be done twice.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { beforeEach, describe, it } from "mocha";
import { RefusedError } from "../../../src/base/errors.ts";
import { epochMs } from "../../../src/base/ids.ts";
import {
  administratorCredentials,
  type CredentialStore,
} from "../../../src/server/credential-store.ts";
import { readSignatureClaim, verifySignature } from "../../../src/server/http/sigv4.ts";
import { readHeaders } from "../../../src/server/http/wire-headers.ts";
import {
  accessKeyId,
  administrator,
  now,
  rawHeaders,
  region,
  secretAccessKey,
  signedRequest,
  type RawRequest,
} from "./signed-request.ts";

let credentials: CredentialStore;
beforeEach(() => {
  credentials = administratorCredentials({
    principalArn: administrator.arn,
    account: administrator.account,
    tokenSha256: createHash("sha256").update("hft_token").digest("hex"),
    accessKeyId,
    secretAccessKey,
  });
});

const takenOnce: readonly (readonly [operation: string, body: object])[] = [
  ["DeleteSecret", { SecretId: "db" }],
  ["RestoreSecret", { SecretId: "db" }],
  ["TagResource", { SecretId: "db", Tags: [] }],
  ["UntagResource", { SecretId: "db", TagKeys: ["a"] }],
  ["UpdateSecretVersionStage", { SecretId: "db", VersionStage: "A" }],
  ["UpdateSecret", { SecretId: "db", Description: "SecretString" }],
];
const takenAgain: readonly (readonly [operation: string, body: object])[] = [
  ["GetSecretValue", { SecretId: "db" }],
  ["CreateSecret", { Name: "db", SecretString: "a" }],
  ["PutSecretValue", { SecretId: "db", SecretString: "a" }],
  ["UpdateSecret", { SecretId: "db", SecretString: "a" }],
  ["UpdateSecret", { SecretId: "db", SecretBinary: "YQ==" }],
];

describe("the same signature, twice on one node", () => {
  for (const [operation, body] of takenOnce) {
    it(`is refused for ${operation} until it has expired`, async () => {
      const request = await signedRequest({ operation, body: JSON.stringify(body) });
      verify(request, now);

      for (const later of [0, 1, 5 * 60_000]) {
        assert.throws(() => verify(request, now + later), refusedFor(/received before/));
      }
      assert.throws(() => verify(request, now + 5 * 60_000 + 1_000), refusedFor(/expired/));
    });
  }

  for (const [operation, body] of takenAgain) {
    it(`is taken for ${operation} with ${Object.keys(body).join(", ")}`, async () => {
      const request = await signedRequest({ operation, body: JSON.stringify(body) });

      assert.deepEqual([verify(request, now), verify(request, now)], Array(2).fill(administrator));
    });
  }

  it("is another for the next attempt of an SDK, within the same second too", async () => {
    for (const attempt of ["attempt=1; max=3", "attempt=2; max=3"]) {
      const headers = { "amz-sdk-request": attempt };
      const request = await signedRequest({ operation: "DeleteSecret", headers });

      assert.deepEqual(verify(request, now), administrator);
    }
  });

  it("is not remembered when it was wrong", async () => {
    const wrong = await signedRequest({ operation: "DeleteSecret", secretAccessKey: "another" });

    assert.throws(() => verify(wrong, now), refusedFor(/does not match/));
    assert.equal(credentials.usedSignatures.size, 0);
  });
});

function verify(request: RawRequest, at: number) {
  const claim = readSignatureClaim(readHeaders(rawHeaders(request)), region);
  return verifySignature(claim, request.body, { credentials, now: epochMs(at) });
}

function refusedFor(reason: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof RefusedError &&
    error.refusal.code === "invalid_signature" &&
    reason.test(error.message);
}
