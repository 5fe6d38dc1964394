import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  parseSchedule,
  type CronDays,
  type CronSchedule,
  type RotationRulesProblem,
} from "../../src/secrets/schedule-expression.ts";

function cron(fields: string): CronSchedule {
  const reading = parseSchedule(`cron(${fields})`);
  assert.ok(reading.ok && reading.schedule.kind === "cron", fields);
  return reading.schedule;
}

function problemOf(expression: string): RotationRulesProblem | undefined {
  const reading = parseSchedule(expression);
  return reading.ok ? undefined : reading.problem;
}

const allMonths = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const days = (...numbers: readonly number[]): CronDays => ({
  kind: "of_month",
  days: numbers.map((day) => ({ kind: "day", day })),
});
const weekdays = (...numbers: readonly number[]): CronDays => ({
  kind: "of_week",
  days: numbers.map((weekday) => ({ kind: "weekday", weekday })),
});

describe("a rate", () => {
  const rates: readonly (readonly [expression: string, schedule: object])[] = [
    ["rate(4 hours)", { kind: "every_hours", hours: 4 }],
    ["rate(23 hours)", { kind: "every_hours", hours: 23 }],
    ["rate(5 hour)", { kind: "every_hours", hours: 5 }],
    ["rate(1 day)", { kind: "every_days", days: 1 }],
    ["rate(10 days)", { kind: "every_days", days: 10 }],
    ["rate(999 days)", { kind: "every_days", days: 999 }],
  ];
  for (const [expression, schedule] of rates) {
    it(`is read from ${expression}`, () => {
      assert.deepEqual(parseSchedule(expression), { ok: true, schedule });
    });
  }

  const refused: readonly (readonly [expression: string, RotationRulesProblem])[] = [
    ["rate(3 hours)", "hours"],
    ["rate(24 hours)", "hours"],
    ["rate(0 hours)", "hours"],
    ["rate(0 days)", "days"],
    ["rate(1000 days)", "days"],
    ["rate(99999999999999999999 days)", "days"],
    ["rate(-1 days)", "expression"],
    ["rate(1.5 days)", "expression"],
    ["rate(10 minutes)", "expression"],
    ["rate(10days)", "expression"],
    ["rate(10)", "expression"],
    ["rate(days)", "expression"],
    ["rate()", "expression"],
    ["Rate(10 days)", "expression"],
    ["rate(10 days", "expression"],
    ["rate(10 days)x", "expression"],
    ["10 days", "expression"],
    ["", "expression"],
  ];
  for (const [expression, problem] of refused) {
    it(`is refused as ${problem}: ${expression}`, () => {
      assert.equal(problemOf(expression), problem);
    });
  }
});

