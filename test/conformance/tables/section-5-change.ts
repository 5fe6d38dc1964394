// §5.9 to §5.13: deletion, restoring, labels by hand, and rotation as far as it is refused.
import { cases, type AwsRequest, type ConformanceCase, type Refused, type Row, type Step } from "../conformance-case.ts";
import {
  C,
  N,
  P,
  S,
  T,
  create,
  createEmpty,
  deleted,
  describeIt,
  empty,
  get,
  limit,
  malformed,
  missing,
  moveLabel,
  named,
  nothing,
  one,
  parameter,
  put,
  refused,
  remove,
  reply,
  restore,
  shows,
  some,
  stages,
  state,
  tag,
  tags,
  three,
  tooLong,
  tooShort,
  two,
  update,
  v1,
  v2,
  v3,
  v9,
  violates,
  x,
  lambda,
} from "./vocabulary.ts";

const gone = reply({ ARN: "{arn}", Name: "{s}", DeletionDate: "<date>" });
const force = remove({ ForceDeleteWithoutRecovery: true });
const days = (RecoveryWindowInDays: unknown): Step => remove({ RecoveryWindowInDays });
const window: Refused = [parameter, "RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."];
const together: Refused = [parameter, "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."];
const twice: Refused = [state, "<like You .*(currently marked deleted|marked for deletion)\\.>"];

const deletion: readonly Row[] = [
  ["5.9 default", "thirty days unless said otherwise", one, remove(), gone],
  ...[7, 8, 29, 30].map((count): Row => ["5.9 window", `${count} days are taken`, one, days(count), gone]),
  ...[6, 31, 0, -1, 1, 1_000_000].map((count): Row => ["5.9 window", `${count} days are not`, one, days(count), refused(window), [[get(), shows({ SecretString: "one" })]]]),
  ["5.9 both members", "a window and force exclude each other", one, remove({ RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true }), refused(together), [[get(), shows({ SecretString: "one" })]]],
  ["5.9 both members", "force that is false does not", one, remove({ RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: false }), gone, [[describeIt, shows({ DeletedDate: "<date>" })]]],
  ["5.9 both members", "force that is false alone is the default", one, remove({ ForceDeleteWithoutRecovery: false }), gone, [[describeIt, shows({ DeletedDate: "<date>" })]]],
  ["5.9 unknown, no force", "it is not found", nothing, remove(), refused(T.NF)],
  ["5.9 unknown, force", "it is answered as if it had been there", nothing, force, reply({ ARN: "<like .*:secret:{s}-[A-Za-z0-9]{6}>", Name: "{s}", DeletionDate: "<date>" }), [[describeIt, refused(T.NF)]]],
  ["5.9 already marked, no force", "it is refused", deleted, remove(), refused(twice)],
  ["5.9 already marked, no force", "with a window too", deleted, days(7), refused(twice)],
  [
    "5.9 already marked, force",
    "it is removed",
    deleted,
    force,
    gone,
    [
      [describeIt, refused(T.NF)],
      [restore, refused(T.NF)],
    ],
  ],
  ["5.9 force just done", "it is gone at once", [create(), force], describeIt, refused(T.NF), [[create({ ClientRequestToken: v2 }), shows({ VersionId: v2 })]]],
  ["5.9 force just done", "a second time is answered like the first", [create(), force], force, shows({ Name: "{s}", DeletionDate: "<date>" })],
  ["5.9 order", "an unknown secret comes before a bad window", nothing, days(3), refused(T.NF)],
  ["5.9 empty", "a secret without a value is deleted like any", empty, remove(), gone],
  ["5.10 live", "a live secret is restored and nothing changes", one, restore, named],
  [
    "5.10 marked",
    "a deletion is taken back",
    deleted,
    restore,
    named,
    [
      [describeIt, shows({ DeletedDate: "<absent>", VersionIdsToStages: { [v1]: [C] } })],
      [get(), shows({ SecretString: "one" })],
    ],
  ],
  ["5.10 unknown", "a secret that is not there", nothing, restore, refused(T.NF)],
  ["5.10 versions", "all versions and labels come back", [...three, tag(["a", "1"]), remove()], restore, named, [[describeIt, shows({ VersionIdsToStages: { [v2]: [P], [v3]: [C] }, Tags: tags(["a", "1"]) })]]],
  ["5.10 again", "and can be deleted again", [create(), remove(), restore], remove(), gone],
];

