// Who may do what. One function, asked by every operation, so that a policy engine has one place to
// stand in.
import type { SecretArn } from "../base/arn.ts";
import type { Refusal } from "../base/errors.ts";
import { refuse } from "../base/outcome.ts";
import type { Principal } from "../access/principal.ts";

/** What an action is about. */
export interface Resource {
  /** As the caller named it: a refusal repeats no more, or it would tell what exists. */
  readonly named: string;
  /** What a decision rests on; absent when nothing has the name. */
  readonly arn: SecretArn | undefined;
}

/** Gives a refusal, or nothing when the principal may. `action` as in a policy. */
export type Authorize = (
  principal: Principal,
  action: string,
  resource: Resource | undefined,
) => Refusal | undefined;

/** What nodes do by themselves, and nobody else may. */
const actionsOfNodes: ReadonlySet<string> = new Set(["holdfast:NoteAccesses"]);

/** The administrator may do everything that callers can; nobody else may do anything. */
export function authorize(
  principal: Principal,
  action: string,
  resource: Resource | undefined,
): Refusal | undefined {
  // Principals come from another node as bytes, and from newer nodes in kinds not known here.
  const kind: string = principal.kind;
  if (kind === (actionsOfNodes.has(action) ? "node" : "administrator")) return undefined;
  const facts = { principal: principal.arn, action, resource: resource?.named };
  return refuse("access_denied", facts).refusal;
}
