// The words the tables are written in: tokens, states that many cases begin from, and the fixed
// texts of semantics.md §5 under the keys they have there.
import type { AwsRequest, Expected, Refused, Step } from "../conformance-case.ts";

/** Version ids are the tokens that made them. */
export const v = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
export const v1 = v(1);
export const v2 = v(2);
export const v3 = v(3);
export const v4 = v(4);
/** Nobody's. */
export const v9 = v(9);

export const x = (length: number): string => "x".repeat(length);

/** `{s}` is the name that the case has for itself. */
export const S = { SecretId: "{s}" } as const;

export const create = (request: AwsRequest = {}): Step => ["CreateSecret", { Name: "{s}", ClientRequestToken: v1, SecretString: "one", ...request }];
export const createEmpty = (request: AwsRequest = {}): Step => ["CreateSecret", { Name: "{s}", ClientRequestToken: v1, ...request }];
export const put = (version: string, request: AwsRequest = {}): Step => ["PutSecretValue", { SecretId: "{s}", ClientRequestToken: version, SecretString: `value of ${version}`, ...request }];
export const update = (request: AwsRequest): Step => ["UpdateSecret", { SecretId: "{s}", ClientRequestToken: v4, ...request }];
export const get = (request: AwsRequest = {}): Step => ["GetSecretValue", { ...S, ...request }];
export const describeIt: Step = ["DescribeSecret", S];
export const moveLabel = (request: AwsRequest): Step => ["UpdateSecretVersionStage", { ...S, ...request }];
export const remove = (request: AwsRequest = {}): Step => ["DeleteSecret", { ...S, ...request }];
export const restore: Step = ["RestoreSecret", S];
export const tag = (...pairs: readonly (readonly [key: string, value: string])[]): Step => ["TagResource", { ...S, Tags: tags(...pairs) }];
export const tags = (...pairs: readonly (readonly [key: string, value: string])[]): readonly AwsRequest[] => pairs.map(([Key, Value]) => ({ Key, Value }));

/** States before. */
export const nothing: readonly Step[] = [];
export const empty: readonly Step[] = [createEmpty()];
export const one: readonly Step[] = [create()];
export const two: readonly Step[] = [create(), put(v2)];
export const three: readonly Step[] = [create(), put(v2), put(v3)];
export const deleted: readonly Step[] = [create(), remove()];

/** Answers. */
export const reply = (members: AwsRequest): Expected => ({ reply: members });
export const shows = (members: AwsRequest): Expected => ({ shows: members });
export const refused = (refusal: Refused): Expected => ({ refused: refusal });
/** The secret's ARN and name, and nothing else. */
export const named: Expected = reply({ ARN: "{arn}", Name: "{s}" });
export const stages = (byVersion: Readonly<Record<string, readonly string[]>>): Expected => shows({ VersionIdsToStages: byVersion });

export const C = "AWSCURRENT";
export const P = "AWSPREVIOUS";
export const N = "AWSPENDING";

const fixed = (exception: string, message: string): Refused => [exception, message];

const notFound = "ResourceNotFoundException";
export const parameter = "InvalidParameterException";
export const state = "InvalidRequestException";
const exists = "ResourceExistsException";
export const limit = "LimitExceededException";
export const invalid = "ValidationException";
export const malformed = "SerializationException";

export const T = {
  NF: fixed(notFound, "Secrets Manager can't find the specified secret."),
  NFS: (label: string): Refused => fixed(notFound, `Secrets Manager can't find the specified secret value for staging label: ${label}`),
  NFV: (id: string): Refused => fixed(notFound, `Secrets Manager can't find the specified secret value for VersionId: ${id}`),
  MIS: fixed(state, "You provided a VersionStage that is not associated to the provided VersionId."),
  DEL: fixed(state, "You can't perform this operation on the secret because it was marked for deletion."),
  SCH: fixed(state, "You can't create this secret because a secret with this name is already scheduled for deletion."),
  TOK: fixed(state, "You must provide a ClientRequestToken value. We recommend a UUID-type value."),
  /** RotateSecret's has another type. */
  TOKrotate: fixed(parameter, "You must provide a ClientRequestToken value. We recommend a UUID-type value."),
  NOL: fixed(state, "No Lambda rotation function ARN is associated with this secret."),
  NAME: fixed(invalid, "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"),
  EXISTS: fixed(exists, "The operation failed because the secret {s} already exists."),
  INUSE: (token: string): Refused => fixed(exists, `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret {arn}.`),
  REPLICA: fixed(parameter, "Invalid replica region."),
} as const;

/** A violation of the service model, alone (semantics.md 1.2). */
export const violates = (where: string, constraint: string): Refused => [invalid, `<like 1 validation error detected: Value.* at '${where}' failed to satisfy constraint: Member must ${constraint}>`];
export const tooLong = (where: string, most: number): Refused => violates(where, `have length less than or equal to ${most}`);
export const tooShort = (where: string, least: number): Refused => violates(where, `have length greater than or equal to ${least}`);
export const tooMuch = (where: string, most: number): Refused => violates(where, `have value less than or equal to ${most}`);
export const tooLittle = (where: string, least: number): Refused => violates(where, `have value greater than or equal to ${least}`);
export const missing = (where: string): Refused => violates(where, "not be null");
/** The type is what clients match on; semantics.md calls the wording uncertain. */
export const some = (exception: string): Refused => [exception, "<any>"];

/** `arn:aws:lambda:…`, of nobody: rotation functions cannot be invoked by this release. */
export const lambda = "arn:aws:lambda:{region}:{account}:function:rotate";
