// One operation as data: what goes in, what comes out, and where it may run.
import type { Members } from "./shape.ts";

/**
 * `read`: any node, behind the read barrier. `write`: the leader, through the log. `lead`: the
 * leader, which alone knows the answer. `local`: the node that was asked, without a look at the
 * state.
 */
export type OperationKind = "read" | "write" | "lead" | "local";

export interface Operation {
  readonly kind: OperationKind;
  readonly input: Members;
  readonly output: Members;
}

export function operation<
  const Kind extends OperationKind,
  const Input extends Members,
  const Output extends Members,
>(
  kind: Kind,
  input: Input,
  output: Output,
): { readonly kind: Kind; readonly input: Input; readonly output: Output } {
  return { kind, input, output };
}
