// What a caller proves who they are with: an access key for signed requests, a bearer token for
// gRPC.
import { createHash, timingSafeEqual } from "node:crypto";
import type { Principal } from "../access/principal.ts";
import { utf8 } from "../base/bytes.ts";
import { assert } from "../base/assert.ts";
import { UsedSignatures } from "./used-signatures.ts";

export interface AccessKey {
  readonly principal: Principal;
  readonly secretAccessKey: string;
}

export interface CredentialStore {
  /** The key with this id, which is public: it travels in every signed request. */
  accessKey(accessKeyId: string): AccessKey | undefined;

  /** Whom the token stands for. Takes the same time whichever token it is given. */
  bearerToken(token: string): Principal | undefined;

  /** Those of the access keys that must not be taken a second time. */
  readonly usedSignatures: UsedSignatures;
}

/**
 * What a signature is checked against when nobody has the access key id, so that a stranger's
 * request costs the same work as a wrong signature. Nothing it signs is ever accepted.
 */
export const decoySecretAccessKey = "0000000000000000000000000000000000000000";

export interface AdministratorCredentials {
  readonly principalArn: string;
  readonly account: string;
  /** SHA-256 of the bearer token: 64 lower-case hexadecimal digits. */
  readonly tokenSha256: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The store of a region whose one principal is its administrator. */
export function administratorCredentials(settings: AdministratorCredentials): CredentialStore {
  assert(/^[0-9a-f]{64}$/.test(settings.tokenSha256), "a token is kept as its SHA-256 in hex");
  const tokenSha256 = Buffer.from(settings.tokenSha256, "hex");
  const principal: Principal = {
    arn: settings.principalArn,
    account: settings.account,
    kind: "administrator",
  };
  return {
    usedSignatures: new UsedSignatures(),

    accessKey: (accessKeyId) =>
      accessKeyId === settings.accessKeyId
        ? { principal, secretAccessKey: settings.secretAccessKey }
        : undefined,

    bearerToken: (token) =>
      timingSafeEqual(createHash("sha256").update(utf8(token)).digest(), tokenSha256)
        ? principal
        : undefined,
  };
}
