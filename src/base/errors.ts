// Everything holdfast refuses to do: one code, one set of facts and one sentence for each refusal.
// Codes reach the wire in one place only: server/wire-status.ts. Where AWS has a sentence that
// clients match on, ours is that sentence to the letter.

/** The facts that go with each refusal. No plaintext and no key material, ever. */
export interface RefusalFacts {
  // What was asked is malformed.
  /** The violations that are named, and how many more there are. */
  validation_failed: { violations: readonly string[]; unnamed?: number };
  invalid_name: None;
  client_request_token_missing: None;
  value_missing: None;
  value_ambiguous: None;
  invalid_next_token: None;
  invalid_filter: { reason: string };
  reserved_tag_key: { key: string };
  duplicate_tag_key: { key: string };
  invalid_replica_region: None;
  kms_key_not_found: { keyId: string };
  kms_key_elsewhere: { region: string };
  password_too_short: None;
  password_class_excluded: None;
  password_alphabet_empty: None;
  recovery_window_out_of_range: None;
  recovery_window_with_force: None;
  label_change_missing: None;
  batch_selection_invalid: None;
  batch_page_without_filters: None;
  rotation_token_missing: None;
  rotation_rules_invalid: { problem: keyof typeof rotationRulesSentences };
  rotation_function_invalid: None;
  external_rotation_invalid: { problem: keyof typeof externalRotationSentences };
  /** Whole sentences, each of which says where. */
  policy_malformed: { problems: readonly string[] };
  policy_too_broad: None;

  // What was asked does not fit the state.
  secret_not_found: None;
  version_not_found: { versionId: string };
  label_not_found: { label: string };
  label_not_on_version: None;
  secret_deleted: None;
  secret_already_deleted: None;
  secret_name_scheduled: None;
  secret_exists: { name: string };
  token_in_use: { token: string; arn: string };
  label_holder_required: { label: string; versionId: string };
  label_not_held: { label: string; versionId: string };
  current_label_required: None;
  rotation_not_configured: None;
  rotation_unfinished: None;
  rotation_function_denied: None;
  not_a_replica: None;

  // Limits.
  too_many_labels: { limit: number };
  too_many_versions: { limit: number };
  too_many_tags: { limit: number };
  too_many_secrets: { limit: number };
  request_too_large: { limitBytes: number };
  overloaded: None;
  rate_exceeded: None;

  // Who asks.
  access_denied: { principal: string; action: string; resource: string | undefined };
  missing_authentication: None;
  incomplete_signature: { reason: string };
  invalid_signature: { reason: string };
  unrecognized_client: None;

  // The wire.
  malformed_request: { reason: string };
  unknown_operation: None;
  operation_unimplemented: { operation: string };

  // The cluster.
  no_leader: None;
  low_space: None;
  upgrade_under_way: None;
  node_locked: { reason: string };
  outcome_unknown: { reason: "leadership_lost" | "timed_out" | "leader_unreachable" };
  timed_out: None;
  decryption_failed: None;

  // Who is in the region.
  unknown_node: { node: string };
  node_id_used: { node: string };
  not_a_learner: { node: string };
  not_a_voter: { node: string };
  learner_behind: { node: string; behind: number };
  membership_changing: None;
  quorum_at_risk: { voters: number; active: number };
  transfer_failed: { node: string };
  node_removed: { node: string };
  membership_change_impossible: { reason: string };
  join_token_refused: { reason: "unknown" | "expired" | "of_another_node" };
  too_many_join_tokens: { limit: number };

  // Backups.
  backup_under_way: None;

  // Watching.
  position_too_old: None;
  position_in_future: None;
  position_elsewhere: { region: string };
  too_many_watches: { limit: number; per: "node" | "principal" };
  watcher_too_slow: { limitBytes: number };
  watch_ended: None;
}

type None = Record<string, never>;

export type RefusalCode = keyof RefusalFacts;

/** A refusal as plain data: what pure code returns, and what the state machine answers. */
export type Refusal = {
  [Code in RefusalCode]: { readonly code: Code; readonly facts: Readonly<RefusalFacts[Code]> };
}[RefusalCode];

/** A refusal on its way out through async code. Thrown by services, caught once by the wire. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly refusal: Refusal;

  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(describeRefusal(refusal), options);
    this.refusal = refusal;
  }
}

/** Throws a refusal out of async code. */
export function refuseCall<Code extends RefusalCode>(
  code: Code,
  facts: RefusalFacts[Code],
): RefusedError {
  // A code and its own facts always make a refusal; the compiler cannot pair them across a union.
  return new RefusedError({ code, facts } as Refusal);
}

const joinTokenSentences = {
  unknown: "The join token is not known, or was used already. Ask for a new one.",
  expired: "The join token has expired. Ask for a new one.",
  of_another_node: "The join token is for another node.",
} as const;

