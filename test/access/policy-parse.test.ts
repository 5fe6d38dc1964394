import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { parseResourcePolicy, resourcePolicyLimit } from "../../src/access/policy-parse.ts";
import { describeProblem, type PolicyProblem } from "../../src/access/policy-problems.ts";
import { policyOf, policyText, reader, statement } from "./example-policy.ts";

function problemsOf(text: string): readonly PolicyProblem[] {
  const parsing = parseResourcePolicy(text);
  assert.ok(!parsing.ok, "the policy is taken");
  return parsing.problems;
}

const without = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, undefined]));

/** One thing wrong each, where it is, and what is said of it. */
const wrongDocuments: readonly (readonly [text: string, at: string, reason: RegExp])[] = [
  ["not JSON", "line 1, column 1", /a value is expected/],
  ["[]", "the document", /an object is expected/],
  ['"text"', "the document", /an object is expected/],
  ["{}", "the document", /it has no Statement/],
  ['{"Statement":[]}', "Statement", /the list is empty/],
  ['{"Statement":[7]}', "Statement[0]", /an object is expected/],
  ['{"Statement":null}', "Statement", /an object is expected/],
  [document({ Version: "2012-10-18" }), "Version", /none of 2008-10-17 and 2012-10-17/],
  [document({ Version: 2012 }), "Version", /none of/],
  [document({ Id: 7 }), "Id", /a text is expected/],
  [document({ Extra: 1 }), "the document", /"Extra" is no element/],
  [document({ version: "2012-10-17" }), "the document", /"version" is no element/],
];

function document(members: Record<string, unknown>): string {
  return JSON.stringify({ Statement: statement(), ...members });
}

const shown = (members: object) =>
  JSON.stringify(members, (_, value: unknown) => (value === undefined ? "absent" : value));

const wrongStatements: readonly (readonly [members: object, at: string, reason: RegExp])[] = [
  [{ Effect: "allow" }, "Statement[0].Effect", /neither "Allow" nor "Deny"/],
  [without("Effect"), "Statement[0].Effect", /neither "Allow" nor "Deny"/],
  [{ Effect: ["Allow"] }, "Statement[0].Effect", /neither/],
  [without("Principal"), "Statement[0]", /neither Principal nor NotPrincipal/],
  [{ NotPrincipal: "*" }, "Statement[0]", /both Principal and NotPrincipal/],
  [without("Action"), "Statement[0]", /neither Action nor NotAction/],
  [{ NotAction: "a:b" }, "Statement[0]", /both Action and NotAction/],
  [without("Resource"), "Statement[0]", /neither Resource nor NotResource/],
  [{ NotResource: "*" }, "Statement[0]", /both Resource and NotResource/],
  [{ Sid: 7 }, "Statement[0].Sid", /a text is expected/],
  [{ Condtion: {} }, "Statement[0]", /"Condtion" is no element/],
  [{ Action: [] }, "Statement[0].Action", /the list is empty/],
  [{ Action: "" }, "Statement[0].Action", /the text is empty/],
  [{ Action: 7 }, "Statement[0].Action", /a text is expected/],
  [{ Action: ["a:b", ["a:c"]] }, "Statement[0].Action[1]", /a text is expected/],
  [{ Action: "GetSecretValue" }, "Statement[0].Action", /is not an action such as/],
  [{ Action: "a:b c" }, "Statement[0].Action", /is not an action such as/],
  [{ Action: "a:b\n" }, "Statement[0].Action", /is not an action such as/],
  [{ Resource: "db" }, "Statement[0].Resource", /is not an ARN or \*/],
  [{ Resource: ["*", "db"] }, "Statement[0].Resource[1]", /is not an ARN or \*/],
];

