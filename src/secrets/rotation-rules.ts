// What a caller may ask of a rotation: how often, in which window, by which function (AWS:
// RotateSecret). What AWS says against each is in its words.
import type { RegionIdentity } from "../base/arn.ts";
import { accept, refuse, type Outcome } from "../base/outcome.ts";
import { parseSchedule, type RotationRulesProblem, type Schedule } from "./schedule-expression.ts";

/** As they were given, within the limits of the model. */
export interface GivenRotationRules {
  readonly automaticallyAfterDays?: number | undefined;
  /** Such as `3h`. */
  readonly duration?: string | undefined;
  readonly scheduleExpression?: string | undefined;
}

export interface RotationRules {
  /** Absent when none was given. */
  readonly schedule: Schedule | undefined;
  /** How long a window stays open, in hours; absent for AWS's own choice. */
  readonly durationHours: number | undefined;
}

/** Refuses `rotation_rules_invalid`. */
export function parseRotationRules(given: GivenRotationRules): Outcome<undefined, RotationRules> {
  const { automaticallyAfterDays: days, scheduleExpression: expression, duration } = given;
  if (days !== undefined && expression !== undefined) return invalid("days_and_expression");

  const reading = expression === undefined ? readDays(days) : parseSchedule(expression);
  if (!reading.ok) return invalid(reading.problem);
  const { schedule } = reading;
  if (duration === undefined) {
    return accept(undefined, { schedule, durationHours: undefined });
  }
  const durationHours = Number.parseInt(duration, 10);
  const problem = durationProblem(durationHours, schedule);
  return problem === undefined ? accept(undefined, { schedule, durationHours }) : invalid(problem);
}

function invalid(problem: RotationRulesProblem): ReturnType<typeof refuse> {
  return refuse("rotation_rules_invalid", { problem });
}

function readDays(days: number | undefined): {
  readonly ok: true;
  readonly schedule: Schedule | undefined;
} {
  return { ok: true, schedule: days === undefined ? undefined : { kind: "every_days", days } };
}

/** A window must be over before the next one opens, and within its day. */
function durationProblem(
  hours: number,
  schedule: Schedule | undefined,
): RotationRulesProblem | undefined {
  if (hours < 1 || hours > 24) return "duration";
  if (schedule?.kind === "every_hours" && hours > schedule.hours) return "duration_beyond_rate";
  const latestStart = schedule?.kind === "cron" ? Math.max(...schedule.hours) : 0;
  return latestStart + hours > 24 ? "duration_beyond_day" : undefined;
}

const functionForm =
  /^arn:aws:lambda:([a-z0-9-]+):[0-9]{12}:function:[A-Za-z0-9_-]{1,64}(?::[A-Za-z0-9$_-]{1,128})?$/;

/** Whether it names a function of this region, with or without a version or an alias. */
export function isRotationFunction(
  arn: string,
  { region }: Pick<RegionIdentity, "region">,
): boolean {
  return functionForm.exec(arn)?.[1] === region;
}

const roleForm = /^arn:aws:iam::[0-9]{12}:role\/[\x21-\x7e]+$/;

/** The role that rotates a managed external secret (AWS: ExternalSecretRotationRoleArn). */
export function isRotationRole(arn: string): boolean {
  return roleForm.test(arn);
}
