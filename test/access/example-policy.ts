// Policies as tests need them: whole but for what a test is about.
import assert from "node:assert/strict";
import type { PolicyDocument } from "../../src/access/policy-document.ts";
import { parseResourcePolicy } from "../../src/access/policy-parse.ts";

export const reader = "arn:aws:iam::000000000000:role/reader";

/** Allows one role to read, unless a member says otherwise; `undefined` takes one out. */
export function statement(members: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    Effect: "Allow",
    Principal: { AWS: reader },
    Action: "secretsmanager:GetSecretValue",
    Resource: "*",
    ...members,
  };
}

export function policyText(...statements: readonly unknown[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

export function policyOf(...statements: readonly unknown[]): PolicyDocument {
  const parsing = parseResourcePolicy(policyText(...statements));
  assert.ok(parsing.ok, JSON.stringify(parsing));
  return parsing.policy;
}
