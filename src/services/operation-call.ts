// What a handler of an operation is given, and the steps that handlers share: ask whether the
// caller may, propose, and turn a refusal into the error that leaves.
import { refuseCall, RefusedError } from "../base/errors.ts";
import type { Keyring } from "../crypto/keyring.ts";
import type { Command, ReplyTo } from "../machine/command.ts";
import { isKnownToAll } from "../machine/feature-level.ts";
import type { Resource } from "./authorization.ts";
import type { Caller } from "./caller.ts";
import {
  isSecretOperation,
  type OperationName,
  type RequestOf,
  type ResponseOf,
} from "./operations/operations.ts";
import type { ServiceParts } from "./parts.ts";

export interface OperationCall {
  readonly parts: ServiceParts;
  readonly caller: Caller;
  /** Open: with an operation on secrets, a locked node does not come this far. */
  readonly keyring: Keyring;
}

/** Answers a request that meets the model. Throws `RefusedError`. */
export type Handler<Name extends OperationName> = (
  call: OperationCall,
  request: RequestOf<Name>,
) => Promise<ResponseOf<Name>>;

/** Throws `access_denied`. On secrets, the action is that of AWS's policies, without its prefix. */
export function requireAllowed(
  { parts, caller }: Pick<OperationCall, "parts" | "caller">,
  action: OperationName,
  resource: Resource | undefined,
): void {
  const prefix = isSecretOperation(action) ? "secretsmanager" : "holdfast";
  const refusal = parts.authorize(caller.principal, `${prefix}:${action}`, resource);
  if (refusal !== undefined) throw new RefusedError(refusal);
}

/**
 * Proposes, and throws what the state machine refuses. Throws `upgrade_under_way` for a command
 * that some member of the region does not know yet: it would stop that node.
 */
export async function carryOut<C extends Command>(
  { parts, caller }: Pick<OperationCall, "parts" | "caller">,
  command: C,
): Promise<ReplyTo<C>> {
  requireWaiting({ parts, caller });
  if (!isKnownToAll(command.kind, parts.group.view)) throw refuseCall("upgrade_under_way", {});
  const outcome = await parts.group.propose(command, caller);
  if (!outcome.ok) throw new RefusedError(outcome.refusal);
  return outcome.reply;
}

/** Throws `timed_out`: what nobody waits for any more is not begun. */
function requireWaiting({ parts, caller }: Pick<OperationCall, "parts" | "caller">): void {
  const isLate = caller.deadlineMs <= parts.clock.monotonicMs();
  if (isLate || caller.signal?.aborted === true) throw refuseCall("timed_out", {});
}

/**
 * Throws `client_request_token_missing`. The model lets the token be absent because SDKs fill it
 * in; AWS refuses a call without one before it looks for the secret.
 */
export function requireToken(token: string | undefined): string {
  if (token === undefined) throw refuseCall("client_request_token_missing", {});
  return token;
}
