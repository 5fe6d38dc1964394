import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import { describe, it } from "mocha";
import { internalError, wireStatus } from "../../src/server/wire-status.ts";
import model from "../services/operations/fixtures/model.json" with { type: "json" };

type Code = keyof typeof wireStatus;

/** What AWS calls each refusal, and the status it comes with where that is not 400. */
const awsTypes: Record<Code, string | readonly [string, number]> = {
  validation_failed: "ValidationException",
  invalid_name: "ValidationException",
  client_request_token_missing: "InvalidRequestException",
  value_missing: "InvalidRequestException",
  value_ambiguous: "InvalidParameterException",
  invalid_next_token: "InvalidNextTokenException",
  invalid_filter: "InvalidParameterException",
  reserved_tag_key: "InvalidParameterException",
  duplicate_tag_key: "InvalidParameterException",
  invalid_replica_region: "InvalidParameterException",
  kms_key_not_found: "InvalidParameterException",
  kms_key_elsewhere: "InvalidParameterException",
  password_too_short: "InvalidParameterException",
  password_class_excluded: "InvalidParameterException",
  password_alphabet_empty: "InvalidParameterException",
  recovery_window_out_of_range: "InvalidParameterException",
  recovery_window_with_force: "InvalidParameterException",
  label_change_missing: "InvalidParameterException",
  batch_selection_invalid: "InvalidParameterException",
  batch_page_without_filters: "InvalidParameterException",
  rotation_token_missing: "InvalidParameterException",
  rotation_rules_invalid: "InvalidParameterException",
  rotation_function_invalid: "InvalidParameterException",
  external_rotation_invalid: "InvalidParameterException",
  policy_malformed: "MalformedPolicyDocumentException",
  policy_too_broad: "PublicPolicyException",
  secret_not_found: "ResourceNotFoundException",
  version_not_found: "ResourceNotFoundException",
  label_not_found: "ResourceNotFoundException",
  label_not_on_version: "InvalidRequestException",
  secret_deleted: "InvalidRequestException",
  secret_already_deleted: "InvalidRequestException",
  secret_name_scheduled: "InvalidRequestException",
  secret_exists: "ResourceExistsException",
  token_in_use: "ResourceExistsException",
  label_holder_required: "InvalidParameterException",
  label_not_held: "InvalidParameterException",
  current_label_required: "InvalidParameterException",
  rotation_not_configured: "InvalidRequestException",
  rotation_unfinished: "InvalidRequestException",
  rotation_function_denied: "AccessDeniedException",
  not_a_replica: "InvalidRequestException",
  too_many_labels: "LimitExceededException",
  too_many_versions: "LimitExceededException",
  too_many_tags: "InvalidParameterException",
  too_many_secrets: "LimitExceededException",
  request_too_large: ["RequestEntityTooLargeException", 413],
  overloaded: "ThrottlingException",
  rate_exceeded: "ThrottlingException",
  access_denied: "AccessDeniedException",
  missing_authentication: "MissingAuthenticationTokenException",
  incomplete_signature: "IncompleteSignatureException",
  invalid_signature: "InvalidSignatureException",
  unrecognized_client: "UnrecognizedClientException",
  malformed_request: "SerializationException",
  unknown_operation: "UnknownOperationException",
  operation_unimplemented: "UnknownOperationException",
  no_leader: ["ServiceUnavailableException", 503],
  low_space: ["InternalServiceError", 500],
  upgrade_under_way: ["ServiceUnavailableException", 503],
  node_locked: ["ServiceUnavailableException", 503],
  outcome_unknown: ["InternalServiceError", 500],
  timed_out: ["ServiceUnavailableException", 503],
  decryption_failed: "DecryptionFailure",
  unknown_node: "ResourceNotFoundException",
  node_id_used: "ResourceExistsException",
  not_a_learner: "InvalidRequestException",
  not_a_voter: "InvalidRequestException",
  learner_behind: "InvalidRequestException",
  membership_changing: "InvalidRequestException",
  quorum_at_risk: "InvalidRequestException",
  transfer_failed: "InvalidRequestException",
  node_removed: "InvalidRequestException",
  membership_change_impossible: "InvalidRequestException",
  join_token_refused: "AccessDeniedException",
  too_many_join_tokens: "LimitExceededException",
  backup_under_way: "LimitExceededException",
  position_too_old: "PositionTooOld",
  position_in_future: "PositionInTheFuture",
  position_elsewhere: "PositionOfAnotherRegion",
  too_many_watches: "LimitExceededException",
  watcher_too_slow: "WatcherTooSlow",
  watch_ended: ["ServiceUnavailableException", 503],
};

describe("wireStatus", () => {
  for (const [code, expected] of Object.entries(awsTypes)) {
    const [awsType, http] = typeof expected === "string" ? [expected, 400] : expected;

    it(`calls ${code} ${awsType}, with ${http}`, () => {
      const row = wireStatus[code as Code];

      assert.equal(row.awsType, awsType);
      assert.equal(row.http, http);
      assert.notEqual(row.grpc, status.OK);
    });
  }

  it("spells the sentence of a modelled error with a capital letter, and of no other", () => {
    for (const { awsType, awsMessageMember } of [...Object.values(wireStatus), internalError]) {
      const isModelled = model.errors.includes(awsType);

      assert.equal(awsMessageMember, isModelled ? "Message" : "message", awsType);
    }
  });

  it("says UNKNOWN only where the change may have happened", () => {
    const unknown = Object.entries(wireStatus).filter(([, { grpc }]) => grpc === status.UNKNOWN);

    assert.deepEqual(
      unknown.map(([code]) => code),
      ["outcome_unknown"],
    );
  });
});
