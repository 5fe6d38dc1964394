import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { describeRefusal } from "../../src/base/errors.ts";
import {
  isRotationFunction,
  isRotationRole,
  parseRotationRules,
  type GivenRotationRules,
} from "../../src/secrets/rotation-rules.ts";

/** What the service says, word for word, of the rules it refuses. */
const refused: readonly (readonly [GivenRotationRules, sentence: string])[] = [
  [
    { automaticallyAfterDays: 1, scheduleExpression: "rate(1 day)" },
    "You cannot specify both rotation frequency and schedule expression together.",
  ],
  [{ scheduleExpression: "cron(5 8 * * ? *)" }, "Invalid schedule expression."],
  [{ scheduleExpression: "rate(3 hours)" }, "Rate in hour should be least 4 and less than 24."],
  [
    { scheduleExpression: "rate(0 days)" },
    "Rate in day should be greater than 0 and less than 1000.",
  ],
  [
    { scheduleExpression: "rate(1 day)", duration: "0h" },
    "Duration must be at least 1 hour, at most 24 hour.",
  ],
  [
    { automaticallyAfterDays: 1, duration: "25h" },
    "Duration must be at least 1 hour, at most 24 hour.",
  ],
  [{ duration: "99h" }, "Duration must be at least 1 hour, at most 24 hour."],
  [
    { scheduleExpression: "rate(4 hours)", duration: "5h" },
    "Duration cannot be greater than Rate in hour.",
  ],
  [
    { scheduleExpression: "cron(0 8 * * ? *)", duration: "17h" },
    "Starting hour and duration must be within a day.",
  ],
  [
    { scheduleExpression: "cron(0 /8 * * ? *)", duration: "9h" },
    "Starting hour and duration must be within a day.",
  ],
];

const accepted: readonly (readonly [GivenRotationRules, schedule: object | undefined, number?])[] =
  [
    [{}, undefined],
    [{ automaticallyAfterDays: 1000 }, { kind: "every_days", days: 1000 }],
    [{ automaticallyAfterDays: 1, duration: "24h" }, { kind: "every_days", days: 1 }, 24],
    [{ scheduleExpression: "rate(4 hours)", duration: "4h" }, { kind: "every_hours", hours: 4 }, 4],
    [{ scheduleExpression: "rate(4 hours)", duration: "1h" }, { kind: "every_hours", hours: 4 }, 1],
    [
      { scheduleExpression: "cron(0 8 ? * SUN *)", duration: "16h" },
      {
        kind: "cron",
        hours: [8],
        months: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
        days: { kind: "of_week", days: [{ kind: "weekday", weekday: 1 }] },
      },
      16,
    ],
    [{ duration: "3h" }, undefined, 3],
  ];

describe("rotation rules", () => {
  for (const [given, sentence] of refused) {
    it(`are refused in AWS's words: ${JSON.stringify(given)}`, () => {
      const outcome = parseRotationRules(given);

      assert.ok(!outcome.ok);
      assert.equal(outcome.refusal.code, "rotation_rules_invalid");
      assert.equal(describeRefusal(outcome.refusal), sentence);
    });
  }

  for (const [given, schedule, durationHours] of accepted) {
    it(`are read: ${JSON.stringify(given)}`, () => {
      const outcome = parseRotationRules(given);

      assert.ok(outcome.ok);
      assert.deepEqual(outcome.reply, { schedule, durationHours });
    });
  }
});

describe("a rotation function", () => {
  const home = { region: "us-east-1" };
  const prefix = "arn:aws:lambda:us-east-1:000000000000:function";

  it("is one of this region, of any account, with or without a version", () => {
    for (const arn of [
      `${prefix}:rotate`,
      `${prefix}:Rotate_my-db2:7`,
      `${prefix}:rotate:$LATEST`,
      "arn:aws:lambda:us-east-1:111111111111:function:rotate",
    ]) {
      assert.equal(isRotationFunction(arn, home), true, arn);
    }
  });

  it("is nothing else", () => {
    for (const arn of [
      "",
      "rotate",
      `${prefix}:`,
      `${prefix}:a b`,
      `${prefix}:a:b:c`,
      `${prefix}:${"x".repeat(65)}`,
      `${prefix}:rotate\n`,
      `x${prefix}:rotate`,
      "arn:aws:lambda:eu-west-1:000000000000:function:rotate",
      "arn:aws:lambda:us-east-1:0000:function:rotate",
      "arn:aws:lambda:us-east-1:000000000000:layer:rotate",
      "arn:aws:iam::000000000000:role/rotate",
    ]) {
      assert.equal(isRotationFunction(arn, home), false, arn);
    }
  });
});

describe("the role of an external rotation", () => {
  it("is a role, with or without a path", () => {
    assert.equal(isRotationRole("arn:aws:iam::000000000000:role/rotator"), true);
    assert.equal(isRotationRole("arn:aws:iam::000000000000:role/team/rotator"), true);
    for (const arn of [
      "arn:aws:iam::000000000000:user/rotator",
      "arn:aws:iam::000000000000:role/",
      "arn:aws:iam::0:role/rotator",
      "arn:aws:iam::000000000000:role/a b",
      "rotator",
    ]) {
      assert.equal(isRotationRole(arn), false, arn);
    }
  });
});