const listed: Step = ["ListSecrets", { Filters: [{ Key: "name", Values: ["{s}"] }] }];
const policy = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: { AWS: "arn:aws:iam::{account}:root" }, Action: "secretsmanager:GetSecretValue", Resource: "*" }] });

/** The table "What each call does on a secret marked for deletion". */
const onDeleted: readonly Row[] = [
  ["5.10 GetSecretValue", "not read", deleted, get(), refused(T.DEL)],
  ["5.10 BatchGetSecretValue", "an entry of Errors", deleted, ["BatchGetSecretValue", { SecretIdList: ["{s}"] }], reply({ SecretValues: [], Errors: [{ SecretId: "{s}", ErrorCode: state, Message: T.DEL[1] }] })],
  ["5.10 DescribeSecret", "described, with DeletedDate", deleted, describeIt, shows({ DeletedDate: "<date>" })],
  ["5.10 ListSecrets", "hidden", deleted, listed, { lists: [] }],
  ["5.10 TagResource", "not tagged", deleted, tag(["a", "1"]), refused(T.DEL)],
  ["5.10 UntagResource", "not untagged", deleted, ["UntagResource", { ...S, TagKeys: ["a"] }], refused(T.DEL)],
  ["5.10 CreateSecret", "its name is taken", deleted, create({ ClientRequestToken: v2 }), refused(T.SCH)],
  ["5.10 PutSecretValue", "no value is put", deleted, put(v2), refused(T.DEL)],
  ["5.10 UpdateSecret", "nor updated", deleted, update({ SecretString: "b" }), refused(T.DEL)],
  ["5.10 UpdateSecretVersionStage", "no label moves", deleted, moveLabel({ VersionStage: "X", MoveToVersionId: v1 }), refused(T.DEL)],
  ["5.10 RotateSecret", "not rotated", deleted, ["RotateSecret", { ...S, ClientRequestToken: v2, RotationLambdaARN: lambda }], refused(T.DEL)],
  ["5.10 CancelRotateSecret", "nor its rotation cancelled", deleted, ["CancelRotateSecret", S], refused(T.DEL)],
  ["5.10 ReplicateSecretToRegions", "not replicated", deleted, ["ReplicateSecretToRegions", { ...S, AddReplicaRegions: [{ Region: "eu-west-1" }] }], refused(T.DEL)],
  ["5.10 RemoveRegionsFromReplication", "no replica is removed", deleted, ["RemoveRegionsFromReplication", { ...S, RemoveReplicaRegions: ["eu-west-1"] }], refused(T.DEL)],
  ["5.10 StopReplicationToReplica", "nothing is promoted", deleted, ["StopReplicationToReplica", S], refused(T.DEL)],
  ["5.10 PutResourcePolicy", "no policy is put", deleted, ["PutResourcePolicy", { ...S, ResourcePolicy: policy }], refused(T.DEL)],
  ["5.10 DeleteResourcePolicy", "nor deleted", deleted, ["DeleteResourcePolicy", S], refused(T.DEL)],
  ["5.10 ListSecretVersionIds", "its versions are listed", deleted, ["ListSecretVersionIds", S], shows({ Name: "{s}" })],
  ["5.10 DeleteSecret", "a second time is refused", deleted, remove(), refused(twice)],
  ["5.10 RestoreSecret", "restored", deleted, restore, named],
];

const holder = (label: string, id: string): Refused => [parameter, `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ${id}, so you must explicitly reference that version in RemoveFromVersionId.`];
const many = Array.from({ length: 18 }, (_, at) => `L${at}`);

