// The operations that read one secret: GetSecretValue, DescribeSecret, and the password that needs
// none.
import { assert } from "../base/assert.ts";
import { textOf } from "../base/bytes.ts";
import { RefusedError } from "../base/errors.ts";
import type { Plaintext } from "../base/plaintext.ts";
import { OpenError } from "../crypto/open-error.ts";
import { describeSecret as describe } from "../secrets/queries/describe-secret.ts";
import { chooseVersion } from "../secrets/queries/get-secret-value.ts";
import { defaultPasswordRequest, randomPassword } from "../secrets/queries/random-password.ts";
import type { SealedValue, SecretRecord, VersionId } from "../secrets/secret.ts";
import { findSecret } from "./find-secret.ts";
import { requireAllowed, type Handler, type OperationCall } from "./operation-call.ts";
import { describedMembers, stagesByVersion } from "./shown-secret.ts";

/** AWS: GetSecretValue. Throws `decryption_failed` too, when what is stored does not open. */
export const getSecretValue: Handler<"GetSecretValue"> = async (call, request) => {
  const secret = await findSecret(call, "GetSecretValue", request.secretId);
  const { versionId, versionStage: label } = request;
  const chosen = chooseVersion(secret, { versionId, label });
  if (!chosen.ok) throw new RefusedError(chosen.refusal);

  const { versionId: chosenId, version, labels } = chosen.reply;
  const stored = call.parts.group.view.sealedValue(secret.name, chosenId);
  assert(stored !== undefined, "a version has a value");
  using plaintext = openStored(call, { secret, versionId: chosenId, stored });
  return {
    arn: secret.arn,
    name: secret.name,
    versionId: chosenId,
    ...valueMembers(stored, plaintext),
    versionStages: labels.length === 0 ? undefined : labels,
    createdDate: version.createdAt,
  };
};

/** AWS: DescribeSecret. Works on a secret marked for deletion. */
export const describeSecret: Handler<"DescribeSecret"> = async (call, request) => {
  const secret = await findSecret(call, "DescribeSecret", request.secretId);
  const description = describe(secret);
  return {
    ...describedMembers(description),
    versionIdsToStages: stagesByVersion(description),
  };
};

/** AWS: GetRandomPassword. Asks neither the state nor the leader. */
export const getRandomPassword: Handler<"GetRandomPassword"> = async (call, request) => {
  requireAllowed(call, "GetRandomPassword", undefined);
  const defaults = defaultPasswordRequest;
  const { entropy } = call.parts;
  const outcome = randomPassword(
    {
      length: request.passwordLength ?? defaults.length,
      excludeCharacters: request.excludeCharacters ?? defaults.excludeCharacters,
      excludeNumbers: request.excludeNumbers ?? defaults.excludeNumbers,
      excludePunctuation: request.excludePunctuation ?? defaults.excludePunctuation,
      excludeUppercase: request.excludeUppercase ?? defaults.excludeUppercase,
      excludeLowercase: request.excludeLowercase ?? defaults.excludeLowercase,
      includeSpace: request.includeSpace ?? defaults.includeSpace,
      requireEachIncludedType: request.requireEachIncludedType ?? defaults.requireEachIncludedType,
    },
    (limit) => entropy.below(limit),
  );
  if (!outcome.ok) throw new RefusedError(outcome.refusal);
  using password = outcome.reply;
  return { randomPassword: textOf(password.reveal()) };
};

interface StoredVersion {
  readonly secret: SecretRecord;
  readonly versionId: VersionId;
  readonly stored: SealedValue;
}

function openStored(
  { keyring }: OperationCall,
  { secret, versionId, stored }: StoredVersion,
): Plaintext {
  try {
    return keyring.openValue({ arn: secret.arn, versionId, kind: stored.kind }, stored);
  } catch (cause) {
    if (!(cause instanceof OpenError)) throw cause;
    throw new RefusedError({ code: "decryption_failed", facts: {} }, { cause });
  }
}

/** In the form it was given in. The answer's bytes are its own: the plaintext is wiped. */
function valueMembers(
  { kind }: SealedValue,
  plaintext: Plaintext,
): { readonly secretString?: string; readonly secretBinary?: Uint8Array } {
  if (kind === "binary") return { secretBinary: Uint8Array.from(plaintext.reveal()) };
  const secretString = textOf(plaintext.reveal());
  assert(secretString !== undefined, "a string was sealed as UTF-8");
  return { secretString };
}
