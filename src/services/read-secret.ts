// The operations that read one secret: GetSecretValue, DescribeSecret, and the password that needs
// none.
import { textOf } from "../base/bytes.ts";
import { RefusedError } from "../base/errors.ts";
import { describeSecret as describe } from "../secrets/queries/describe-secret.ts";
import { defaultPasswordRequest, randomPassword } from "../secrets/queries/random-password.ts";
import { findSecret } from "./find-secret.ts";
import { requireAllowed, type Handler } from "./operation-call.ts";
import { readVersion } from "./read-version.ts";
import { describedMembers, stagesByVersion } from "./shown-secret.ts";

/** AWS: GetSecretValue. Throws `decryption_failed` too, when what is stored does not open. */
export const getSecretValue: Handler<"GetSecretValue"> = async (call, request) => {
  const { secretId, versionId, versionStage: label } = request;
  const secret = await findSecret(call, "GetSecretValue", secretId);
  return readVersion(call, secret, { versionId, label });
};

/** AWS: DescribeSecret. Works on a secret marked for deletion. */
export const describeSecret: Handler<"DescribeSecret"> = async (call, request) => {
  const secret = await findSecret(call, "DescribeSecret", request.secretId);
  const description = describe(call.parts.accessNotes.shown(secret));
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
