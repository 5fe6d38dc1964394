import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { broadStatements } from "../../src/access/policy-broad-access.ts";
import { policyOf, statement } from "./example-policy.ts";

const anyone = { Principal: "*" };

function isBroad(members: Record<string, unknown>): boolean {
  return broadStatements(policyOf(statement(members))).length === 1;
}

const principals: readonly (readonly [members: Record<string, unknown>, broad: boolean])[] = [
  [{ Principal: "*" }, true],
  [{ Principal: { AWS: "*" } }, true],
  [{ Principal: { AWS: ["000000000000", "*"] } }, true],
  [{ Principal: undefined, NotPrincipal: { AWS: "000000000000" } }, true],
  [{ Principal: { AWS: "000000000000" } }, false],
  [{ Principal: { AWS: "arn:aws:iam::000000000000:role/reader" } }, false],
  [{ Principal: { Service: "ec2.amazonaws.com" } }, false],
  [{ Principal: "*", Effect: "Deny" }, false],
  [{ Principal: undefined, NotPrincipal: { AWS: "000000000000" }, Effect: "Deny" }, false],
];

/** What a condition on everybody comes to. */
const conditions: readonly (readonly [condition: object, broad: boolean])[] = [
  [{}, true],
  [{ StringEquals: { "aws:PrincipalAccount": "000000000000" } }, false],
  [{ StringEquals: { "AWS:principalaccount": ["000000000000", "111111111111"] } }, false],
  [{ StringEquals: { "aws:PrincipalAccount": ["000000000000", "*"] } }, true],
  [{ StringLike: { "aws:PrincipalAccount": "00000000000?" } }, true],
  [{ StringEquals: { "aws:PrincipalAccount": "${aws:PrincipalAccount}" } }, true],
  [{ StringEquals: { "aws:PrincipalAccount": "" } }, true],
  [{ StringNotEquals: { "aws:PrincipalAccount": "000000000000" } }, true],
  [{ StringEqualsIfExists: { "aws:PrincipalAccount": "000000000000" } }, true],
  [{ "ForAllValues:StringEquals": { "aws:PrincipalOrgID": "o-a1b2c3" } }, true],
  [{ "ForAnyValue:StringEquals": { "aws:PrincipalOrgID": "o-a1b2c3" } }, false],
  [{ StringEquals: { "aws:PrincipalOrgID": "o-a1b2c3" } }, false],
  [{ "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": "o-a1b2c3/*" } }, false],
  [{ "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": "o-*" } }, true],
  [{ StringLike: { "aws:userid": "AROAEXAMPLEEXAMPLE12:*" } }, false],
  [{ StringLike: { "aws:userid": "*:session" } }, true],
  [{ ArnLike: { "aws:PrincipalArn": "arn:aws:iam::000000000000:role/*" } }, false],
  [{ ArnEquals: { "aws:PrincipalArn": "arn:aws:iam::000000000000:role/reader" } }, false],
  [{ StringLike: { "aws:PrincipalArn": "arn:aws:iam::000000000000:*" } }, false],
  [{ ArnLike: { "aws:PrincipalArn": "arn:aws:iam::*:role/reader" } }, true],
  [{ ArnLike: { "aws:PrincipalArn": "arn:aws:iam::00000000000*:role/reader" } }, true],
  [{ ArnLike: { "aws:PrincipalArn": "*" } }, true],
  [{ ArnNotLike: { "aws:PrincipalArn": "arn:aws:iam::000000000000:role/x" } }, true],
  [{ ArnEquals: { "aws:SourceArn": "arn:aws:s3:::bucket" } }, false],
  [{ ArnLike: { "aws:SourceArn": "arn:aws:s3:::bucket*" } }, true],
  [{ StringEquals: { "aws:SourceAccount": "000000000000" } }, false],
  [{ StringEquals: { "aws:SourceOwner": "000000000000" } }, false],
  [{ StringEquals: { "aws:SourceOrgID": "o-a1b2c3" } }, false],
  [{ "ForAnyValue:StringLike": { "aws:SourceOrgPaths": "o-a1b2c3/r-1/*" } }, false],
  [{ StringEquals: { "aws:SourceVpc": "vpc-1" } }, false],
  [{ StringEquals: { "aws:SourceVpce": ["vpce-1", "vpce-2"] } }, false],
  [{ StringLike: { "aws:SourceVpce": "vpce-*" } }, true],
  [{ IpAddress: { "aws:SourceIp": "203.0.113.0/24" } }, false],
  [{ IpAddress: { "aws:SourceIp": "10.0.0.0/8" } }, false],
  [{ IpAddress: { "aws:SourceIp": "8.0.0.0/7" } }, true],
  [{ IpAddress: { "aws:SourceIp": "0.0.0.0/0" } }, true],
  [{ IpAddress: { "aws:SourceIp": ["203.0.113.7", "::/0"] } }, true],
  [{ IpAddress: { "aws:SourceIp": "2001:db8::/32" } }, false],
  [{ IpAddress: { "aws:VpcSourceIp": "10.0.0.7" } }, false],
  [{ NotIpAddress: { "aws:SourceIp": "203.0.113.0/24" } }, true],
  [{ StringEquals: { "aws:SourceIp": "203.0.113.7" } }, true],
  [{ StringEquals: { "aws:RequestedRegion": "us-east-1" } }, true],
  [{ StringEquals: { "aws:ResourceOrgID": "o-a1b2c3" } }, true],
  [{ Bool: { "aws:SecureTransport": "true" } }, true],
  [{ Null: { "aws:PrincipalAccount": "false" } }, true],
  [
    {
      Bool: { "aws:SecureTransport": "true" },
      StringEquals: { "aws:PrincipalOrgID": "o-a1b2c3" },
    },
    false,
  ],
];

describe("the check for broad access", () => {
  for (const [members, broad] of principals) {
    it(`says ${broad ? "broad" : "narrow"} of ${JSON.stringify(members)}`, () => {
      assert.equal(isBroad(members), broad);
    });
  }

  for (const [condition, broad] of conditions) {
    it(`says ${broad ? "broad" : "narrow"} of everybody where ${JSON.stringify(condition)}`, () => {
      assert.equal(isBroad({ ...anyone, Condition: condition }), broad);
    });
  }

  it("names the statements that are broad", () => {
    const policy = policyOf(statement(), statement(anyone), statement(), statement(anyone));

    assert.deepEqual(broadStatements(policy), [1, 3]);
  });
});
