import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { parseResourcePolicy } from "../../src/access/policy-parse.ts";
import { isCoveredBy, type PolicyPrincipal } from "../../src/access/policy-principal.ts";
import { policyOf, policyText, statement } from "./example-policy.ts";

function principalsOf(principal: unknown): readonly PolicyPrincipal[] {
  return policyOf(statement({ Principal: principal })).statements[0]?.principals.items ?? [];
}

const account = "000000000000";
const user = `arn:aws:iam::${account}:user/ops/alice`;
const canonical = "0123456789abcdef".repeat(4);

const forms: readonly (readonly [written: unknown, read: readonly PolicyPrincipal[]])[] = [
  ["*", [{ kind: "anyone" }]],
  [{ AWS: "*" }, [{ kind: "anyone" }]],
  [{ AWS: account }, [{ kind: "account", account }]],
  [{ AWS: `arn:aws:iam::${account}:root` }, [{ kind: "account", account }]],
  [{ AWS: user }, [{ kind: "arn", arn: user }]],
  [
    { AWS: [`arn:aws:sts::${account}:assumed-role/reader/session`, "AROAEXAMPLEEXAMPLE12"] },
    [
      { kind: "arn", arn: `arn:aws:sts::${account}:assumed-role/reader/session` },
      { kind: "unique_id", id: "AROAEXAMPLEEXAMPLE12" },
    ],
  ],
  [
    { Service: ["secretsmanager.amazonaws.com", "ec2.amazonaws.com.cn"] },
    [
      { kind: "service", service: "secretsmanager.amazonaws.com" },
      { kind: "service", service: "ec2.amazonaws.com.cn" },
    ],
  ],
  [
    { Federated: "cognito-identity.amazonaws.com", CanonicalUser: canonical },
    [
      { kind: "federated", provider: "cognito-identity.amazonaws.com" },
      { kind: "canonical_user", id: canonical },
    ],
  ],
];

const refused: readonly (readonly [written: unknown, kind: string, at: string])[] = [
  ["alice", "syntax", ""],
  [7, "syntax", ""],
  [["*"], "syntax", ""],
  [{}, "syntax", ""],
  [{ Aws: "*" }, "syntax", ""],
  [{ AWS: [] }, "syntax", ".AWS"],
  [{ AWS: 7 }, "syntax", ".AWS"],
  [{ AWS: "arn:aws:iam::000000000000:role/*" }, "principal", ".AWS"],
  [{ AWS: "arn:aws:iam::000000000000:group/admins" }, "principal", ".AWS"],
  [{ AWS: "arn:aws:iam::12:user/alice" }, "principal", ".AWS"],
  [{ AWS: "arn:aws:s3:::bucket" }, "principal", ".AWS"],
  [{ AWS: "0000" }, "principal", ".AWS"],
  [{ AWS: [user, "**"] }, "principal", ".AWS[1]"],
  [{ AWS: `${user}${"x".repeat(2_048)}` }, "principal", ".AWS"],
  [{ Service: "*" }, "service_principal", ".Service"],
  [{ Service: "secretsmanager" }, "service_principal", ".Service"],
  [{ Service: "secretsmanager.example.com" }, "service_principal", ".Service"],
  [{ Federated: "*" }, "principal", ".Federated"],
  [{ CanonicalUser: "abc" }, "principal", ".CanonicalUser"],
];

describe("the principal of a policy", () => {
  for (const [written, read] of forms) {
    it(`is read from ${JSON.stringify(written)}`, () => {
      assert.deepEqual(principalsOf(written), read);
    });
  }

  for (const [written, kind, at] of refused) {
    it(`is none: ${JSON.stringify(written).slice(0, 80)}`, () => {
      const parsing = parseResourcePolicy(policyText(statement({ Principal: written })));

      assert.ok(!parsing.ok);
      const [problem] = parsing.problems;
      assert.deepEqual([problem?.kind, problem?.at], [kind, `Statement[0].Principal${at}`]);
    });
  }

  const session = { arn: `arn:aws:sts::${account}:assumed-role/reader/s1`, account };
  const alice = { arn: user, account };
  const coverage: readonly (readonly [PolicyPrincipal, typeof alice, boolean])[] = [
    [{ kind: "anyone" }, alice, true],
    [{ kind: "account", account }, alice, true],
    [{ kind: "account", account: "111111111111" }, alice, false],
    [{ kind: "arn", arn: user }, alice, true],
    [{ kind: "arn", arn: `arn:aws:iam::${account}:user/ops/bob` }, alice, false],
    [{ kind: "arn", arn: `arn:aws:iam::${account}:role/reader` }, session, true],
    [{ kind: "arn", arn: `arn:aws:iam::${account}:role/team/reader` }, session, true],
    [{ kind: "arn", arn: `arn:aws:iam::${account}:role/other-reader` }, session, false],
    [{ kind: "arn", arn: "arn:aws:iam::111111111111:role/reader" }, session, false],
    [{ kind: "arn", arn: `arn:aws:iam::${account}:user/reader` }, session, false],
    [{ kind: "arn", arn: `arn:aws:sts::${account}:assumed-role/reader/s2` }, session, false],
    [{ kind: "unique_id", id: "AIDAEXAMPLEEXAMPLE12" }, alice, false],
    [{ kind: "service", service: "ec2.amazonaws.com" }, alice, false],
    [{ kind: "federated", provider: "accounts.google.com" }, alice, false],
    [{ kind: "canonical_user", id: canonical }, alice, false],
  ];
  for (const [principal, caller, covered] of coverage) {
    it(`${JSON.stringify(principal)} ${covered ? "covers" : "does not cover"} ${caller.arn}`, () => {
      assert.equal(isCoveredBy(caller, principal), covered);
    });
  }
});
