import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { lockingStatements, repairingActions } from "../../src/access/policy-lockout.ts";
import { policyOf, statement } from "./example-policy.ts";

const account = "000000000000";
const caller = { arn: `arn:aws:iam::${account}:user/alice`, account };
const resource = `arn:aws:secretsmanager:us-east-1:${account}:secret:db-a1b2c3`;
const other = `arn:aws:secretsmanager:us-east-1:${account}:secret:api-a1b2c3`;
const denial = { Effect: "Deny", Principal: "*", Action: "*" };
const alice = { "aws:PrincipalArn": caller.arn };
const bob = { "aws:PrincipalArn": `arn:aws:iam::${account}:user/bob` };

const rows: readonly (readonly [members: Record<string, unknown>, locks: boolean])[] = [
  [{}, true],
  [{ Effect: "Allow" }, false],
  [{ Action: "secretsmanager:*" }, true],
  [{ Action: "secretsmanager:putresourcepolicy" }, true],
  [{ Action: "secretsmanager:DeleteResourcePolicy" }, true],
  [{ Action: "secretsmanager:GetSecretValue" }, false],
  [{ Action: undefined, NotAction: "secretsmanager:GetSecretValue" }, true],
  [{ Action: undefined, NotAction: "secretsmanager:*Policy" }, false],
  [{ Principal: { AWS: caller.arn } }, true],
  [{ Principal: { AWS: account } }, true],
  [{ Principal: { AWS: `arn:aws:iam::${account}:user/bob` } }, false],
  [{ Principal: undefined, NotPrincipal: { AWS: `arn:aws:iam::${account}:user/bob` } }, true],
  [{ Principal: undefined, NotPrincipal: { AWS: caller.arn } }, false],
  [{ Resource: resource }, true],
  [{ Resource: other }, false],
  [{ Resource: undefined, NotResource: other }, true],
  [{ Resource: undefined, NotResource: resource }, false],
  [{ Condition: { StringEquals: alice } }, true],
  [{ Condition: { StringEquals: bob } }, false],
  [{ Condition: { StringNotEquals: bob } }, true],
  [{ Condition: { StringNotEquals: alice } }, false],
  [{ Condition: { ArnNotLike: { "aws:PrincipalArn": "arn:aws:iam::*:user/bob" } } }, true],
  [{ Condition: { ArnLike: { "AWS:PrincipalARN": "arn:aws:iam::*:user/a*" } } }, true],
  [{ Condition: { StringEqualsIgnoreCase: { "aws:PrincipalAccount": account } } }, true],
  [{ Condition: { StringNotEquals: { "aws:PrincipalAccount": account } } }, false],
  [{ Condition: { StringEquals: { "aws:PrincipalArn": "${aws:PrincipalArn}" } } }, false],
  [{ Condition: { StringNotEquals: { "aws:PrincipalArn": "${aws:PrincipalArn}" } } }, false],
  [{ Condition: { Bool: { "aws:SecureTransport": "false" } } }, false],
  [{ Condition: { Null: { "aws:PrincipalArn": "false" } } }, false],
  [{ Condition: { StringEquals: alice, Bool: { "aws:SecureTransport": "false" } } }, false],
];

describe("the check for being locked out", () => {
  for (const [members, locks] of rows) {
    it(`says ${locks ? "yes" : "no"} of a denial with ${JSON.stringify(members)}`, () => {
      const policy = policyOf(statement({ ...denial, ...members }));

      const places = lockingStatements(policy, { caller, actions: repairingActions, resource });

      assert.deepEqual(places, locks ? [0] : []);
    });
  }

  it("takes every secret that a policy names for the one it is meant for, if that is unknown", () => {
    const policy = policyOf(statement({ ...denial, Resource: other }));

    const question = { caller, actions: repairingActions, resource: undefined };

    assert.deepEqual(lockingStatements(policy, question), [0]);
  });
});