describe("a cron expression", () => {
  const hours: readonly (readonly [field: string, hours: readonly number[]])[] = [
    ["0", [0]],
    ["8", [8]],
    ["08", [8]],
    ["23", [23]],
    ["2/10", [2, 12, 22]],
    ["/8", [0, 8, 16]],
    ["0/4", [0, 4, 8, 12, 16, 20]],
    ["3/4", [3, 7, 11, 15, 19, 23]],
    ["12/12", [12]],
    ["0/5", [0, 5, 10, 15, 20]],
  ];
  for (const [field, expected] of hours) {
    it(`opens windows at ${expected.join(", ")} for the hours ${field}`, () => {
      assert.deepEqual(cron(`0 ${field} 1 * ? *`).hours, expected);
    });
  }

  const dayFields: readonly (readonly [fields: string, days: CronDays])[] = [
    ["1 * ?", days(1)],
    ["31 * ?", days(31)],
    ["1,15 * ?", days(1, 15)],
    ["10-12 * ?", days(10, 11, 12)],
    ["1/10 * ?", days(1, 11, 21, 31)],
    ["/15 * ?", days(1, 16, 31)],
    ["1-20/10 * ?", days(1, 11)],
    ["L * ?", { kind: "of_month", days: [{ kind: "last_day" }] }],
    ["SUNL * ?", { kind: "of_month", days: [{ kind: "last_weekday", weekday: 1 }] }],
    ["1,L * ?", { kind: "of_month", days: [{ kind: "day", day: 1 }, { kind: "last_day" }] }],
    ["? * 1", weekdays(1)],
    ["? * SUN", weekdays(1)],
    ["? * MON-FRI", weekdays(2, 3, 4, 5, 6)],
    ["? * 2,SAT", weekdays(2, 7)],
    ["? * 1/3", weekdays(1, 4, 7)],
    ["? * L", weekdays(7)],
    ["? * FRIL", { kind: "of_week", days: [{ kind: "last_weekday", weekday: 6 }] }],
    ["? * 5L", { kind: "of_week", days: [{ kind: "last_weekday", weekday: 5 }] }],
    ["? * TUE#3", { kind: "of_week", days: [{ kind: "nth_weekday", weekday: 3, nth: 3 }] }],
    ["? * 2#1", { kind: "of_week", days: [{ kind: "nth_weekday", weekday: 2, nth: 1 }] }],
  ];
  for (const [fields, expected] of dayFields) {
    it(`names days by ${fields}`, () => {
      assert.deepEqual(cron(`0 8 ${fields} *`).days, expected);
    });
  }

  const months: readonly (readonly [field: string, months: readonly number[]])[] = [
    ["*", allMonths],
    ["1", [1]],
    ["JAN", [1]],
    ["DEC,JAN", [1, 12]],
    ["1-3,2", [1, 2, 3]],
    ["MAR-MAY", [3, 4, 5]],
    ["1/3", [1, 4, 7, 10]],
    ["*/6", [1, 7]],
  ];
  for (const [field, expected] of months) {
    it(`names the months ${expected.join(", ")} by ${field}`, () => {
      assert.deepEqual(cron(`0 8 1 ${field} ? *`).months, expected);
    });
  }

  it("may have more than one space between its fields", () => {
    assert.deepEqual(cron(" 0  8   1 * ?  * ").hours, [8]);
  });

  const refused: Readonly<Record<string, readonly string[]>> = {
    "not six fields": ["0 8 1 * ?", "0 8 1 * ? * *", "", "0"],
    "another minute than 0": ["5 8 1 * ? *", "* 8 1 * ? *", "0/15 8 1 * ? *", "00 8 1 * ? *"],
    "another year than any": ["0 8 1 * ? 2027", "0 8 1 * ? ?", "0 8 1 * ? */2"],
    "neither day field left open, or both": ["0 8 1 * 1 *", "0 8 ? * ? *", "0 8 * * * *"],
    "windows closer than four hours": ["0 /3 1 * ? *", "0 0/1 1 * ? *", "0 /0 1 * ? *"],
    "windows that come too close over midnight": [
      "0 0/7 1 * ? *",
      "0 0/23 1 * ? *",
      "0 /11 1 * ? *",
    ],
    "hours that are none": [
      "0 24 1 * ? *",
      "0 8-12 1 * ? *",
      "0 8,20 1 * ? *",
      "0 * 1 * ? *",
      "0 */8 1 * ? *",
      "0 / 1 * ? *",
      "0 2/24 1 * ? *",
      "0 ? 1 * ? *",
      "0 100 1 * ? *",
    ],
    "days that are none": [
      "0 8 0 * ? *",
      "0 8 32 * ? *",
      "0 8 5-1 * ? *",
      "0 8 1, * ? *",
      "0 8 W * ? *",
      "0 8 15W * ? *",
      "0 8 1L * ? *",
      "0 8 1/0 * ? *",
      "0 8 1/32 * ? *",
      "0 8 / * ? *",
      "0 8 1-2-3 * ? *",
      "0 8 LW * ? *",
      "0 8 SUN * ? *",
    ],
    "weekdays that are none": [
      "0 8 ? * 0 *",
      "0 8 ? * FRI-MON *",
      "0 8 ? * 8 *",
      "0 8 ? * TUE#6 *",
      "0 8 ? * TUE#0 *",
      "0 8 ? * #1 *",
      "0 8 ? * XXX#1 *",
      "0 8 ? * sun *",
      "0 8 ? * XXXL *",
      "0 8 ? * 1,? *",
    ],
    "months that are none": [
      "0 8 1 0 ? *",
      "0 8 ? 5-1 1 *",
      "0 8 1 13 ? *",
      "0 8 1 ? ? *",
      "0 8 1 L ? *",
      "0 8 1 jan ? *",
    ],
    "a day that never comes": ["0 8 31 2 ? *", "0 8 30 FEB ? *", "0 8 31 4,6,9,11 ? *"],
  };
  for (const [why, expressions] of Object.entries(refused)) {
    it(`is refused with ${why}`, () => {
      for (const fields of expressions) {
        assert.equal(problemOf(`cron(${fields})`), "expression", fields);
      }
    });
  }

  it("may name a day that comes seldom", () => {
    assert.deepEqual(cron("0 8 29 2 ? *").days, days(29));
    assert.deepEqual(cron("0 8 31 4-5 ? *").months, [4, 5]);
    assert.deepEqual(cron("0 8 30,L 2 ? *").months, [2]);
  });

  it("comes to a schedule within bounds or to a problem, whatever the text", () => {
    const texts = fc.string({
      unit: fc.constantFrom(...Array.from("0129?*/-,#L SUNAJ()")),
      maxLength: 30,
    });

    fc.assert(
      fc.property(texts, (text) => {
        const reading = parseSchedule(`cron(0 ${text} *)`);
        if (!reading.ok) return;
        assert.ok(reading.schedule.kind === "cron");
        const { hours: starts, months: named } = reading.schedule;
        assert.ok(starts.every((hour) => hour >= 0 && hour < 24));
        assert.ok(named.length > 0 && named.every((month) => month >= 1 && month <= 12));
      }),
      { numRuns: 2_000 },
    );
  });
});
