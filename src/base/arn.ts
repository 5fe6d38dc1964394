// Names of secrets as AWS writes them:
// `arn:aws:secretsmanager:<region>:<account>:secret:<name>-<six characters>`.

declare const brand: unique symbol;

/** The complete name of one secret for all its life; never given to another. */
export type SecretArn = string & { readonly [brand]: "SecretArn" };

/** Where this region's names live. */
export interface RegionIdentity {
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
}

/** How a caller named a secret. */
export type SecretReference =
  | { readonly kind: "name"; readonly name: string }
  /** A complete ARN, to be matched exactly: a wrong suffix never falls back to the name. */
  | { readonly kind: "arn"; readonly name: string; readonly arn: SecretArn }
  /** An ARN of another region, account or service: nothing here can have it. */
  | { readonly kind: "elsewhere" };

const suffixLength = 6;
const suffixAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const completeTail = /^(.+)-[A-Za-z0-9]{6}$/s;

/** Makes a fresh ARN for `name`. `below` draws a whole number in `[0, limit)`. */
export function mintSecretArn(
  identity: RegionIdentity,
  name: string,
  below: (limit: number) => number,
): SecretArn {
  const suffix = Array.from({ length: suffixLength }, () =>
    suffixAlphabet.charAt(below(suffixAlphabet.length)),
  ).join("");
  return `${arnPrefix(identity)}${name}-${suffix}` as SecretArn;
}

/** Takes back an ARN that this region made and stored. */
export function storedSecretArn(arn: string): SecretArn {
  return arn as SecretArn;
}

/**
 * Reads a `SecretId`: a friendly name, a complete ARN, or an ARN without its six characters.
 *
 * An ARN whose tail looks like `-xxxxxx` is complete, even when that tail belongs to the name: AWS
 * does not find such a secret by its partial ARN either (AWS: "Secrets Manager ... ARN" notes).
 */
export function parseSecretId(identity: RegionIdentity, secretId: string): SecretReference {
  if (!secretId.startsWith("arn:")) return { kind: "name", name: secretId };
  const prefix = arnPrefix(identity);
  if (!secretId.startsWith(prefix)) return { kind: "elsewhere" };
  const rest = secretId.slice(prefix.length);
  const name = completeTail.exec(rest)?.[1];
  if (name === undefined) return { kind: "name", name: rest };
  return { kind: "arn", name, arn: secretId as SecretArn };
}

function arnPrefix({ region, account }: RegionIdentity): string {
  return `arn:aws:secretsmanager:${region}:${account}:secret:`;
}