const moving: readonly Row[] = [
  ["5.11 label free", "it is attached", two, moveLabel({ VersionStage: "X", MoveToVersionId: v1 }), named, [[describeIt, stages({ [v1]: [P, "X"], [v2]: [C] })]]],
  ["5.11 label on another version", "RemoveFromVersionId must name the holder: AWSCURRENT", two, moveLabel({ VersionStage: C, MoveToVersionId: v1 }), refused(holder(C, v2)), [[describeIt, stages({ [v1]: [P], [v2]: [C] })]]],
  ["5.11 label on another version", "and for any other label", [...two, moveLabel({ VersionStage: "X", MoveToVersionId: v1 })], moveLabel({ VersionStage: "X", MoveToVersionId: v2 }), refused(holder("X", v1))],
  ["5.11 label on another version", "with it the label moves", [...two, moveLabel({ VersionStage: "X", MoveToVersionId: v1 })], moveLabel({ VersionStage: "X", MoveToVersionId: v2, RemoveFromVersionId: v1 }), named, [[describeIt, stages({ [v1]: [P], [v2]: [C, "X"] })]]],
  ["5.11 RemoveFrom is not the holder", "refused", three, moveLabel({ VersionStage: C, MoveToVersionId: v1, RemoveFromVersionId: v2 }), refused(some(parameter)), [[get(), shows({ VersionId: v3 })]]],
  ["5.11 RemoveFrom is not the holder", "nor when nobody holds it", two, moveLabel({ VersionStage: "X", RemoveFromVersionId: v1 }), refused(some(parameter))],
  ["5.11 RemoveFrom only", "it is detached", [...two, moveLabel({ VersionStage: "X", MoveToVersionId: v1 })], moveLabel({ VersionStage: "X", RemoveFromVersionId: v1 }), named, [[describeIt, stages({ [v1]: [P], [v2]: [C] })]]],
  [
    "5.11 RemoveFrom only",
    "the last label gone, the version is deprecated",
    two,
    moveLabel({ VersionStage: P, RemoveFromVersionId: v1 }),
    named,
    [
      [describeIt, stages({ [v2]: [C] })],
      [get({ VersionId: v1 }), shows({ SecretString: "one" })],
    ],
  ],
  ["5.11 AWSCURRENT removed without MoveTo", "refused", two, moveLabel({ VersionStage: C, RemoveFromVersionId: v2 }), refused(some(parameter)), [[get(), shows({ VersionId: v2 })]]],
  ["5.11 unknown version id", "to one that is not there", one, moveLabel({ VersionStage: "X", MoveToVersionId: v9 }), refused(["<like (InvalidParameter|ResourceNotFound)Exception>", "<any>"])],
  ["5.11 unknown version id", "from one that is not there", one, moveLabel({ VersionStage: "X", RemoveFromVersionId: v9 }), refused(["<like (InvalidParameter|ResourceNotFound)Exception>", "<any>"])],
  ["5.11 >20 labels", "refused", [...two, put(v3, { VersionStages: many })], moveLabel({ VersionStage: "X", MoveToVersionId: v1 }), refused(some(limit))],
  ["5.11 neither Move nor Remove", "refused", two, moveLabel({ VersionStage: C }), refused(some(parameter))],
  ["5.11 AWSPREVIOUS", "it follows AWSCURRENT", three, moveLabel({ VersionStage: C, MoveToVersionId: v1, RemoveFromVersionId: v3 }), named, [[describeIt, stages({ [v1]: [C], [v3]: [P] })]]],
  ["5.11 AWSPREVIOUS", "it can be moved by hand", three, moveLabel({ VersionStage: P, MoveToVersionId: v1, RemoveFromVersionId: v2 }), named, [[describeIt, stages({ [v1]: [P], [v3]: [C] })]]],
  ["5.11 same", "to where it is already", two, moveLabel({ VersionStage: C, MoveToVersionId: v2, RemoveFromVersionId: v2 }), named, [[describeIt, stages({ [v1]: [P], [v2]: [C] })]]],
  ["5.11 members", "a label must be there", one, moveLabel({ MoveToVersionId: v1 }), refused(missing("versionStage"))],
  ["5.11 members", "of 256 characters at most", one, moveLabel({ VersionStage: x(257), MoveToVersionId: v1 }), refused(tooLong("versionStage", 256))],
  ["5.11 members", "not empty", one, moveLabel({ VersionStage: "", MoveToVersionId: v1 }), refused(tooShort("versionStage", 1))],
  ["5.11 members", "ids have 32 characters at least", one, moveLabel({ VersionStage: "X", MoveToVersionId: x(31) }), refused(tooShort("moveToVersionId", 32))],
  ["5.11 members", "and 64 at most", one, moveLabel({ VersionStage: "X", RemoveFromVersionId: x(65) }), refused(tooLong("removeFromVersionId", 64))],
  ["5.11 unknown", "a secret that is not there", nothing, moveLabel({ VersionStage: "X", MoveToVersionId: v1 }), refused(T.NF)],
  ["5.11 pending", "AWSPENDING is attached by hand", two, moveLabel({ VersionStage: N, MoveToVersionId: v1 }), named, [[describeIt, stages({ [v1]: [P, N], [v2]: [C] })]]],
];

