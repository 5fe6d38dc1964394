// Whether a resource policy would keep its own author from putting it right again (AWS:
// ValidateResourcePolicy: "that the policy doesn't lock you out"). A Deny counts when it surely
// covers the caller: what a condition asks about another request than this one is not known.
import type { PolicyCondition } from "./policy-condition.ts";
import { covers, type PolicyDocument, type PolicyStatement } from "./policy-document.ts";
import { matchesAction, matchesPattern } from "./policy-pattern.ts";
import { isCoveredBy, type PolicyCaller } from "./policy-principal.ts";

/** What is asked: may `caller` still do `actions`, on `resource` where that is known? */
export interface LockOutQuestion {
  readonly caller: PolicyCaller;
  readonly actions: readonly string[];
  /** The ARN of the secret; absent: whatever secret the policy is meant for. */
  readonly resource: string | undefined;
}

/** The actions that a policy would be put right with. */
export const repairingActions: readonly string[] = [
  "secretsmanager:PutResourcePolicy",
  "secretsmanager:DeleteResourcePolicy",
];

/** The places of the statements that lock the caller out of one of the actions, from 0. */
export function lockingStatements(
  { statements }: PolicyDocument,
  question: LockOutQuestion,
): readonly number[] {
  return statements.flatMap((statement, place) => (locksOut(statement, question) ? [place] : []));
}

function locksOut(statement: PolicyStatement, question: LockOutQuestion): boolean {
  const { caller, actions, resource } = question;
  return (
    statement.effect === "deny" &&
    covers(statement.principals, (principal) => isCoveredBy(caller, principal)) &&
    actions.some((action) =>
      covers(statement.actions, (pattern) => matchesAction(pattern, action)),
    ) &&
    (resource === undefined ||
      covers(statement.resources, (pattern) => matchesPattern(pattern, resource))) &&
    statement.conditions.every((condition) => surelyHolds(condition, caller))
  );
}

type Comparison = (wanted: string, actual: string) => boolean;

/** Those that compare texts: the only ones a caller's own keys are compared with. */
const comparisons: ReadonlyMap<string, Comparison> = new Map<string, Comparison>([
  ["StringEquals", (wanted, actual) => wanted === actual],
  ["StringEqualsIgnoreCase", (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase()],
  ["StringLike", matchesPattern],
  ["ArnEquals", matchesPattern],
  ["ArnLike", matchesPattern],
]);

/** A condition on who calls is decided; any other may or may not hold for a later request. */
function surelyHolds({ operator, key, values }: PolicyCondition, caller: PolicyCaller): boolean {
  const actual = callerKeys.get(key.toLowerCase())?.(caller);
  const compare = comparisons.get(operator.replace("Not", ""));
  if (actual === undefined || compare === undefined) return false;
  if (values.some((value) => value.includes("${"))) return false;
  const isNegation = operator.includes("Not");
  return values.some((wanted) => compare(wanted, actual)) !== isNegation;
}

const callerKeys: ReadonlyMap<string, (caller: PolicyCaller) => string> = new Map([
  ["aws:principalarn", ({ arn }: PolicyCaller) => arn],
  ["aws:principalaccount", ({ account }: PolicyCaller) => account],
]);