describe("a resource policy", () => {
  it("becomes its statements", () => {
    const policy = policyOf(
      statement({ Sid: "one" }),
      statement({
        Effect: "Deny",
        ...without("Principal", "Action", "Resource"),
        NotPrincipal: { AWS: ["000000000000"] },
        NotAction: ["secretsmanager:*", "s3:Get?bject"],
        NotResource: "arn:aws:secretsmanager:*:*:secret:db-??????",
        Condition: { Bool: { "aws:SecureTransport": false } },
      }),
    );

    assert.deepEqual(policy, {
      version: "2012-10-17",
      id: undefined,
      statements: [
        {
          sid: "one",
          effect: "allow",
          principals: { sense: "these", items: [{ kind: "arn", arn: reader }] },
          actions: { sense: "these", items: ["secretsmanager:GetSecretValue"] },
          resources: { sense: "these", items: ["*"] },
          conditions: [],
        },
        {
          sid: undefined,
          effect: "deny",
          principals: {
            sense: "all_but_these",
            items: [{ kind: "account", account: "000000000000" }],
          },
          actions: { sense: "all_but_these", items: ["secretsmanager:*", "s3:Get?bject"] },
          resources: {
            sense: "all_but_these",
            items: ["arn:aws:secretsmanager:*:*:secret:db-??????"],
          },
          conditions: [
            {
              operator: "Bool",
              quantifier: "one_value",
              whenMissing: "as_operator_says",
              key: "aws:SecureTransport",
              values: ["false"],
            },
          ],
        },
      ],
    });
  });

  it("may have one statement without a list, an Id, and no Version, which is the older one", () => {
    const parsing = parseResourcePolicy(JSON.stringify({ Id: "mine", Statement: statement() }));

    assert.ok(parsing.ok);
    assert.equal(parsing.policy.version, "2008-10-17");
    assert.equal(parsing.policy.id, "mine");
    assert.equal(parsing.policy.statements.length, 1);
  });

  for (const [text, at, reason] of wrongDocuments) {
    it(`is refused with the place ${at} when it is ${text}`, () => {
      const [problem, ...more] = problemsOf(text);

      assert.deepEqual([problem?.kind, problem?.at, more], ["syntax", at, []]);
      assert.match(problem?.reason ?? "", reason);
    });
  }

  for (const [members, at, reason] of wrongStatements) {
    it(`is refused with the place ${at} for ${shown(members)}`, () => {
      const [problem, ...more] = problemsOf(policyText(statement({ ...members })));

      assert.deepEqual([problem?.kind, problem?.at, more], ["syntax", at, []]);
      assert.match(problem?.reason ?? "", reason);
    });
  }

  it("is refused when two statements have one Sid, and not when two have none", () => {
    const [problem] = problemsOf(policyText(statement({ Sid: "a" }), statement({ Sid: "a" })));

    assert.equal(problem?.at, "Statement[1].Sid");
    assert.equal(policyOf(statement(), statement()).statements.length, 2);
  });

  it("is refused for a key that is there twice, whatever the second says", () => {
    const text = policyText(statement()).replace(
      '"Effect":"Allow"',
      '"Effect":"Deny","Effect":"Allow"',
    );

    assert.match(problemsOf(text)[0]?.reason ?? "", /the key "Effect" appears twice/);
  });

  it("has all of its problems told, as sentences with their places", () => {
    const problems = problemsOf(
      policyText(statement({ Effect: "yes", Principal: { Service: "nobody" } }), { Sid: 1 }),
    );

    assert.deepEqual(problems.slice(0, 2).map(describeProblem), [
      "This resource policy contains a syntax error. " +
        'At Statement[0].Effect: it is neither "Allow" nor "Deny".',
      "This resource policy contains an invalid service principal. " +
        'At Statement[0].Principal.Service: "nobody" is none that a policy can name.',
    ]);
    assert.ok(problems.length > 4);
  });

  it("that is wrong in a thousand places has the first ten told, and the rest counted", () => {
    const parsing = parseResourcePolicy(JSON.stringify({ Statement: Array(1_000).fill(7) }));

    assert.ok(!parsing.ok);
    assert.equal(parsing.problems.length, 10);
    assert.equal(parsing.count, 1_000);
  });

  it("has no more told than a trailer of gRPC bears, but always the first", () => {
    const key = `aws:${"k".repeat(500)}`;
    const wrong = statement({
      Condition: { Bool: { [key]: Array(20).fill("\u0001".repeat(100)) } },
    });

    const problems = problemsOf(policyText(wrong));

    const told = problems.map(describeProblem).join(" ");
    assert.ok(problems.length > 1 && told.length < 3_200, String(told.length));
  });

  it("is no longer than AWS's quota", () => {
    const short = policyText(statement({ Sid: "" }));
    const ofLength = (length: number) =>
      policyText(statement({ Sid: "x".repeat(length - short.length) }));

    assert.ok(parseResourcePolicy(ofLength(resourcePolicyLimit)).ok);
    assert.match(
      problemsOf(ofLength(resourcePolicyLimit + 1))[0]?.reason ?? "",
      /longer than 20480/,
    );
  });

  it("comes to a policy or to problems, whatever the text", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json({ maxDepth: 12 }),
      fc.jsonValue().map((value) => policyText(value)),
      fc
        .record({ Principal: fc.jsonValue(), Action: fc.jsonValue(), Condition: fc.jsonValue() })
        .map((members) => policyText(statement(members))),
    );

    fc.assert(
      fc.property(texts, (text) => {
        const parsing = parseResourcePolicy(text);
        assert.equal(parsing.ok ? 0 : Math.min(1, parsing.problems.length), parsing.ok ? 0 : 1);
      }),
      { numRuns: 500 },
    );
  });
});