const rotate = (request: AwsRequest = {}): Step => ["RotateSecret", { ...S, ClientRequestToken: v2, ...request }];
const scheduled = (RotationRules: AwsRequest): Step => rotate({ RotationLambdaARN: lambda, RotationRules });
const expression = (ScheduleExpression: string, rest: AwsRequest = {}): Step => scheduled({ ScheduleExpression, ...rest });
const unconfigured = shows({ RotationEnabled: "<absent>", RotationRules: "<absent>", RotationLambdaARN: "<absent>" });
const badSchedule: Refused = [parameter, "Invalid schedule expression."];
const badHours: Refused = [parameter, "Rate in hour should be least 4 and less than 24."];
const badDays: Refused = [parameter, "Rate in day should be greater than 0 and less than 1000."];
const badDuration: Refused = [parameter, "Duration must be at least 1 hour, at most 24 hour."];
const badArn: Refused = [parameter, "Invalid rotation Lambda ARN. Ensure the ARN matches format arn:aws:lambda:<region>:<account>:function:<functionName>."];
/** No rotation function can be invoked here: nothing is ever stored. */
const noLambda: Refused = ["AccessDeniedException", "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com."];

const rotation: readonly Row[] = [
  ["5.12 token", "a call without a token is refused, with another type than elsewhere", one, rotate({ ClientRequestToken: undefined }), refused(T.TOKrotate)],
  ["5.12 token", "before the secret is looked up", nothing, rotate({ ClientRequestToken: undefined }), refused(T.TOKrotate)],
  ["5.12 no Lambda configured or supplied", "refused", one, rotate(), refused(T.NOL), [[describeIt, unconfigured]]],
  ["5 T-NOL", "with rules too", one, rotate({ RotationRules: { AutomaticallyAfterDays: 30 } }), refused(T.NOL), [[describeIt, unconfigured]]],
  ["5.12 Lambda missing or not invocable", "refused, and nothing is stored", one, rotate({ RotationLambdaARN: lambda }), refused(noLambda), [[describeIt, unconfigured]]],
  ["5 T-LAM", "also when it should not rotate at once", one, rotate({ RotationLambdaARN: lambda, RotateImmediately: false }), refused(noLambda), [[describeIt, unconfigured]]],
  ["5.12 days and expression together", "refused", one, scheduled({ AutomaticallyAfterDays: 5, ScheduleExpression: "rate(5 days)" }), refused([parameter, "You cannot specify both rotation frequency and schedule expression together."])],
  ...[
    "rate(5)",
    "every day",
    "cron(0 10 * * ?)",
    "cron(0 10 * * ? * *)",
    "cron(5 10 * * ? *)",
    "cron(0 10 * * ? 2030)",
    "cron(0 10 * * * *)",
    "cron(0 10 ? * ? *)",
    "cron(0 24 * * ? *)",
    "cron(0 10 32 * ? *)",
    "cron(0 10 ? 13 1 *)",
    "cron(0 10 ? * 8 *)",
    "cron(0 /2 * * ? *)",
    "rate(5 weeks)",
    "cron(0 10 31 2 ? *)",
  ].map((text): Row => ["5.12 malformed expression", `${text} is refused`, one, expression(text), refused(badSchedule), [[describeIt, unconfigured]]]),
  ...["rate(3 hours)", "rate(24 hours)", "rate(1 hour)"].map((text): Row => ["5.12 rate hours", `${text} is refused`, one, expression(text), refused(badHours)]),
  ...["rate(0 days)", "rate(1000 days)"].map((text): Row => ["5.12 rate days", `${text} is refused`, one, expression(text), refused(badDays)]),
  ...["0h", "25h", "99h"].map((Duration): Row => ["5.12 Duration", `${Duration} is refused`, one, expression("rate(10 days)", { Duration }), refused(badDuration)]),
  ["5.12 Duration > hourly rate", "refused", one, expression("rate(4 hours)", { Duration: "5h" }), refused([parameter, "Duration cannot be greater than Rate in hour."])],
  ["5.12 cron start hour + duration", "beyond the end of the day is refused", one, expression("cron(0 20 * * ? *)", { Duration: "5h" }), refused([parameter, "Starting hour and duration must be within a day."])],
  ...["arn:aws:lambda:eu-west-1:{account}:function:rotate", "not an ARN", "arn:aws:iam::{account}:user/a"].map((RotationLambdaARN): Row => ["5.12 not a Lambda ARN", `${RotationLambdaARN} is refused`, one, rotate({ RotationLambdaARN }), refused(badArn), [[describeIt, unconfigured]]]),
  ...["rate(4 hours)", "rate(23 hours)", "rate(1 day)", "rate(999 days)", "cron(0 8 1 * ? *)", "cron(0 2/10 * * ? *)", "cron(0 /8 * * ? *)", "cron(0 10 ? * TUE#3 *)", "cron(0 0 L * ? *)", "cron(0 10 ? JAN-DEC MON,WED *)"].map((text): Row => [
    "5.12 good expression",
    `${text} is good: the function is what is missing`,
    one,
    expression(text),
    refused(noLambda),
  ]),
  ["5.12 members", "days are 1 at least", one, scheduled({ AutomaticallyAfterDays: 0 }), refused(violates("rotationRules.automaticallyAfterDays", "have value greater than or equal to 1"))],
  ["5.12 members", "and 1,000 at most", one, scheduled({ AutomaticallyAfterDays: 1001 }), refused(violates("rotationRules.automaticallyAfterDays", "have value less than or equal to 1000"))],
  ["5.12 members", "a duration has a form", one, scheduled({ AutomaticallyAfterDays: 5, Duration: "xyz" }), refused(violates("rotationRules.duration", "satisfy regular expression pattern: .*"))],
  ["5.12 members", "an expression has a form", one, expression("rate(5 days);"), refused(violates("rotationRules.scheduleExpression", "satisfy regular expression pattern: .*"))],
  ["5.12 members", "an ARN has 2,048 characters at most", one, rotate({ RotationLambdaARN: x(2049) }), refused(tooLong("rotationLambdaARN", 2048))],
  ["5.12 members", "a token has 32 characters at least", one, rotate({ ClientRequestToken: x(31) }), refused(tooShort("clientRequestToken", 32))],
  ["5.12 unknown", "a secret that is not there", nothing, rotate(), refused(T.NF)],
  ["5.12 deleted", "a secret that waits for its deletion", deleted, rotate(), refused(T.DEL)],
  ["5.13 none", "a rotation that was never configured cannot be cancelled", one, ["CancelRotateSecret", S], refused(some(state)), [[describeIt, unconfigured]]],
  ["5.13 unknown", "a secret that is not there", nothing, ["CancelRotateSecret", S], refused(T.NF)],
];

const jsonOnly: readonly Row[] = [
  ["5.9 window", "days that are a text are malformed", one, days("7"), refused(some(malformed))],
  ["5.9 window", "days with a fraction are malformed", one, days(7.5), refused(some(malformed))],
  ["5.9 both members", "force that is a text is malformed", one, remove({ ForceDeleteWithoutRecovery: "true" }), refused(some(malformed))],
  ["5.12 members", "rules that are a text are malformed", one, rotate({ RotationRules: "rate(1 day)" }), refused(some(malformed))],
  ["5.11 members", "a label that is a number is malformed", one, moveLabel({ VersionStage: 5, MoveToVersionId: v1 }), refused(some(malformed))],
];

export const section5Change: readonly ConformanceCase[] = [...cases([...deletion, ...onDeleted, ...moving, ...rotation, ["5.9 empty", "a name is free again at once", [createEmpty(), force], createEmpty({ ClientRequestToken: v2 }), shows({ Name: "{s}" })]]), ...cases(jsonOnly, "https")];
