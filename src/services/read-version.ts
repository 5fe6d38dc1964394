// One version of a secret with its value in the clear: what GetSecretValue and BatchGetSecretValue
// answer.
import { assert } from "../base/assert.ts";
import { textOf } from "../base/bytes.ts";
import { RefusedError } from "../base/errors.ts";
import type { Plaintext } from "../base/plaintext.ts";
import { OpenError } from "../crypto/open-error.ts";
import { chooseVersion, type VersionChoice } from "../secrets/queries/get-secret-value.ts";
import type { SealedValue, SecretRecord, VersionId } from "../secrets/secret.ts";
import type { OperationCall } from "./operation-call.ts";
import type { ResponseOf } from "./operations/operations.ts";

/**
 * Reads in one turn, so that the record and the value it names are of one state: hand in a record
 * that was found in this very turn. Notes that the version was read.
 *
 * Throws `secret_deleted`, `version_not_found`, `label_not_on_version`, `label_not_found`, and
 * `decryption_failed` when what is stored does not open.
 */
export function readVersion(
  call: OperationCall,
  secret: SecretRecord,
  choice: VersionChoice,
): ResponseOf<"GetSecretValue"> {
  const chosen = chooseVersion(secret, choice);
  if (!chosen.ok) throw new RefusedError(chosen.refusal);

  const { versionId, version, labels } = chosen.reply;
  const stored = call.parts.group.view.sealedValue(secret.name, versionId);
  assert(stored !== undefined, "a version has a value");
  using plaintext = openStored(call, { secret, versionId, stored });
  call.parts.accessNotes.note(secret, versionId);
  return {
    arn: secret.arn,
    name: secret.name,
    versionId,
    ...valueMembers(stored, plaintext),
    versionStages: labels.length === 0 ? undefined : labels,
    createdDate: version.createdAt,
  };
}

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
