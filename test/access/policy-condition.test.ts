import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { isNegated, type PolicyCondition } from "../../src/access/policy-condition.ts";
import { parseResourcePolicy } from "../../src/access/policy-parse.ts";
import { policyOf, policyText, statement } from "./example-policy.ts";

function conditionsOf(condition: unknown): readonly PolicyCondition[] {
  return policyOf(statement({ Condition: condition })).statements[0]?.conditions ?? [];
}

/** What each operator may be given, and what not. */
const operators: Readonly<
  Record<string, { readonly fitting: readonly unknown[]; readonly others: readonly unknown[] }>
> = {
  ...each(
    [
      "StringEquals",
      "StringNotEquals",
      "StringEqualsIgnoreCase",
      "StringNotEqualsIgnoreCase",
      "StringLike",
      "StringNotLike",
    ],
    { fitting: ["a*", "", 7, true], others: [{}, [[]], null] },
  ),
  ...each(
    [
      "NumericEquals",
      "NumericNotEquals",
      "NumericLessThan",
      "NumericLessThanEquals",
      "NumericGreaterThan",
      "NumericGreaterThanEquals",
    ],
    {
      fitting: ["10", "-1.5", 3, "1e3", "${aws:PrincipalTag/n}"],
      others: ["ten", "", "1,5", true],
    },
  ),
  ...each(
    [
      "DateEquals",
      "DateNotEquals",
      "DateLessThan",
      "DateLessThanEquals",
      "DateGreaterThan",
      "DateGreaterThanEquals",
    ],
    {
      fitting: ["2026-01-31", "2026-01-31T10:00:00Z", "2026-01-31T10:00:00.5+01:00", 1_700_000_000],
      others: ["tomorrow", "2026-1-1", "2026-01-31T"],
    },
  ),
  ...each(["Bool", "Null"], { fitting: ["true", "FALSE", true], others: ["yes", 1, ""] }),
  ...each(["BinaryEquals"], { fitting: ["AAEC", "AA=="], others: ["A", "??"] }),
  ...each(["IpAddress", "NotIpAddress"], {
    fitting: ["10.0.0.0/8", "203.0.113.7", "2001:db8::/32"],
    others: ["10.0.0/8", "300.0.0.1", "10.0.0.0/33", "home"],
  }),
  ...each(["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"], {
    fitting: ["arn:aws:iam::000000000000:role/*", "*"],
    others: ["role/x", ""],
  }),
};

function each<Value>(names: readonly string[], value: Value): Readonly<Record<string, Value>> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

describe("a condition of a policy", () => {
  it("has one of the twenty-seven operators of AWS", () => {
    assert.equal(Object.keys(operators).length, 27);
  });

  for (const [operator, { fitting, others }] of Object.entries(operators)) {
    it(`${operator} takes what it compares, and nothing else`, () => {
      const [condition] = conditionsOf({ [operator]: { "aws:Key": fitting } });

      assert.equal(condition?.operator, operator);
      assert.deepEqual(condition.values, fitting.map(String));
      for (const value of others) {
        const text = policyText(statement({ Condition: { [operator]: { "aws:Key": value } } }));
        const parsing = parseResourcePolicy(text);
        assert.ok(!parsing.ok, JSON.stringify(value));
        assert.match(parsing.problems[0]?.at ?? "", /Condition\.\w+\.aws:Key/);
      }
    });
  }

  it("is one for each key under each operator", () => {
    const conditions = conditionsOf({
      StringEquals: { "aws:a": "1", "aws:b": ["2", "3"] },
      Bool: { "aws:c": "true" },
    });

    assert.deepEqual(
      conditions.map(({ operator, key, values }) => [operator, key, values]),
      [
        ["StringEquals", "aws:a", ["1"]],
        ["StringEquals", "aws:b", ["2", "3"]],
        ["Bool", "aws:c", ["true"]],
      ],
    );
    assert.deepEqual(conditionsOf({}), []);
  });

  const variants: readonly (readonly [string, Partial<PolicyCondition>])[] = [
    ["StringLike", { quantifier: "one_value", whenMissing: "as_operator_says" }],
    ["StringLikeIfExists", { quantifier: "one_value", whenMissing: "holds" }],
    ["ForAllValues:StringLike", { quantifier: "for_all_values", whenMissing: "as_operator_says" }],
    ["ForAnyValue:StringLikeIfExists", { quantifier: "for_any_value", whenMissing: "holds" }],
  ];
  for (const [written, expected] of variants) {
    it(`may be written with ${written}`, () => {
      const [condition] = conditionsOf({ [written]: { "aws:Key": "a" } });

      assert.deepEqual({ ...condition, ...expected }, condition);
      assert.equal(condition?.operator, "StringLike");
    });
  }

  const wrong: readonly (readonly [condition: unknown, at: string])[] = [
    ["x", ""],
    [[], ""],
    [{ StringIs: { "aws:a": "1" } }, ""],
    [{ stringEquals: { "aws:a": "1" } }, ""],
    [{ NullIfExists: { "aws:a": "true" } }, ""],
    [{ "ForAnyValue:Null": { "aws:a": "true" } }, ""],
    [{ "ForSomeValues:StringEquals": { "aws:a": "1" } }, ""],
    [{ "ForAllValues:ForAnyValue:StringEquals": { "aws:a": "1" } }, ""],
    [{ StringEqualsIfExistsIfExists: { "aws:a": "1" } }, ""],
    [{ __proto__: null, toString: { "aws:a": "1" } }, ""],
    [{ StringEquals: {} }, ".StringEquals"],
    [{ StringEquals: "a" }, ".StringEquals"],
    [{ StringEquals: { key: "a" } }, ".StringEquals"],
    [{ StringEquals: { "aws:": "a" } }, ".StringEquals"],
    [{ StringEquals: { [`aws:${"k".repeat(512)}`]: "a" } }, ".StringEquals"],
    [{ StringEquals: { "aws:a": [] } }, ".StringEquals.aws:a"],
    [{ StringEquals: { "aws:a": ["b", null] } }, ".StringEquals.aws:a[1]"],
  ];
  for (const [condition, at] of wrong) {
    it(`is refused: ${JSON.stringify(condition).slice(0, 80)}`, () => {
      const parsing = parseResourcePolicy(policyText(statement({ Condition: condition })));

      assert.ok(!parsing.ok);
      assert.deepEqual(
        parsing.problems.map((problem) => problem.at),
        [`Statement[0].Condition${at}`],
      );
    });
  }

  it("is negated when it holds while nothing matches", () => {
    const negated = Object.keys(operators).filter((operator) => {
      const value = operators[operator]?.fitting[0];
      const [condition] = conditionsOf({ [operator]: { "aws:Key": value } });
      return condition !== undefined && isNegated(condition);
    });

    assert.deepEqual(negated, [
      "StringNotEquals",
      "StringNotEqualsIgnoreCase",
      "StringNotLike",
      "NumericNotEquals",
      "DateNotEquals",
      "NotIpAddress",
      "ArnNotEquals",
      "ArnNotLike",
    ]);
  });
});
