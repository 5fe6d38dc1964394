// Every operation of every wire comes through here: checked against the model, run on the node that
// may run it, or handed to the leader once.
import { refuseCall, RefusedError } from "../base/errors.ts";
import type { HandedAnswer, HandedRequest } from "../consensus/raft-group.ts";
import type { Keyring } from "../crypto/keyring.ts";
import type { Caller } from "./caller.ts";
import type { Handler } from "./operation-call.ts";
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from "./operations/codec.ts";
import {
  operationKind,
  operationNamed,
  type DraftOf,
  type OperationName,
  type ResponseOf,
} from "./operations/operations.ts";
import { validateRequest } from "./operations/validate-request.ts";
import type { ServiceParts } from "./parts.ts";
import { decodePrincipal, encodePrincipal } from "./principal-codec.ts";
import type { Handlers } from "./secret-service.ts";

export class Dispatcher {
  readonly #parts: ServiceParts;
  readonly #handlers: Handlers;

  constructor(parts: ServiceParts, handlers: Handlers) {
    this.#parts = parts;
    this.#handlers = handlers;
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
      const runsHere =
        operationKind(operation) !== "write" || this.#parts.group.leadership().kind === "leader";
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
      return { ok: true, body: await this.#answerHanded(request) };
    } catch (error) {
      if (error instanceof RefusedError) return { ok: false, refusal: error.refusal };
      throw error;
    } finally {
      request.body.fill(0);
    }
  }

  async #answerHanded(request: HandedRequest): Promise<Uint8Array> {
    const operation = operationNamed(request.operation);
    if (operation === undefined || operationKind(operation) !== "write") {
      throw refuseCall("unknown_operation", {});
    }
    if (this.#parts.group.leadership().kind !== "leader") throw refuseCall("no_leader", {});

    const { requestId, deadlineMs } = request;
    const caller = { principal: decodePrincipal(request.principal), requestId, deadlineMs };
    const draft = decodeRequest(operation, request.body);
    try {
      return encodeResponse(operation, await this.#run(operation, caller, draft));
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
    const keyring = this.#requireKeyring();
    return handler({ parts: this.#parts, caller, keyring }, request);
  }

  async #handOver<Name extends OperationName>(
    operation: Name,
    caller: Caller,
    draft: DraftOf<Name>,
  ): Promise<ResponseOf<Name>> {
    // What this node can see to be wrong costs the leader nothing.
    validateRequest(operation, draft);
    this.#handlerOf(operation);
    this.#requireKeyring();

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
      return decodeResponse(operation, answer.body);
    } finally {
      body.fill(0);
    }
  }

  #handlerOf<Name extends OperationName>(operation: Name): Handler<Name> {
    const handler: Handler<Name> | undefined = this.#handlers[operation];
    if (handler === undefined) throw refuseCall("operation_unimplemented", { operation });
    return handler;
  }

  #requireKeyring(): Keyring {
    const keyring = this.#parts.keys.keyring();
    if (keyring !== undefined) return keyring;
    const status = this.#parts.keys.status();
    const reason = status.kind === "locked" ? status.reason : "its keys are being opened";
    throw refuseCall("node_locked", { reason });
  }
}

function wipeBinary(draft: object): void {
  if ("secretBinary" in draft && draft.secretBinary instanceof Uint8Array) {
    draft.secretBinary.fill(0);
  }
}
