// What is wrong with a policy, with the places. The sentences that begin a finding are AWS's
// (Secrets Manager User Guide, "Validate a resource-based policy").

export type PolicyProblemKind = "syntax" | "principal" | "service_principal";

export interface PolicyProblem {
  readonly kind: PolicyProblemKind;
  /** Such as `Statement[0].Effect` or `line 3, column 7`. */
  readonly at: string;
  /** A sentence without its first capital and its full stop. */
  readonly reason: string;
}

/**
 * More are counted and not kept: a policy can be wrong in thousands of places, and what is said of
 * it travels in a gRPC trailer too.
 */
const most = { problems: 10, characters: 3_000 } as const;

export class ProblemList {
  readonly #kept: PolicyProblem[] = [];
  #count = 0;
  #characters = 0;

  get kept(): readonly PolicyProblem[] {
    return this.#kept;
  }

  get count(): number {
    return this.#count;
  }

  report(kind: PolicyProblemKind, at: string, reason: string): void {
    this.#count += 1;
    this.#characters += leads[kind].length + at.length + reason.length;
    const isKept = this.#kept.length < most.problems && this.#characters <= most.characters;
    if (isKept) this.#kept.push({ kind, at, reason });
  }
}

const leads: Readonly<Record<PolicyProblemKind, string>> = {
  syntax: "This resource policy contains a syntax error.",
  principal: "This resource policy contains an unsupported principal.",
  service_principal: "This resource policy contains an invalid service principal.",
};

/** What is wrong, and where, as two sentences. */
export function describeProblem({ kind, at, reason }: PolicyProblem): string {
  return `${leads[kind]} At ${at}: ${reason}.`;
}
