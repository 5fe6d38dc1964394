// From what a caller wrote as `SecretId` to the secret it means: name checked, principal allowed,
// and only then told whether it exists.
import { parseSecretId, type SecretReference } from "../base/arn.ts";
import { refuseCall } from "../base/errors.ts";
import type { SecretRecord } from "../secrets/secret.ts";
import { requireAllowed, type OperationCall } from "./operation-call.ts";
import type { OperationName } from "./operations/operations.ts";

/** AWS's validator takes `!` too, which managed secrets have in their names. */
const allowedName = /^[A-Za-z0-9/_+=.@!-]+$/;

/** Throws `invalid_name`. */
export function requireAllowedName(name: string): void {
  if (!allowedName.test(name)) throw refuseCall("invalid_name", {});
}

/** The same for a `SecretId`: AWS checks the characters of one that is no ARN. */
export function requireAllowedSecretId(secretId: string): void {
  if (!secretId.startsWith("arn:")) requireAllowedName(secretId);
}

/**
 * Finds the secret behind a read barrier. Throws `invalid_name`, `access_denied`, and
 * `secret_not_found` last: who may not ask is not told what exists.
 */
export async function findSecret(
  call: OperationCall,
  action: OperationName,
  secretId: string,
): Promise<SecretRecord> {
  const { secret } = await lookUpSecret(call, action, secretId);
  if (secret === undefined) throw refuseCall("secret_not_found", {});
  return secret;
}

/** The same, for what is not done to a secret marked for deletion. Throws `secret_deleted` too. */
export async function findLiveSecret(
  call: OperationCall,
  action: OperationName,
  secretId: string,
): Promise<SecretRecord> {
  const secret = await findSecret(call, action, secretId);
  if (secret.deletion !== undefined) throw refuseCall("secret_deleted", {});
  return secret;
}

export interface LookedUpSecret {
  readonly reference: SecretReference;
  readonly secret: SecretRecord | undefined;
}

/** The same, for the one operation that may go on without a secret. */
export async function lookUpSecret(
  call: OperationCall,
  action: OperationName,
  secretId: string,
): Promise<LookedUpSecret> {
  requireAllowedSecretId(secretId);
  await call.parts.group.readBarrier(call.caller);
  return lookUpBehindBarrier(call, action, secretId);
}

/** The same, of whoever has waited for the read barrier already. */
export function lookUpBehindBarrier(
  call: OperationCall,
  action: OperationName,
  secretId: string,
): LookedUpSecret {
  requireAllowedSecretId(secretId);
  const { group, identity } = call.parts;
  const reference = parseSecretId(identity, secretId);
  const secret = referredTo(reference, (name) => group.view.secret(name));
  requireAllowed(call, action, { named: secretId, arn: secret?.arn });
  return { reference, secret };
}

function referredTo(
  reference: SecretReference,
  secretNamed: (name: string) => SecretRecord | undefined,
): SecretRecord | undefined {
  if (reference.kind === "elsewhere") return undefined;
  const secret = secretNamed(reference.name);
  // A complete ARN of a secret that was made anew under its name means the one that is gone.
  if (reference.kind === "arn" && secret?.arn !== reference.arn) return undefined;
  return secret;
}