/** What AWS says of a schedule, spelling included (AWS: RotateSecret, RotationRules). */
const rotationRulesSentences = {
  days_and_expression:
    "You cannot specify both rotation frequency and schedule expression together.",
  expression: "Invalid schedule expression.",
  hours: "Rate in hour should be least 4 and less than 24.",
  days: "Rate in day should be greater than 0 and less than 1000.",
  duration: "Duration must be at least 1 hour, at most 24 hour.",
  duration_beyond_rate: "Duration cannot be greater than Rate in hour.",
  duration_beyond_day: "Starting hour and duration must be within a day.",
} as const;

const externalRotationSentences = {
  role_arn:
    "Invalid external secret rotation role ARN. Ensure the ARN matches format " +
    "arn:aws:iam::<account>:role/<roleName>.",
  metadata_twice: "A key of ExternalSecretRotationMetadata appears more than once.",
} as const;

const sentences: { [Code in RefusalCode]: (facts: RefusalFacts[Code]) => string } = {
  validation_failed: ({ violations, unnamed = 0 }) => {
    const count = violations.length + unnamed;
    return (
      `${count} validation ${count === 1 ? "error" : "errors"} detected: ` +
      violations.join("; ") +
      (unnamed === 0 ? "" : `; and ${unnamed} more`)
    );
  },
  invalid_name: () =>
    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
  client_request_token_missing: () =>
    "You must provide a ClientRequestToken value. We recommend a UUID-type value.",
  value_missing: () => "You must provide either SecretString or SecretBinary.",
  value_ambiguous: () => "You can't specify both SecretString and SecretBinary.",
  invalid_next_token: () => "The NextToken value is invalid.",
  invalid_filter: ({ reason }) => reason,
  reserved_tag_key: ({ key }) =>
    `The tag key ${key} uses the reserved prefix aws:, which is for system use only.`,
  duplicate_tag_key: ({ key }) => `The tag key ${key} appears more than once.`,
  invalid_replica_region: () => "Invalid replica region.",
  kms_key_not_found: ({ keyId }) =>
    `The operation failed because of an invalid KMS key: Not found ${keyId}`,
  kms_key_elsewhere: ({ region }) =>
    `The operation failed because of an invalid KMS key: Invalid arn ${region}`,
  password_too_short: () => "Password length is too short based on the required types.",
  password_class_excluded: () => "All characters of the desired type have been excluded.",
  password_alphabet_empty: () => "All characters have been excluded from selection.",
  recovery_window_out_of_range: () =>
    "RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
  recovery_window_with_force: () =>
    "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
  label_change_missing: () =>
    "You must provide RemoveFromVersionId, MoveToVersionId or both of them.",
  batch_selection_invalid: () =>
    "Either 'SecretIdList' or 'Filters' must be provided, but not both.",
  batch_page_without_filters: () =>
    "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.",
  rotation_token_missing: () =>
    "You must provide a ClientRequestToken value. We recommend a UUID-type value.",
  rotation_rules_invalid: ({ problem }) => rotationRulesSentences[problem],
  rotation_function_invalid: () =>
    "Invalid rotation Lambda ARN. Ensure the ARN matches format " +
    "arn:aws:lambda:<region>:<account>:function:<functionName>.",
  external_rotation_invalid: ({ problem }) => externalRotationSentences[problem],
  policy_malformed: ({ problems }) => problems.join(" "),
  policy_too_broad: () =>
    "You can't attach a resource-based policy that allows broad access to the secret.",

  secret_not_found: () => "Secrets Manager can't find the specified secret.",
  version_not_found: ({ versionId }) =>
    `Secrets Manager can't find the specified secret value for VersionId: ${versionId}`,
  label_not_found: ({ label }) =>
    `Secrets Manager can't find the specified secret value for staging label: ${label}`,
  label_not_on_version: () =>
    "You provided a VersionStage that is not associated to the provided VersionId.",
  secret_deleted: () =>
    "You can't perform this operation on the secret because it was marked for deletion.",
  secret_already_deleted: () =>
    "You tried to perform the operation on a secret that's currently marked deleted.",
  secret_name_scheduled: () =>
    "You can't create this secret because a secret with this name is already scheduled for deletion.",
  secret_exists: ({ name }) => `The operation failed because the secret ${name} already exists.`,
  token_in_use: ({ token, arn }) =>
    `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${arn}.`,
  label_holder_required: ({ label, versionId }) =>
    `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached ` +
    `to version ${versionId}, so you must explicitly reference that version in RemoveFromVersionId.`,
  label_not_held: ({ label, versionId }) =>
    `The staging label ${label} is not attached to the version ${versionId} given in RemoveFromVersionId.`,
  current_label_required: () =>
    "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
  rotation_not_configured: () => "No Lambda rotation function ARN is associated with this secret.",
  rotation_unfinished: () =>
    "A previous rotation isn't complete. That rotation will be reattempted.",
  rotation_function_denied: () =>
    "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy " +
    "grants access to the principal secretsmanager.amazonaws.com.",
  not_a_replica: () =>
    "Operation not permitted on a primary secret. Call must be made in replica secret's region.",

  too_many_labels: ({ limit }) =>
    `You have reached the limit of ${limit} staging labels attached to the versions of a secret.`,
  too_many_versions: ({ limit }) => `You have reached the limit of ${limit} versions of a secret.`,
  too_many_tags: ({ limit }) => `You have reached the limit of ${limit} tags on a secret.`,
  too_many_secrets: ({ limit }) => `You have reached the limit of ${limit} secrets in this Region.`,
  request_too_large: ({ limitBytes }) => `The request is larger than ${limitBytes} bytes.`,
  overloaded: () => "Rate exceeded",
  rate_exceeded: () => "Rate exceeded",

  access_denied: ({ principal, action, resource }) =>
    `User: ${principal} is not authorized to perform: ${action}` +
    (resource === undefined ? "" : ` on resource: ${resource}`) +
    ` because no identity-based policy allows the ${action} action`,
  missing_authentication: () => "Request is missing Authentication Token",
  incomplete_signature: ({ reason }) => reason,
  invalid_signature: ({ reason }) => reason,
  unrecognized_client: () => "The security token included in the request is invalid.",

  malformed_request: ({ reason }) => reason,
  unknown_operation: () => "The operation named in the request is not known.",
  operation_unimplemented: ({ operation }) => `${operation} is not available in this release.`,

  no_leader: () => "The region has no leader at the moment. Nothing was changed; try again.",
  low_space: () =>
    "The region is low on disk space, and takes nothing new until there is more. Nothing was " +
    "changed; reading and deleting go on.",
  upgrade_under_way: () =>
    "Not every node of the region runs a release that knows this. Nothing was changed; try again " +
    "when all of them do.",
  node_locked: ({ reason }) => `This node is locked: ${reason}`,
  outcome_unknown: ({ reason }) =>
    `The outcome is not known (${reason}): it may still be done. Retry with the same ` +
    "ClientRequestToken if the request has one, and look before you try again if not.",
  timed_out: () => "The request ran out of time. Nothing was changed; try again.",
  decryption_failed: () =>
    "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",

  unknown_node: ({ node }) => `The region has no member ${node}.`,
  node_id_used: ({ node }) =>
    `The id ${node} is, or once was, a member's. Ids are never used again: give the node a new one.`,
  not_a_learner: ({ node }) => `${node} is a voter already: only a learner can be promoted.`,
  not_a_voter: ({ node }) => `${node} is no voter: only a voter can lead.`,
  learner_behind: ({ node, behind }) =>
    `${node} has not caught up: it is ${behind} log entries behind, or has not answered lately.`,
  membership_changing: () =>
    "Another change of the members is under way. Nothing was changed; try again when it is over.",
  quorum_at_risk: ({ voters, active }) =>
    active < Math.floor(voters / 2) + 1
      ? `Of the ${voters} voters that would be left only ${active} answer, and a quorum is ` +
        `${Math.floor(voters / 2) + 1}: the region would stop.`
      : `Only ${voters} ${voters === 1 ? "voter" : "voters"} would be left, and with fewer than three ` +
        "the region stops when one fails.",
  transfer_failed: ({ node }) =>
    `${node} did not take the lead in time. The lead stays where it was.`,
  node_removed: ({ node }) => `${node} was removed from the region and cannot come back.`,
  membership_change_impossible: ({ reason }) => `The membership cannot be changed: ${reason}.`,
  join_token_refused: ({ reason }) => joinTokenSentences[reason],
  too_many_join_tokens: ({ limit }) =>
    `There are ${limit} join tokens that were neither used nor have expired. ` +
    "Use them, or wait until they expire.",

  backup_under_way: () => "This node is making a backup already. Wait for it, or ask another node.",

  position_too_old: () =>
    "The position is too old: what happened next is not kept any more. List the secrets again, and " +
    "watch from now on.",
  position_in_future: () =>
    "The position is ahead of all that has happened in this region. List the secrets again, and " +
    "watch from now on.",
  position_elsewhere: ({ region }) =>
    `The position is not of this region's log: it was given by another, or by ${region} before it ` +
    "was restored from a backup. List the secrets again, and watch from now on.",
  too_many_watches: ({ limit, per }) =>
    per === "node"
      ? `This node serves ${limit} watch streams, and no more. Ask another node.`
      : `You have ${limit} watch streams on this node, and may have no more.`,
  watcher_too_slow: ({ limitBytes }) =>
    `More than ${limitBytes} bytes of events waited to be taken. Go on from the last position.`,
  watch_ended: () => "This node ends the stream. Go on from the last position, here or elsewhere.",
};

/** One sentence for people. Programs read the code and the facts. */
export function describeRefusal(refusal: Refusal): string {
  const sentence = sentences[refusal.code] as (facts: Refusal["facts"]) => string;
  return sentence(refusal.facts);
}
