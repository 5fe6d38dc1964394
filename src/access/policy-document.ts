// A policy as the rest reads it: statements whose every element was checked, and nothing of the
// JSON they came in (AWS: IAM User Guide, "Grammar of the IAM JSON policy language").
import type { PolicyCondition } from "./policy-condition.ts";
import type { PolicyPrincipal } from "./policy-principal.ts";

/** The older one, meant where none is named, knows no variables such as `${aws:userid}`. */
export type PolicyVersion = "2008-10-17" | "2012-10-17";

export interface PolicyDocument {
  readonly version: PolicyVersion;
  readonly id: string | undefined;
  /** At least one. */
  readonly statements: readonly PolicyStatement[];
}

/** It applies to a request when all of its clauses cover it and all of its conditions hold. */
export interface PolicyStatement {
  /** Unique in its document. */
  readonly sid: string | undefined;
  readonly effect: "allow" | "deny";
  readonly principals: Clause<PolicyPrincipal>;
  /** Patterns such as `secretsmanager:Get*`. Letters match in either case. */
  readonly actions: Clause<string>;
  /** Patterns of ARNs. Case counts; `*` and `?` also stand for `:` and `/`. */
  readonly resources: Clause<string>;
  readonly conditions: readonly PolicyCondition[];
}

/** `all_but_these` is AWS's NotPrincipal, NotAction and NotResource. */
export interface Clause<Item> {
  readonly sense: "these" | "all_but_these";
  /** At least one. */
  readonly items: readonly Item[];
}

/** Whether a clause covers something, given whether each of its items does. */
export function covers<Item>(clause: Clause<Item>, covered: (item: Item) => boolean): boolean {
  return clause.items.some(covered) === (clause.sense === "these");
}
