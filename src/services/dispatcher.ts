// Every operation of every wire comes through here: checked against the model, run on the node that
// may run it, or handed to the leader once.
import { refuseCall, RefusedError } from "../base/errors.ts";
import type { LogIndex } from "../base/ids.ts";
import type { HandedAnswer, HandedRequest } from "../consensus/raft-group.ts";
import type { Keyring } from "../crypto/keyring.ts";
import type { Caller } from "./caller.ts";
import { notingIndexes } from "./noted-index.ts";
import type { Handler } from "./operation-call.ts";
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from "./operations/codec.ts";
import {
  isSecretOperation,
  operationKind,
  operationNamed,
  type DraftOf,
  type OperationName,
  type ResponseOf,
} from "./operations/operations.ts";
import { validateRequest } from "./operations/validate-request.ts";
import type { ServiceParts } from "./parts.ts";
import { decodePrincipal, encodePrincipal } from "./principal-codec.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { Handlers } from "./secret-service.ts";

export class Dispatcher {
  readonly #parts: ServiceParts;
  readonly #handlers: Handlers;
  readonly #rates: Pick<RateLimits, "admit"> | undefined;

  /** Without `rates` everybody may ask as often as they like. */
  constructor(parts: ServiceParts, handlers: Handlers, rates?: Pick<RateLimits, "admit">) {
    this.#parts = parts;
    this.#handlers = handlers;
    this.#rates = rates;
  }

  /**
   * Answers one call. Throws `RefusedError`; any other error is a bug or a broken dependency.
   *
   * Takes the bytes of a binary value over: they are wiped however the call ends.
   */
  async call<Name extends OperationName>(
    operation: Name,
    caller: Caller,
    draft: DraftOf<Name>,
  ): Promise<ResponseOf<Name>> {
    try {
      const tooOften = this.#rates?.admit(caller.principal.arn, operation);
      if (tooOften !== undefined) throw new RefusedError(tooOften);
      const runsHere = !isForLeader(operation) || this.#parts.group.leadership().kind === "leader";
      return await (runsHere
        ? this.#run(operation, caller, draft)
        : this.#handOver(operation, caller, draft));
    } finally {
      wipeBinary(draft);
    }
  }

  /**
   * Answers a request that another node handed to this one as the leader. It is checked, authorized
   * and planned as if it had come here first, and never handed on: two nodes that take each other
   * for the leader would pass it back and forth.
   *
   * A refusal is an answer; any other error is thrown, and the node that asked must be told that
   * the outcome is not known.
   */
  async serveHandedOver(request: HandedRequest): Promise<HandedAnswer> {
    try {
      return { ok: true, ...(await this.#answerHanded(request)) };
    } catch (error) {
      if (error instanceof RefusedError) return { ok: false, refusal: error.refusal };
      throw error;
    } finally {
      request.body.fill(0);
    }
  }

  async #answerHanded(
    request: HandedRequest,
  ): Promise<{ readonly body: Uint8Array; readonly index: LogIndex | undefined }> {
    const operation = operationNamed(request.operation);
    if (operation === undefined || !isForLeader(operation)) {
      throw refuseCall("unknown_operation", {});
    }
    if (this.#parts.group.leadership().kind !== "leader") throw refuseCall("no_leader", {});

    const { requestId, deadlineMs } = request;
    let index: LogIndex | undefined;
    const caller = {
      principal: decodePrincipal(request.principal),
      requestId,
      deadlineMs,
      onReflected: (reflected: LogIndex) => {
        index = reflected;
      },
    };
    const draft = decodeRequest(operation, request.body);
    try {
      const response = await this.#run(operation, caller, draft);
      return { body: encodeResponse(operation, response), index };
    } finally {
      wipeBinary(draft);
    }
  }

  async #run<Name extends OperationName>(
    operation: Name,
    caller: Caller,
    draft: DraftOf<Name>,
  ): Promise<ResponseOf<Name>> {
    const request = validateRequest(operation, draft);
    const handler = this.#handlerOf(operation);
    this.#checkKeys(operation);
    const { group, index } = notingIndexes(this.#parts.group);
    const openKeyring = (): Keyring => this.#requireKeyring();
    const call = {
      parts: { ...this.#parts, group },
      caller,
      get keyring() {
        return openKeyring();
      },
    };
    const response = await handler(call, request);
    const reflected = index();
    if (reflected !== undefined) caller.onReflected?.(reflected);
    return response;
  }

  async #handOver<Name extends OperationName>(
    operation: Name,
    caller: Caller,
    draft: DraftOf<Name>,
  ): Promise<ResponseOf<Name>> {
    // What this node can see to be wrong costs the leader nothing.
    validateRequest(operation, draft);
    this.#handlerOf(operation);
    this.#checkKeys(operation);

    const body = encodeRequest(operation, draft);
    try {
      const { principal, requestId, deadlineMs } = caller;
      const answer = await this.#parts.group.handOver({
        operation,
        body,
        principal: encodePrincipal(principal),
        requestId,
        deadlineMs,
      });
      if (!answer.ok) throw new RefusedError(answer.refusal);
      const response = decodeResponse(operation, answer.body);
      if (answer.index !== undefined) caller.onReflected?.(answer.index);
      return response;
    } finally {
      body.fill(0);
    }
  }

  #handlerOf<Name extends OperationName>(operation: Name): Handler<Name> {
    const handler: Handler<Name> | undefined = this.#handlers[operation];
    if (handler === undefined) throw refuseCall("operation_unimplemented", { operation });
    return handler;
  }

  /** Who is in the region is no secret: a node without its keys can still be helped. */
  #checkKeys(operation: OperationName): void {
    if (isSecretOperation(operation)) this.#requireKeyring();
  }

  #requireKeyring(): Keyring {
    const keyring = this.#parts.keys.keyring();
    if (keyring !== undefined) return keyring;
    const status = this.#parts.keys.status();
    const reason = status.kind === "locked" ? status.reason : "its keys are being opened";
    throw refuseCall("node_locked", { reason });
  }
}

function isForLeader(operation: OperationName): boolean {
  const kind = operationKind(operation);
  return kind === "write" || kind === "lead";
}

function wipeBinary(draft: object): void {
  if ("secretBinary" in draft && draft.secretBinary instanceof Uint8Array) {
    draft.secretBinary.fill(0);
  }
}
