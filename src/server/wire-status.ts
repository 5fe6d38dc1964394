// The one table from what holdfast refuses to what each wire calls it. A refusal without a row here
// does not compile.
import { status } from "@grpc/grpc-js";
import type { RefusalCode } from "../base/errors.ts";

export interface WireStatus {
  readonly grpc: status;
  /** AWS answers every mistake of a caller with 400, and tells them apart by type. */
  readonly http: number;
  /** The `__type` of the JSON body. */
  readonly awsType: string;
  /** Where the sentence goes: errors of the service model spell it with a capital letter. */
  readonly awsMessageMember: "Message" | "message";
}

/** The errors that the service model of AWS declares, as far as holdfast answers them. */
const modelledTypes: ReadonlySet<string> = new Set([
  "DecryptionFailure",
  "EncryptionFailure",
  "InternalServiceError",
  "InvalidNextTokenException",
  "InvalidParameterException",
  "InvalidRequestException",
  "LimitExceededException",
  "MalformedPolicyDocumentException",
  "PreconditionNotMetException",
  "PublicPolicyException",
  "ResourceExistsException",
  "ResourceNotFoundException",
]);

export const wireStatus: Readonly<Record<RefusalCode, WireStatus>> = {
  // What was asked is malformed.
  validation_failed: badRequest(status.INVALID_ARGUMENT, "ValidationException"),
  invalid_name: badRequest(status.INVALID_ARGUMENT, "ValidationException"),
  client_request_token_missing: badRequest(status.INVALID_ARGUMENT, "InvalidRequestException"),
  value_missing: badRequest(status.INVALID_ARGUMENT, "InvalidRequestException"),
  value_ambiguous: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  invalid_next_token: badRequest(status.INVALID_ARGUMENT, "InvalidNextTokenException"),
  invalid_filter: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  reserved_tag_key: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  duplicate_tag_key: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  invalid_replica_region: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  kms_key_not_found: badRequest(status.NOT_FOUND, "InvalidParameterException"),
  kms_key_elsewhere: badRequest(status.NOT_FOUND, "InvalidParameterException"),
  password_too_short: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  password_class_excluded: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  password_alphabet_empty: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  recovery_window_out_of_range: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  recovery_window_with_force: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  label_change_missing: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  batch_selection_invalid: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  batch_page_without_filters: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  // The other operations answer the same sentence with InvalidRequestException.
  rotation_token_missing: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  rotation_rules_invalid: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  rotation_function_invalid: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  external_rotation_invalid: badRequest(status.INVALID_ARGUMENT, "InvalidParameterException"),
  policy_malformed: badRequest(status.INVALID_ARGUMENT, "MalformedPolicyDocumentException"),
  policy_too_broad: badRequest(status.INVALID_ARGUMENT, "PublicPolicyException"),

  // What was asked does not fit the state.
  secret_not_found: badRequest(status.NOT_FOUND, "ResourceNotFoundException"),
  version_not_found: badRequest(status.NOT_FOUND, "ResourceNotFoundException"),
  label_not_found: badRequest(status.NOT_FOUND, "ResourceNotFoundException"),
  label_not_on_version: badRequest(status.FAILED_PRECONDITION, "InvalidRequestException"),
  secret_deleted: badRequest(status.FAILED_PRECONDITION, "InvalidRequestException"),
  secret_already_deleted: badRequest(status.FAILED_PRECONDITION, "InvalidRequestException"),
  secret_name_scheduled: badRequest(status.FAILED_PRECONDITION, "InvalidRequestException"),
  secret_exists: badRequest(status.ALREADY_EXISTS, "ResourceExistsException"),
  token_in_use: badRequest(status.ALREADY_EXISTS, "ResourceExistsException"),
  label_holder_required: badRequest(status.FAILED_PRECONDITION, "InvalidParameterException"),
  label_not_held: badRequest(status.FAILED_PRECONDITION, "InvalidParameterException"),
  current_label_required: badRequest(status.FAILED_PRECONDITION, "InvalidParameterException"),
  rotation_not_configured: badRequest(status.FAILED_PRECONDITION, "InvalidRequestException"),
  rotation_unfinished: badRequest(status.FAILED_PRECONDITION, "InvalidRequestException"),
  rotation_function_denied: badRequest(status.PERMISSION_DENIED, "AccessDeniedException"),
  not_a_replica: badRequest(status.FAILED_PRECONDITION, "InvalidRequestException"),

  // Limits.
  too_many_labels: badRequest(status.RESOURCE_EXHAUSTED, "LimitExceededException"),
  too_many_versions: badRequest(status.RESOURCE_EXHAUSTED, "LimitExceededException"),
  // The tag operations declare no LimitExceededException.
  too_many_tags: badRequest(status.RESOURCE_EXHAUSTED, "InvalidParameterException"),
  too_many_secrets: badRequest(status.RESOURCE_EXHAUSTED, "LimitExceededException"),
  request_too_large: row(status.RESOURCE_EXHAUSTED, 413, "RequestEntityTooLargeException"),
  overloaded: badRequest(status.RESOURCE_EXHAUSTED, "ThrottlingException"),
  rate_exceeded: badRequest(status.RESOURCE_EXHAUSTED, "ThrottlingException"),

  // Who asks.
  access_denied: badRequest(status.PERMISSION_DENIED, "AccessDeniedException"),
  missing_authentication: badRequest(status.UNAUTHENTICATED, "MissingAuthenticationTokenException"),
  incomplete_signature: badRequest(status.UNAUTHENTICATED, "IncompleteSignatureException"),
  invalid_signature: badRequest(status.UNAUTHENTICATED, "InvalidSignatureException"),
  unrecognized_client: badRequest(status.UNAUTHENTICATED, "UnrecognizedClientException"),

  // The wire.
  malformed_request: badRequest(status.INVALID_ARGUMENT, "SerializationException"),
  unknown_operation: badRequest(status.UNIMPLEMENTED, "UnknownOperationException"),
  operation_unimplemented: badRequest(status.UNIMPLEMENTED, "UnknownOperationException"),

  // The cluster. SDKs try again after 500 and 503; only `outcome_unknown` may have done anything.
  no_leader: row(status.UNAVAILABLE, 503, "ServiceUnavailableException"),
  low_space: row(status.RESOURCE_EXHAUSTED, 500, "InternalServiceError"),
  upgrade_under_way: row(status.UNAVAILABLE, 503, "ServiceUnavailableException"),
  node_locked: row(status.UNAVAILABLE, 503, "ServiceUnavailableException"),
  outcome_unknown: row(status.UNKNOWN, 500, "InternalServiceError"),
  timed_out: row(status.DEADLINE_EXCEEDED, 503, "ServiceUnavailableException"),
  decryption_failed: badRequest(status.FAILED_PRECONDITION, "DecryptionFailure"),

  // Who is in the region.
  unknown_node: badRequest(status.NOT_FOUND, "ResourceNotFoundException"),
  node_id_used: badRequest(status.ALREADY_EXISTS, "ResourceExistsException"),
  not_a_learner: badRequest(status.FAILED_PRECONDITION, "InvalidRequestException"),
  not_a_voter: badRequest(status.FAILED_PRECONDITION, "InvalidRequestException"),
  learner_behind: badRequest(status.FAILED_PRECONDITION, "InvalidRequestException"),
  membership_changing: badRequest(status.FAILED_PRECONDITION, "InvalidRequestException"),
  quorum_at_risk: badRequest(status.FAILED_PRECONDITION, "InvalidRequestException"),
  transfer_failed: badRequest(status.ABORTED, "InvalidRequestException"),
  node_removed: badRequest(status.FAILED_PRECONDITION, "InvalidRequestException"),
  membership_change_impossible: badRequest(status.FAILED_PRECONDITION, "InvalidRequestException"),
  join_token_refused: badRequest(status.PERMISSION_DENIED, "AccessDeniedException"),
  too_many_join_tokens: badRequest(status.RESOURCE_EXHAUSTED, "LimitExceededException"),

  // Backups.
  backup_under_way: badRequest(status.RESOURCE_EXHAUSTED, "LimitExceededException"),

  // Watching, which AWS has not: where none of its exceptions fits, the name is ours.
  position_too_old: badRequest(status.OUT_OF_RANGE, "PositionTooOld"),
  position_in_future: badRequest(status.OUT_OF_RANGE, "PositionInTheFuture"),
  position_elsewhere: badRequest(status.FAILED_PRECONDITION, "PositionOfAnotherRegion"),
  too_many_watches: badRequest(status.RESOURCE_EXHAUSTED, "LimitExceededException"),
  watcher_too_slow: badRequest(status.ABORTED, "WatcherTooSlow"),
  watch_ended: row(status.UNAVAILABLE, 503, "ServiceUnavailableException"),
};

/** For anything that is not a refusal: a bug or a broken dependency. Says nothing of its cause. */
export const internalError: WireStatus = row(status.INTERNAL, 500, "InternalServiceError");

function badRequest(grpc: status, awsType: string): WireStatus {
  return row(grpc, 400, awsType);
}

function row(grpc: status, http: number, awsType: string): WireStatus {
  const awsMessageMember = modelledTypes.has(awsType) ? "Message" : "message";
  return { grpc, http, awsType, awsMessageMember };
}
