// How the model refuses: an exception and its sentence, as semantics.md has them. Where the page
// calls a wording uncertain the sentence is left open.

export class ModelRefusal extends Error {
  readonly exception: string;
  /** Nothing: whatever the sentence. */
  readonly sentence: string | undefined;

  constructor(exception: string, sentence?: string) {
    super(`${exception}: ${sentence ?? "(any)"}`);
    this.exception = exception;
    this.sentence = sentence;
  }
}

const notFound = "ResourceNotFoundException";
const state = "InvalidRequestException";
const parameter = "InvalidParameterException";
const exists = "ResourceExistsException";

export const refusals = {
  invalid: () => new ModelRefusal("ValidationException"),
  name: () =>
    new ModelRefusal(
      "ValidationException",
      "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
    ),
  noToken: () =>
    new ModelRefusal(
      state,
      "You must provide a ClientRequestToken value. We recommend a UUID-type value.",
    ),
  unknown: () => new ModelRefusal(notFound, "Secrets Manager can't find the specified secret."),
  noLabel: (label: string) =>
    new ModelRefusal(
      notFound,
      `Secrets Manager can't find the specified secret value for staging label: ${label}`,
    ),
  noVersion: (id: string) =>
    new ModelRefusal(
      notFound,
      `Secrets Manager can't find the specified secret value for VersionId: ${id}`,
    ),
  mismatch: () =>
    new ModelRefusal(
      state,
      "You provided a VersionStage that is not associated to the provided VersionId.",
    ),
  deleted: () =>
    new ModelRefusal(
      state,
      "You can't perform this operation on the secret because it was marked for deletion.",
    ),
  scheduled: () =>
    new ModelRefusal(
      state,
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    ),
  taken: (name: string) =>
    new ModelRefusal(exists, `The operation failed because the secret ${name} already exists.`),
  tokenInUse: (token: string, arn: string) =>
    new ModelRefusal(
      exists,
      `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${arn}.`,
    ),
  noValue: () => new ModelRefusal(state, "You must provide either SecretString or SecretBinary."),
  twoValues: () => new ModelRefusal(parameter),
  parameter: (sentence?: string) => new ModelRefusal(parameter, sentence),
  holder: (label: string, id: string) =>
    new ModelRefusal(
      parameter,
      `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ${id}, so you must explicitly reference that version in RemoveFromVersionId.`,
    ),
  /** semantics.md 5.11 leaves open which of two types it is; ours is this one. */
  stageVersion: (id: string) => refusals.noVersion(id),
  limit: () => new ModelRefusal("LimitExceededException"),
  /** The tag calls declare no LimitExceededException. */
  tooManyTags: () => new ModelRefusal(parameter),
  window: () =>
    refusals.parameter("RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."),
  windowAndForce: () =>
    refusals.parameter(
      "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    ),
  deletedTwice: () => new ModelRefusal(state),
  policy: () => new ModelRefusal("MalformedPolicyDocumentException"),
  publicPolicy: () => new ModelRefusal("PublicPolicyException"),
  nextToken: () => new ModelRefusal("InvalidNextTokenException"),
} as const;
