// When a secret is to be rotated, as callers write it: `rate(10 days)`, `cron(0 8 ? * SUN *)`.
// AWS's dialect is narrower than cron's: on the hour, in UTC, at most every four hours (AWS:
// Secrets Manager User Guide, "Schedule expressions").
import type { RefusalFacts } from "../base/errors.ts";
import {
  eachOf,
  monthDayNumbers,
  monthNumbers,
  numbersFrom,
  parseItem,
  parseNumber,
  weekdayNumbers,
} from "./cron-field.ts";

/** What AWS says against rules that cannot be kept. */
export type RotationRulesProblem = RefusalFacts["rotation_rules_invalid"]["problem"];

export type Schedule =
  | { readonly kind: "every_hours"; readonly hours: number }
  | { readonly kind: "every_days"; readonly days: number }
  | CronSchedule;

export interface CronSchedule {
  readonly kind: "cron";
  /** Hours of the day at which a window opens, ascending; at least one. */
  readonly hours: readonly number[];
  /** 1 to 12, ascending. */
  readonly months: readonly number[];
  readonly days: CronDays;
}

/** Which days of a month. One of the two fields says it, the other is `?`. */
export type CronDays =
  | { readonly kind: "of_month"; readonly days: readonly DayOfMonth[] }
  | { readonly kind: "of_week"; readonly days: readonly DayOfWeek[] };

/** Weekdays are 1 to 7 from Sunday. */
export type DayOfMonth =
  | { readonly kind: "day"; readonly day: number }
  | { readonly kind: "last_day" }
  | { readonly kind: "last_weekday"; readonly weekday: number };

export type DayOfWeek =
  | { readonly kind: "weekday"; readonly weekday: number }
  | { readonly kind: "last_weekday"; readonly weekday: number }
  | { readonly kind: "nth_weekday"; readonly weekday: number; readonly nth: number };

export type ScheduleReading =
  | { readonly ok: true; readonly schedule: Schedule }
  | { readonly ok: false; readonly problem: RotationRulesProblem };

const rateForm = /^rate\(([0-9]+) (hours?|days?)\)$/;
const cronForm = /^cron\(([^()]+)\)$/;

/** Total: whatever the text, it comes to a schedule or to what AWS says against it. */
export function parseSchedule(expression: string): ScheduleReading {
  const [, count, unit] = rateForm.exec(expression) ?? [];
  if (count !== undefined && unit !== undefined) return parseRate(Number(count), unit);
  const [, fields] = cronForm.exec(expression) ?? [];
  const schedule = fields === undefined ? undefined : parseCron(fields);
  return schedule === undefined ? { ok: false, problem: "expression" } : { ok: true, schedule };
}

function parseRate(count: number, unit: string): ScheduleReading {
  if (unit.startsWith("hour")) {
    return count >= 4 && count < 24
      ? { ok: true, schedule: { kind: "every_hours", hours: count } }
      : { ok: false, problem: "hours" };
  }
  return count > 0 && count < 1000
    ? { ok: true, schedule: { kind: "every_days", days: count } }
    : { ok: false, problem: "days" };
}

/**
 * Minutes, hours, day of month, month, day of week, year; always at the minute 0, of any year. Of
 * the two fields for days exactly one is `?`.
 */
const fieldsForm = /^ *0 +([0-9/]+) +([0-9A-Z,*?/L-]+) +([0-9A-Z,*/-]+) +([0-9A-Z,*?/#L-]+) +\* *$/;

function parseCron(text: string): CronSchedule | undefined {
  const [, hourField = "", dayOfMonth = "", monthField = "", dayOfWeek = ""] =
    fieldsForm.exec(text) ?? [];
  const hours = parseHours(hourField);
  const months = eachOf(monthField, (item) => parseItem(item, monthNumbers));
  const days = parseDays(dayOfMonth, dayOfWeek);
  if (hours === undefined || months === undefined || days === undefined) return undefined;
  if (!everOccurs(days, months)) return undefined;
  return { kind: "cron", hours, months: ascending(months), days };
}

/** `8`, `2/10`, `/8`: an hour, or one and every so many more hours of the same day. */
const hoursForm = /^([0-9]{1,2}|(?=\/))(?:\/([4-9]|1[0-9]|2[0-3]))?$/;
const leastHoursApart = 4;

function parseHours(field: string): readonly number[] | undefined {
  const [, first, step = "24"] = hoursForm.exec(field) ?? [];
  const start = Number(first);
  if (first === undefined || start > 23) return undefined;
  const hours = numbersFrom(start, 23, Number(step));
  // The count begins anew each day: over midnight the windows may come too close.
  const overnight = start + 24 - (hours.at(-1) ?? start);
  return overnight < leastHoursApart ? undefined : hours;
}

function parseDays(dayOfMonth: string, dayOfWeek: string): CronDays | undefined {
  if ((dayOfMonth === "?") === (dayOfWeek === "?")) return undefined;
  if (dayOfWeek === "?") {
    const days = eachOf(dayOfMonth, parseDayOfMonth);
    return days && { kind: "of_month", days };
  }
  const days = eachOf(dayOfWeek, parseDayOfWeek);
  return days && { kind: "of_week", days };
}

/** AWS offers the last Sunday as `SUNL` here too. */
function parseDayOfMonth(item: string): readonly DayOfMonth[] | undefined {
  if (item === "L") return [{ kind: "last_day" }];
  const place = item.endsWith("L") ? weekdayNumbers.names.indexOf(item.slice(0, -1)) : -1;
  if (place !== -1) return [{ kind: "last_weekday", weekday: weekdayNumbers.least + place }];
  return parseItem(item, monthDayNumbers)?.map((day) => ({ kind: "day", day }));
}

const nthForm = /^([A-Z]{3}|[1-7])#([1-5])$/;

function parseDayOfWeek(item: string): readonly DayOfWeek[] | undefined {
  // Alone it is the last day of the week.
  if (item === "L") return [{ kind: "weekday", weekday: weekdayNumbers.most }];
  if (item.endsWith("L")) {
    const weekday = parseNumber(item.slice(0, -1), weekdayNumbers);
    return weekday === undefined ? undefined : [{ kind: "last_weekday", weekday }];
  }
  const [, day, nth] = nthForm.exec(item) ?? [];
  if (day !== undefined) {
    const weekday = parseNumber(day, weekdayNumbers);
    return weekday === undefined ? undefined : [{ kind: "nth_weekday", weekday, nth: Number(nth) }];
  }
  return parseItem(item, weekdayNumbers)?.map((weekday) => ({ kind: "weekday", weekday }));
}

function ascending(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].sort((one, other) => one - other);
}

/** The 29th of February comes, if seldom; the 31st of April never does. */
const longestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function everOccurs(days: CronDays, months: readonly number[]): boolean {
  if (days.kind === "of_week") return true;
  const longest = Math.max(...months.map((month) => longestMonths[month - 1] ?? 0));
  return days.days.some((each) => each.kind !== "day" || each.day <= longest);
}
