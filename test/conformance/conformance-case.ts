// What one row of semantics.md says, as data: a state, a call, and what is answered. How a table is
// written stands in README.md beside this file.
import type { AwsRequest } from "../system/aws-names.ts";

export type { AwsRequest };

/** One call: the operation's AWS name, and the request as AWS JSON. */
export type Step = readonly [operation: string, request: AwsRequest];

/** The name of an AWS exception and its sentence. */
export type Refused = readonly [exception: string, message: string];

export type Expected =
  /** The whole answer: no member may be missing, and none too many. */
  | { readonly reply: AwsRequest }
  /** Some members of the answer; `"<absent>"` for one that must not be there. */
  | { readonly shows: AwsRequest }
  | { readonly refused: Refused }
  /** The names on all pages together, in this order. */
  | { readonly lists: readonly string[] };

export interface ConformanceCase {
  /** Section of semantics.md, and what tells the row in its tables: `3.3.1 #4`, `5.9 window`. */
  readonly row: string;
  readonly says: string;
  /** Calls that must succeed before. */
  readonly given?: readonly Step[];
  readonly call: Step;
  readonly expected: Expected;
  /** What is to be seen afterwards. */
  readonly then?: readonly (readonly [step: Step, expected: Expected])[];
  /** What gRPC cannot send: a wrong type, an empty list, `null`. Left out: both faces. */
  readonly only?: "https";
}

/** A section's cases: `[row, what it says, given, call, expected, then]`. */
export type Row = readonly [
  row: string,
  says: string,
  given: readonly Step[],
  call: Step,
  expected: Expected,
  then?: readonly (readonly [step: Step, expected: Expected])[],
];

export function cases(rows: readonly Row[], only?: "https"): readonly ConformanceCase[] {
  return rows.map(([row, says, given, call, expected, then = []]) => ({
    row,
    says,
    given,
    call,
    expected,
    then,
    ...(only === undefined ? {} : { only }),
  }));
}
