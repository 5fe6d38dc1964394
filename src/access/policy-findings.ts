// Everything that is to be said against a resource policy, as sentences (AWS:
// ValidateResourcePolicy, ValidationErrors).
import { broadStatements } from "./policy-broad-access.ts";
import type { PolicyDocument } from "./policy-document.ts";
import { lockingStatements, repairingActions } from "./policy-lockout.ts";
import { parseResourcePolicy, type PolicyParsing } from "./policy-parse.ts";
import type { PolicyCaller } from "./policy-principal.ts";
import { describeProblem, type PolicyProblemKind } from "./policy-problems.ts";

export interface PolicyFinding {
  /** AWS documents no names: these are ours. */
  readonly check: PolicyCheck;
  readonly sentence: string;
}

export type PolicyCheck =
  "Syntax" | "UnsupportedPrincipal" | "InvalidServicePrincipal" | "BroadAccess" | "LockOut";

const checks: Readonly<Record<PolicyProblemKind, PolicyCheck>> = {
  syntax: "Syntax",
  principal: "UnsupportedPrincipal",
  service_principal: "InvalidServicePrincipal",
};

/** Whose policy it would be; the secret where it is known. */
export interface PolicyAuthor {
  readonly caller: PolicyCaller;
  readonly resource: string | undefined;
}

/** Empty when nothing is to be said. What is malformed is not asked whom it lets in. */
export function findingsOn(text: string, author: PolicyAuthor): readonly PolicyFinding[] {
  const parsing = parseResourcePolicy(text);
  return parsing.ok
    ? [...broadFindings(parsing.policy), ...lockOutFindings(parsing.policy, author)]
    : malformedFindings(parsing);
}

/** The problems as sentences, the last of which says how many more there are. */
export function malformedFindings({
  problems,
  count,
}: Exclude<PolicyParsing, { readonly ok: true }>): readonly PolicyFinding[] {
  const findings = problems.map((problem) => ({
    check: checks[problem.kind],
    sentence: describeProblem(problem),
  }));
  const more = count - problems.length;
  if (more === 0) return findings;
  const places = more === 1 ? "place" : "places";
  return [...findings, { check: "Syntax", sentence: `It is wrong in ${more} more ${places}.` }];
}

function broadFindings(policy: PolicyDocument): readonly PolicyFinding[] {
  return broadStatements(policy).map((place) => ({
    check: "BroadAccess",
    sentence:
      "This resource policy grants broad access to your secret. " +
      `At Statement[${place}]: it allows anyone, and no condition limits that to callers that are named.`,
  }));
}

function lockOutFindings(
  policy: PolicyDocument,
  { caller, resource }: PolicyAuthor,
): readonly PolicyFinding[] {
  const question = { caller, actions: repairingActions, resource };
  return lockingStatements(policy, question).map((place) => ({
    check: "LockOut",
    sentence:
      "This resource policy would lock you out of the secret. " +
      `At Statement[${place}]: it denies you to put or to delete the policy.`,
  }));
}
